"""The day of an event, minute by minute: people register, wait, are offered, give back, come in and go out."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from tests.door.making import AtTheDoor
from tests.events.making import ANA, NOW, again
from tests.registrations.making import EVE, event_with
from webapp.dashboard.live import PARTS
from webapp.database import db
from webapp.door import lists
from webapp.door.checkin import Ticket
from webapp.door.making import LimitForm
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.registrations import confirming, ending, store, taking, team, waiting
from webapp.registrations.registration import Contact, Wanted, id_of
from webapp.responses import render
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.ticket_type import Offering


class Day:
    """An event whose hall has six places, two of them for members, who need a yes."""

    def __init__(self, event: Event, members: str, at: datetime) -> None:
        self.event, self.members, self.at = event, members, at

    async def asks(self, who: str, tickets: int = 1, kind: str = "") -> str:
        offered = await ticket_types.offered(self.event)
        wanted = Wanted(tickets={kind or self.event.id: tickets}, key=f"the key of {who}", would_wait=True)
        return (await taking.take(offered, wanted, by=who, now=self.at)).id

    async def confirms(self, subject: str, who: str) -> None:
        contact = Contact(name=who.capitalize(), email=f"{who}@example.org")
        await confirming.confirm(subject, contact, by=who, now=self.at)

    async def registers(self, who: str, tickets: int = 1, kind: str = "") -> str:
        subject = await self.asks(who, tickets, kind)
        await self.confirms(subject, who)
        return subject

    async def tickets(self) -> list[Ticket]:
        found = db().tickets.find({"event_id": self.event.id}).sort("_id", 1)
        return [Ticket.model_validate(one) for one in await found.to_list(None)]

    async def parts(self, until: datetime | None = None) -> dict[str, str]:
        """The HTML of every part, of now or of a minute that is over."""
        event = await again(self.event)
        return {
            name: render(f"dashboard/{name}.html", {"live": "", **await part(event, until)})
            for name, part in PARTS.items()
        }


async def begun(places: int = 6) -> Day:
    offered = await event_with(places)
    by: Any = {"by": ANA, "now": NOW}
    pool = await ticket_types.add_pool(offered.event, "Front rows", 2, **by)
    member = Offering(name="Member", pools=[offered.event.id, pool], needs_approval=True)
    kind = await ticket_types.add(offered.event, member, **by)
    ticket_types.forget()
    return Day(offered.event, kind.id, NOW)


async def lived(day: Day) -> AsyncIterator[str]:
    """Does one thing a minute or so; says what it was."""
    happened = _happenings(day)
    async for what in happened:
        yield what
        day.at += timedelta(minutes=1 if "soon" in what else 7)


async def _happenings(day: Day) -> AsyncIterator[str]:
    first = await day.registers("ines", 2)
    yield "two tickets"
    yield await day.registers("ben", 1, day.members) and "a member asks"
    held = await day.asks("carl", 2)
    yield "two held, soon"
    yield await day.asks("dora", 2) and "somebody waits"
    yield await day.asks("emil", 1) and "and somebody else"
    await team.approve(await store.get(_id(day, "ben")), by=EVE, now=day.at)
    yield "the member may come, soon"
    day.at += timedelta(minutes=20)
    assert await ending.expire(day.at) == 1
    yield "the hold is over and the line moves"
    await waiting.accept(_id(day, "dora"), by="dora", now=day.at)
    await day.confirms(_id(day, "dora"), "dora")
    yield "the offer is taken up"
    await ending.cancel(first, by="ines", now=day.at, tickets=(f"{first}-1",))
    yield "one is given back"
    event = await again(day.event)
    larger = Details.model_validate(event.model_dump() | {"capacity": 8})
    await events.edit(event, larger, version=event.version, by=EVE, now=day.at)
    yield "the hall grows"
    await lists.set_limit(day.event, LimitForm(limit=3), by=EVE, now=day.at)
    door = AtTheDoor(day.event, (await lists.of(day.event))[0])
    good = [one for one in await day.tickets() if one.state == "valid"]
    for one in good[:2]:
        await door.scans(one, now=day.at)
    yield "two come in, soon"
    await door.scans(good[0], now=day.at)
    wrong = await door.scans(good[2], now=day.at)
    yield "one is refused and one comes in"
    await door.leaves(good[1], now=day.at)
    await door.takes_back(wrong, after=day.at - NOW)
    yield "one goes and one is taken back"
    await lists.set_limit(day.event, LimitForm(limit=1), by=EVE, now=day.at)
    yield f"as many as may be, and {held} is over"


def _id(day: Day, who: str) -> str:
    return id_of(day.event.id, f"the key of {who}")
