"""People who register, for the tests of everything around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from tests.events.making import NOW, shown
from webapp import database
from webapp.audit.actor import Actor
from webapp.migrations import store as migrations
from webapp.places.audit import Audit, audit
from webapp.registrations import confirming, store, taking, waiting
from webapp.registrations.registration import Contact, Entry, Registration, Wanted
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered

ANA = Contact(name="Ana", email="ana@example.org")
EVE = Actor("eve", "Eve")
LATER = NOW + timedelta(minutes=11)
MUCH_LATER = NOW + timedelta(hours=13)


async def event_with(places: int | None, **more: Any) -> Offered:
    """A published event with so many places, and what it offers."""
    return await ticket_types.offered(await shown(capacity=places, **more))


def wanted(offered: Offered, who: str, tickets: int = 1, **more: Any) -> Wanted:
    """What somebody picks of the first ticket type."""
    return Wanted(tickets={offered.types[0].id: tickets}, key=f"key of {who}", **more)


async def comes(offered: Offered, who: str, tickets: int = 1, **more: Any) -> Registration | Entry:
    """Somebody asks for places and would wait."""
    return await taking.take(offered, wanted(offered, who, tickets, **more), by=who, now=NOW)


async def registers(offered: Offered, who: str, tickets: int = 1) -> Registration:
    """Somebody gets places and confirms them."""
    held = await comes(offered, who, tickets)
    return await confirming.confirm(held.id, Contact(name=who, email=f"{who}@example.org"), by=who, now=NOW)


async def state_of(one: Registration | Entry) -> str:
    """What has become of it: of the entry while there is one, otherwise of the registration."""
    entry = await waiting.find(one.id)
    return str(entry.state if entry else (await store.get(one.id)).state)


async def left(offered: Offered) -> int | None:
    """What is left of the event's own pool."""
    return next(pool.left for pool in await ticket_types.pools(offered.event.id) if pool.id == offered.event.id)


async def audited(offered: Offered) -> Audit:
    return await audit(offered.event.id, now=NOW)


@asynccontextmanager
async def elsewhere(uri: str, name: str) -> AsyncIterator[None]:
    """In another database, which is gone afterwards: for what the product itself is started on."""
    with database.connected(uri, name, is_patient=True):
        await migrations.bring_up_to_date()
    with database.connected(uri, name) as there:
        try:
            yield
        finally:
            # A worker that was killed leaves its transaction open, and a database is not dropped under one.
            await database.end_abandoned(0)
            await there.client.drop_database(name)
