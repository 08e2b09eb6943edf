"""How places are taken: held, registered at once, by hand or at the door; or a place in the line once they are gone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp import when
from webapp.database import db
from webapp.errors import Invalid, NotAllowed, NotFound
from webapp.events.event import Event
from webapp.events.event import State as EventState
from webapp.places import counter
from webapp.places.wishes import SOLD_OUT, Document, Outcome, Take
from webapp.registrations import posting
from webapp.registrations.registration import (
    Attendee,
    Contact,
    Entry,
    Registration,
    State,
    Wanted,
    details,
    id_of,
    new,
    new_entry,
)
from webapp.registrations.store import SoldOut
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import TicketType

Got = Registration | Entry
Documents = tuple[Document, ...]
Picked = list[tuple[TicketType, int]]


async def take(offered: Offered, wanted: Wanted, *, by: str, now: datetime, person_id: str = "") -> Got:
    """Holds places, or a place in the line where they are gone. The same key is answered the same.

    Raises SoldOut, NotAllowed where it is not open, Invalid where it asks for too few or too many.
    """
    picked = _picked(offered, wanted, now)
    expires_at = now + timedelta(minutes=offered.form.hold_minutes)
    hold = {"state": State.HELD, "expires_at": expires_at, "person_id": person_id}
    return await _take(offered, picked, wanted, hold, by=by, now=now)


async def register(
    offered: Offered, wanted: Wanted, contact: Contact, *, by: str, now: datetime, person_id: str = ""
) -> Got:
    """Takes places and confirms them in one step, where nothing else is asked. Raises like `take`."""
    picked = _picked(offered, wanted, now)
    needs_approval = any(kind.needs_approval for kind, _ in picked)
    known = {
        "state": State.PENDING if needs_approval else State.CONFIRMED,
        "person_id": person_id,
        **details(contact, {}, {}),
    }
    return await _take(offered, picked, wanted, known, by=by, now=now)


async def add_by_hand(
    offered: Offered,
    wanted: Wanted,
    contact: Contact,
    *,
    by: str,
    now: datetime,
    even_beyond: bool = False,
    records: Documents = (),
) -> Registration:
    """Registers somebody although it is not open; with `even_beyond` also although it is full. Raises SoldOut."""
    known = {"state": State.CONFIRMED, **details(contact, {}, {})}
    return await _take_at_once(offered, wanted, known, by=by, now=now, even_beyond=even_beyond, records=records)


async def walk_in(
    offered: Offered,
    wanted: Wanted,
    guest: Attendee,
    *,
    by: str,
    now: datetime,
    records: Documents = (),
) -> Registration:
    """Registers somebody who stands at the door, although it is not open. Raises SoldOut, also where others wait."""
    known = {"state": State.CONFIRMED, "needs_approval": False, **details(guest, guest.answers, {})}
    return await _take_at_once(offered, wanted, known, by=by, now=now, records=records)


def is_open(offered: Offered, now: datetime) -> bool:
    """Whether people can register for an event at all."""
    event = offered.event
    return offered.form.is_open and event.state is EventState.PUBLISHED and not event.is_deleted and now < event.ends_at


def check_open(offered: Offered, now: datetime) -> None:
    """Raises NotAllowed where nobody can register."""
    if not is_open(offered, now):
        raise NotAllowed("Registration for this event is closed.")


def check_pick(kind: TicketType, count: int, code: str, event: Event, now: datetime) -> None:
    """Raises why somebody cannot have so many tickets of a type just now."""
    if not kind.opens_with(code):
        raise NotFound("There is no such ticket type any more.")
    if not kind.is_open(now):
        opens_at = kind.opens_at if kind.opens_at and kind.opens_at > now else None
        raise NotAllowed(_opening(kind.name, opens_at, event.zone))
    if count < kind.least:
        raise Invalid({kind.id: f"Take {kind.least} or more."})
    if count > kind.most:
        raise Invalid({kind.id: f"Take {kind.most} at most."})


def _opening(name: str, opens_at: datetime | None, zone: str) -> str:
    if opens_at is None:
        return f"“{name}” cannot be had any more."
    shown = when.wall(opens_at, zone)
    return f"“{name}” opens on {shown.day} {shown:%B} at {shown:%H:%M}."


def _picked(offered: Offered, wanted: Wanted, now: datetime) -> Picked:
    check_open(offered, now)
    picked = [(offered.type(type_id), count) for type_id, count in wanted.tickets.items()]
    for kind, count in picked:
        check_pick(kind, count, wanted.code, offered.event, now)
    return picked


async def _take_at_once(offered: Offered, wanted: Wanted, known: dict[str, Any], **how: Any) -> Registration:
    picked = [(offered.type(type_id), count) for type_id, count in wanted.tickets.items()]
    got = await _take(offered, picked, wanted.model_copy(update={"would_wait": False}), known, **how)
    if isinstance(got, Entry):
        raise SoldOut(0)
    return got


async def _take(
    offered: Offered,
    picked: Picked,
    wanted: Wanted,
    known: dict[str, Any],
    *,
    by: str,
    now: datetime,
    even_beyond: bool = False,
    records: Documents = (),
) -> Got:
    await ticket_types.open_places(offered.event)
    event, subject = offered.event, id_of(offered.event.id, wanted.key)
    registration = new(subject, picked, now=now, **known)
    is_final = known["state"] is not State.HELD
    is_asked = is_final and posting.is_open(offered.form, registration)
    wish = Take(
        id=subject,
        by=by,
        now=now,
        registration=registration,
        entry=_entry(offered, picked, registration, now) if wanted.would_wait else None,
        even_beyond=even_beyond,
        records=records,
        letters=posting.first(event, registration, registration["email"], now, is_asked=is_asked) if is_final else (),
    )
    outcome = await counter.ask(event.id, wish)
    if outcome.refused == SOLD_OUT:
        return await _asked_before(subject, outcome.waiting)
    return _got(outcome)


async def _asked_before(subject: str, waiting: int) -> Registration:
    """What the same key got before it was full: the counter does not look for it, since a rush would pay for that."""
    found = await db().registrations.find_one({"_id": subject})
    if found is None:
        raise SoldOut(waiting)
    return Registration.model_validate(found)


def _entry(offered: Offered, picked: Picked, registration: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    seconds = offered.form.offer_minutes * 60
    who = {name: registration[name] for name in ("name", "email", "person_id")}
    return new_entry(registration["_id"], picked, offer_seconds=seconds, now=now, **who)


def _got(outcome: Outcome) -> Got:
    if outcome.registration is not None:
        return Registration.model_validate(outcome.registration)
    return Entry.model_validate(outcome.entry)
