"""A believable city of events for a fresh database, and traffic that makes it move. Development only."""

import asyncio
from datetime import UTC, datetime

from webapp import database, servers
from webapp.demo import crowd, team, traffic
from webapp.demo.city import events
from webapp.errors import Misconfigured
from webapp.events import finding, store
from webapp.migrations import store as migrations
from webapp.settings import Settings


def greet(given: Settings) -> None:
    """Fills a fresh development database and says where Turnout is, and how to sign in to the demo."""
    has_people = given.is_development and asyncio.run(_fill(given))[1]
    shown = given.public_url or f"http://{given.host}:{given.port}"
    print(f"Turnout is at {shown}  (Ctrl-C stops it)", flush=True)
    if has_people:
        print(f"Sign in as {team.OWNER} with the password {team.password_of(given.secret)}", flush=True)


async def run(given: Settings, *, traffic: bool) -> int:
    """The command: fills an empty database; with `traffic` makes things happen until stopped."""
    if not given.is_development:
        raise Misconfigured("The demo is for development: its people share one password. Unset TURNOUT_ENV to see it.")
    with servers.chosen(given, share=True) as chosen:
        made, has_people = await _fill(chosen)
        print(f"{made} events were made." if made else "There are events already; none were made.")
        if has_people:
            print(f"Sign in as {team.OWNER} with the password {team.password_of(given.secret)}")
        if traffic:
            await _make_traffic(chosen)
    return 0


async def fill(now: datetime, password: str) -> int:
    """Publishes the city's events in an empty database; says how many. All its people have this password."""
    if await finding.count() or await team.is_there():
        return 0
    organisers, planned = await team.settle(password, now), events(now)
    for details in planned:
        organiser = organisers[details.organiser_name]
        named = details.model_copy(update={"organiser_name": ""})
        event = await store.publish(await store.create(organiser.id, named, now=now, by=team.BY), by=team.BY, now=now)
        if event.title == crowd.BUSY:
            await crowd.gather_in(event, now)
    return len(planned)


async def _fill(given: Settings) -> tuple[int, bool]:
    database.connect(given.mongodb_uri, given.database)
    try:
        await migrations.bring_up_to_date()
        now, password = datetime.now(UTC), team.password_of(given.secret)
        await team.adopt(password, now)
        return await fill(now, password), await team.let_in(password)
    finally:
        database.close()


async def _make_traffic(given: Settings) -> None:
    database.connect(given.mongodb_uri, given.database)
    try:
        async for happened in traffic.happenings():
            print(happened, flush=True)
    finally:
        database.close()
