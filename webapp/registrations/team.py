"""What a team does with registrations and lines: the same that people do with their own, each with its record.

The record travels with the wish, so it is written with what it records, or not at all. What people do with their own
registrations stands in the ledger alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.events.event import Event
from webapp.places import counter
from webapp.places.wishes import Document, Pause
from webapp.registrations import amending, changing, confirming, ending, posting, taking, waiting
from webapp.registrations.registration import (
    Attendee,
    Contact,
    Entry,
    Registration,
    Ticket,
    Wanted,
    counted,
    id_of,
)
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered

NOTHING: Mapping[str, Any] = {}


async def add_by_hand(
    offered: Offered, wanted: Wanted, contact: Contact, *, by: Actor, now: datetime, even_beyond: bool = False
) -> Registration:
    """Registers somebody although it is not open; with `even_beyond` also although it is full. Raises SoldOut."""
    event, tickets = offered.event, sum(wanted.tickets.values())
    subject = Subject(Kind.REGISTRATION, id_of(event.id, wanted.key), _title(contact.name, tickets), event.id)
    values = {"name": contact.name, "email": contact.email, "tickets": tickets, "even_beyond": even_beyond}
    made = audit.document(event.organiser_id, subject, "registered", by=by, now=now, after=values)
    how: dict[str, Any] = {"even_beyond": even_beyond, "records": (made,)}
    return await taking.add_by_hand(offered, wanted, contact, by=by.person_id, now=now, **how)


async def approve(mine: Registration, *, by: Actor, now: datetime) -> Registration:
    """Says yes to what waits for it. Raises TooLate and NotFound."""
    made = _of(mine, "approved", by=by, now=now, before={"state": mine.state}, after={"state": "confirmed"})
    return await confirming.approve(mine.id, by=by.person_id, now=now, records=(made,))


async def change(
    mine: Registration,
    contact: Contact,
    attendees: Mapping[str, Attendee],
    *,
    answers: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] = NOTHING,
    step: int | None = None,
    by: Actor,
    now: datetime,
) -> Registration:
    """Other details of who registered and of who comes, and other answers; `labels` are the questions by their ids.

    Raises TooLate, NotFound, and Meanwhile when the registration is not at that `step` any more.
    """
    answered = mine.answers if answers is None else answers
    before = {"name": mine.name, "email": mine.email, **_answered(mine.answers, labels)}
    after = {"name": contact.name, "email": contact.email, **_answered(answered, labels)}
    for number, ticket in enumerate(mine.live_tickets, 1):
        before |= _seen(f"ticket {number}", ticket, labels)
        after |= _seen(f"ticket {number}", attendees.get(ticket.id, ticket), labels)
    made = () if before == after else (_of(mine, "edited", by=by, now=now, before=before, after=after),)
    how: dict[str, Any] = {"answers": answers, "attendees": attendees, "step": step, "records": made}
    return await changing.change(mine.id, contact, **how, by=by.person_id, now=now)


async def add_tickets(
    offered: Offered,
    mine: Registration,
    counts: Mapping[str, int],
    attendees: Sequence[Attendee] = (),
    *,
    key: str,
    by: Actor,
    now: datetime,
) -> Registration:
    """More tickets, whatever a type allows at a time, but never beyond what there is. Raises SoldOut and Conflict."""
    had = counted(mine)
    before = {offered.type(type_id).name: had[type_id] for type_id in counts}
    after = {offered.type(type_id).name: had[type_id] + count for type_id, count in counts.items()}
    made = _of(mine, "enlarged", by=by, now=now, before=before, after=after)
    how: dict[str, Any] = {"key": key, "by": by.person_id, "now": now, "records": (made,)}
    return await amending.add_for(offered, mine, counts, attendees, **how)


async def give_back(mine: Registration, ticket: Ticket, *, by: Actor, now: datetime) -> Registration:
    """One ticket less; its place is free at once. Raises NotFound."""
    tickets = len(mine.live_tickets)
    before, after = {"tickets": tickets, "ticket": ticket.name}, {"tickets": tickets - 1, "ticket": ""}
    made = _of(mine, "reduced", by=by, now=now, before=before, after=after)
    return await ending.cancel(mine.id, tickets=(ticket.id,), by=by.person_id, now=now, records=(made,))


async def cancel(
    mine: Registration, *, by: Actor, now: datetime, tickets: tuple[str, ...] = (), reason: str = ""
) -> Registration:
    """Ends a registration, or only some of its tickets; the places are free at once. Raises NotFound."""
    before, left = len(mine.live_tickets), sum(one.id not in tickets for one in mine.live_tickets) if tickets else 0
    if left:
        made = _of(mine, "edited", by=by, now=now, before={"tickets": before}, after={"tickets": left})
    else:
        made = _of(mine, "cancelled", by=by, now=now, before={"state": mine.state}, after={"state": "cancelled"})
    how: dict[str, Any] = {"tickets": tickets, "reason": reason, "records": (made,)}
    return await ending.cancel(mine.id, by=by.person_id, now=now, **how)


async def resend(mine: Registration, *, by: Actor, now: datetime) -> None:
    """Posts the letter of a registration once more. Raises NotFound."""
    await posting.resend(mine.id, now=now, records=(_of(mine, "resent", by=by, now=now),))


async def offer(entry: Entry, *, by: Actor, now: datetime) -> Entry:
    """Offers places to somebody before it is their turn, if there are any. Raises Conflict and NotFound."""
    return await waiting.offer(entry.id, by=by.person_id, now=now, records=(_in_line(entry, "offered", by, now),))


async def remove(entry: Entry, *, by: Actor, now: datetime) -> Entry:
    """Takes somebody out of the line. Raises NotFound."""
    made = _in_line(entry, "taken out", by, now)
    return await waiting.leave(entry.id, by=by.person_id, now=now, is_removal=True, records=(made,))


async def pause(event: Event, type_id: str, *, is_paused: bool, by: Actor, now: datetime) -> None:
    """Stops offers to a line, or lets it move on as far as there is room. Raises NotFound."""
    kind = (await ticket_types.offered(event)).type(type_id)
    await ticket_types.open_places(event)
    subject = Subject(Kind.REGISTRATION, kind.id, kind.name, event.id)
    made = audit.document(event.organiser_id, subject, "paused" if is_paused else "resumed", by=by, now=now)
    wish = Pause(id=kind.id, by=by.person_id, now=now, is_paused=is_paused, records=(made,))
    await counter.ask(event.id, wish)


def _answered(answers: Mapping[str, Any], labels: Mapping[str, str], of: str = "") -> dict[str, Any]:
    return {f"{of}answer to “{labels.get(key, key)}”": said for key, said in answers.items()}


def _seen(of: str, one: Ticket | Attendee, labels: Mapping[str, str]) -> dict[str, Any]:
    return {of: one.name, f"{of}, address": one.email, **_answered(one.answers, labels, f"{of}, ")}


def _of(
    mine: Registration,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> Document:
    subject = Subject(Kind.REGISTRATION, mine.id, _title(mine.name, len(mine.tickets)), mine.event_id)
    return audit.document(mine.organiser_id, subject, action, by=by, now=now, before=before, after=after)


def _in_line(entry: Entry, action: str, by: Actor, now: datetime) -> Document:
    subject = Subject(Kind.REGISTRATION, entry.id, _title(entry.name, entry.quantity), entry.event_id)
    return audit.document(entry.organiser_id, subject, action, by=by, now=now)


def _title(name: str, tickets: int) -> str:
    return f"{name or 'somebody'}, {tickets} {'ticket' if tickets == 1 else 'tickets'}"
