"""A door with tickets, for the tests around it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import ANA, NOW, shown
from webapp.database import db, new_id
from webapp.door import audit, devices, lists, store, walk_ins
from webapp.door.checkin import CheckInList, Kind, Scan, Ticket, Verdict
from webapp.door.making import LinkForm, ListForm, WalkInForm
from webapp.door.wishes import Door, Redeem
from webapp.events.event import Event
from webapp.folding import words_of
from webapp.ticket_types import store as ticket_types


class AtTheDoor:
    """An event with a check-in list, and what its devices do."""

    def __init__(self, event: Event, everybody: CheckInList) -> None:
        self.event, self.everybody = event, everybody
        self.tickets: list[Ticket] = []

    async def ticket(self, name: str = "Ines Ober", *, kind: str = "day", state: str = "valid") -> Ticket:
        return (await self.sold(name, kind=kind, state=state))[0]

    async def sold(self, *names: str, kind: str = "day", state: str = "valid") -> list[Ticket]:
        """Tickets as a registration issues them."""
        documents: list[dict[str, Any]] = [
            {
                "_id": new_id(),
                "organiser_id": self.event.organiser_id,
                "event_id": self.event.id,
                "registration_id": "r",
                "ticket_type_id": kind,
                "name": name,
                "email": "ines@example.org",
                "words": words_of(name),
                "state": state,
                "secret": (new_id() + new_id())[:28],
            }
            for name in names
        ]
        await db().tickets.insert_many(documents)
        return [Ticket.model_validate(one) for one in documents]

    async def list_of(self, name: str, **given: Any) -> CheckInList:
        return await lists.add(self.event, ListForm.model_validate({"name": name, **given}), by=ANA, now=NOW)

    def device(self, name: str = "Ana's phone", gate: str = "Gate B") -> Door:
        return Door(self.event.organiser_id, self.event.id, f"device {name}", name, gate.casefold(), gate)

    async def scans(self, ticket: Ticket | str, **how: Any) -> Verdict:
        """What a device is told; `turnstiles` scans as another worker does."""
        turnstiles, door = how.pop("turnstiles", None), how.pop("door", None) or self.device()
        now, asked = how.pop("now", NOW), how.pop("on", self.everybody)
        code = ticket if isinstance(ticket, str) else ticket.secret
        scan = Scan.model_validate({"code": code, "list_id": asked.id, "nonce": new_id(), **how})
        if turnstiles:
            verdict: Verdict = await turnstiles.ask(Redeem(door, scan, "ana", now))
            return verdict
        return await store.redeem(door, scan, by="ana", now=now)

    async def leaves(self, ticket: Ticket, **how: Any) -> Verdict:
        return await self.scans(ticket, kind=Kind.EXIT, **how)

    async def takes_back(
        self, verdict: Verdict, *, after: timedelta = timedelta(), door: Door | None = None
    ) -> Verdict:
        done = {"reason": "The wrong person", "by": "ana", "now": NOW + after}
        return await store.undo(door or self.device(), verdict.check_in_id, **done)  # type: ignore[arg-type]

    async def comes_without(self, name: str = "Ina Obst", **how: Any) -> Verdict:
        """Somebody without a ticket is registered and let in."""
        door, asked = how.pop("door", None) or self.device(), how.pop("on", self.everybody)
        offered = await ticket_types.offered(self.event)
        typed = {"name": name, "ticket_type_id": offered.types[0].id, "nonce": new_id(), **how}
        given = WalkInForm.model_validate(typed)
        return await walk_ins.let_in(door, offered, asked, given, {}, by="device ana", now=NOW)

    async def is_counted_right(self) -> None:
        assert await audit.differences(self.event.id) == []


async def text(answer: Any) -> str:
    """What a person reads of an answer."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", await answer.get_data(as_text=True)).split()))


async def linked(at_the_door: AtTheDoor, **given: Any) -> devices.Link:
    """A door link."""
    form = LinkForm.model_validate({"name": "Evening shift", **given})
    return await devices.add_link(at_the_door.event, form, by=ANA, now=NOW)


async def phone(app: Quart, link: devices.Link, name: str = "Ana's phone") -> Client:
    """A phone on which a door link was opened and named."""
    client = app.test_client()
    assert (await client.get(link.path)).status_code == 200
    assert (await client.post(link.path, form={"name": name})).headers["Location"] == "/door"
    return client


async def door(**details: Any) -> AtTheDoor:
    event = await shown(**details)
    return AtTheDoor(event, (await lists.of(event))[0])
