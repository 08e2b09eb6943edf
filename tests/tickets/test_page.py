"""The page of a ticket: for whoever holds it, and not for whoever held it before."""

from typing import Any

from quart.typing import TestClientProtocol as Browser

from tests.door.making import AtTheDoor, text
from tests.events.making import NOW
from tests.registrations.making import event_with, registers
from webapp.audit.actor import Actor
from webapp.door import lists, tickets
from webapp.door.checkin import Ticket
from webapp.door.making import GateForm, ListForm
from webapp.registrations import changing, ending
from webapp.registrations import store as registrations
from webapp.registrations.registration import Attendee, Contact
from webapp.tickets import live
from webapp.tickets.card import mark_of, path_of

ANA = Contact(name="ana", email="ana@example.org")


async def sold(**more: Any) -> tuple[AtTheDoor, Any, Ticket]:
    """A door, a registration of Ana's and its ticket."""
    jazz = await event_with(5, **more)
    mine = await registers(jazz, "ana")
    (ticket,) = await tickets.named(jazz.event.id, "ana")
    return AtTheDoor(jazz.event, (await lists.of(jazz.event))[0]), mine, ticket


async def drawn(ticket: Ticket) -> dict[str, Any]:
    """What an open page of this ticket shows just now."""
    found = await live.ticket_card.load(ticket.event_id, ticket.id, mark_of(ticket.secret))
    assert found
    return found


async def test_a_ticket_says_for_whom_when_where_and_how_to_get_in(visitor: Browser) -> None:
    times = {"starts": "2030-05-03T20:00", "ends": "2030-05-03T22:00", "doors": "2030-05-03T19:00"}
    at_the_door, _, ticket = await sold(place_name="The Cellar", place_address="1 River Road", **times)
    who: Any = {"by": Actor("ana", "Ana"), "now": NOW}
    await lists.add_gate(at_the_door.event, GateForm(name="North"), **who)
    early = {"name": "Early", "opens": "2030-05-03T19:00", "closes": "2030-05-03T21:00"}
    await lists.add(at_the_door.event, ListForm.model_validate(early), **who)
    page = await visitor.get(path_of(ticket.secret))
    told = await text(page)
    for said in ("For ana", "Europe/Berlin, doors at 19:00", "The Cellar", "Early: 19:00 to 21:00", "Gates: North"):
        assert said in told
    assert page.headers["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin"}
    entry = await visitor.get(f"{path_of(ticket.secret)}/calendar.ics")
    assert ticket.secret in (await entry.get_data(as_text=True)).replace("\r\n ", "")


async def test_an_open_page_learns_of_check_in_and_cancellation(db: Any, app: Any) -> None:
    at_the_door, mine, ticket = await sold()
    assert (await drawn(ticket))["passage"] == ""
    await at_the_door.scans(ticket)
    assert (await drawn(ticket))["passage"].startswith("Checked in at ")
    await ending.cancel(mine.id, by="ana", now=NOW)
    assert (await drawn(ticket))["state"] == "cancelled"
    watched = {(one.collection, one.value) for one in live.ticket_card("e", "t", "m").interests}
    assert {("tickets", "t"), ("presence", "t"), ("events", "e")} <= watched


async def test_who_passed_a_ticket_on_does_not_see_the_new_code(visitor: Browser, db: Any) -> None:
    _, mine, ticket = await sold()
    named = {ticket.id: Attendee(name="Ben", email="ben@example.org")}
    await changing.change(mine.id, ANA, attendees=named, by="ana", now=NOW)
    new = (await db.tickets.find_one())["secret"]
    assert (await drawn(ticket)).keys() == {"state", "one"}
    assert (await visitor.get(path_of(ticket.secret))).status_code == 404
    theirs = await (await visitor.get(registrations.path_of(mine.id))).get_data(as_text=True)
    assert "Passed on to ben@example.org" in theirs
    assert new not in theirs
    assert (await visitor.get(f"{registrations.path_of(mine.id)}/tickets.pdf")).status_code == 404
    assert "For Ben" in await text(await visitor.get(path_of(new)))


async def test_a_ticket_of_an_event_that_is_called_off_shows_no_code(visitor: Browser, db: Any) -> None:
    _, _, ticket = await sold()
    await db.events.update_one({}, {"$set": {"state": "cancelled"}})
    page = await (await visitor.get(path_of(ticket.secret))).get_data(as_text=True)
    assert "The event is called off." in page
    assert "QR code" not in page
    assert (await visitor.get(f"{path_of(ticket.secret)}/ticket.pdf")).status_code == 404
