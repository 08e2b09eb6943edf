"""How the details of a registration change: who registered, who comes, what they answered; tickets are passed on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.events import store as events
from webapp.places import counter
from webapp.places.case import holder_of
from webapp.places.wishes import CHANGED, Change, Document
from webapp.registrations import letters, posting
from webapp.registrations.registration import Attendee, Contact, Registration, State, details
from webapp.registrations.store import Meanwhile, get, registration_of

Documents = tuple[Document, ...]


async def change(
    registration_id: str,
    contact: Contact,
    *,
    answers: Mapping[str, Any] | None = None,
    attendees: Mapping[str, Attendee] | None = None,
    step: int | None = None,
    by: str,
    now: datetime,
    records: Documents = (),
) -> Registration:
    """Other details of who registered, and of who comes; a ticket that is passed on has another secret from now on.

    Raises TooLate, NotFound, and Meanwhile when the registration is not at that `step` any more.
    """
    before = await get(registration_id)
    named = {ticket.id: Attendee(name=ticket.name, email=ticket.email) for ticket in before.tickets}
    values = details(contact, before.answers if answers is None else answers, named | dict(attendees or {}))
    tickets = {key: one.model_dump(include=one.model_fields_set) for key, one in (attendees or {}).items()}
    posted = await _passed_on(before, contact, attendees or {}, now)
    how: dict[str, Any] = {"step": step, "letters": posted, "records": records}
    wish = Change(id=before.id, by=by, now=now, details=values, tickets=tickets, **how)
    outcome = await counter.ask(before.event_id, wish)
    if outcome.refused == CHANGED:
        raise Meanwhile(registration_of(outcome))
    return registration_of(outcome)


async def _passed_on(
    before: Registration, contact: Contact, attendees: Mapping[str, Attendee], now: datetime
) -> Documents:
    """Letters to those who get a ticket, and to those who had it."""
    if before.state is not State.CONFIRMED:
        return ()
    event = await events.get(before.organiser_id, before.event_id)
    given: list[Mapping[str, Any]] = []
    posted: list[Document] = []
    for ticket in before.live_tickets:
        wished = attendees.get(ticket.id)
        email = wished.email if wished and "email" in wished.model_fields_set else ticket.email
        had, has = holder_of({"email": ticket.email}, before.email), holder_of({"email": email}, contact.email)
        if has != had:
            given.append({"id": ticket.id, "email": email})
        if had and has != had:
            letter = letters.taken_back(event.title)
            posted.append(posting.about(before.id, "taken back", letter, event, to=ticket.email, now=now))
    return (*posted, *posting.handed_on(event, given, contact.name, contact.email, now))
