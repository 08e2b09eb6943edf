"""A believable city of events for a fresh database, and traffic that makes it move. Development only."""

import asyncio
from datetime import UTC, datetime

from webapp import database, servers
from webapp.demo import traffic
from webapp.demo.city import events
from webapp.events import store
from webapp.settings import Settings


def greet(given: Settings) -> None:
    """Fills a fresh development database and says where Turnout is."""
    if given.is_development:
        asyncio.run(_fill(given))
    shown = given.public_url or f"http://{given.host}:{given.port}"
    print(f"Turnout is at {shown}  (whoever opens it may organise; Ctrl-C stops it)", flush=True)


async def run(given: Settings, *, traffic: bool) -> int:
    """The command: fills an empty database; with `traffic` makes things happen until stopped."""
    with servers.chosen(given, share=True) as chosen:
        made = await _fill(chosen)
        print(f"{made} events were made." if made else "There are events already; none were made.")
        if traffic:
            await _make_traffic(chosen)
    return 0


async def fill(now: datetime) -> int:
    """Publishes the city's events in an empty database; says how many."""
    if await store.count():
        return 0
    planned = events(now)
    for details in planned:
        event = await store.create(details, now=now, by="demo")
        await store.publish(event.id, now=now)
    return len(planned)


async def _fill(given: Settings) -> int:
    database.connect(given.mongodb_uri, given.database)
    try:
        await database.prepare()
        return await fill(datetime.now(UTC))
    finally:
        database.close()


async def _make_traffic(given: Settings) -> None:
    database.connect(given.mongodb_uri, given.database)
    try:
        async for happened in traffic.happenings():
            print(happened, flush=True)
    finally:
        database.close()
