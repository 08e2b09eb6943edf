"""The letters of a registration as mails to be posted: with what they are about, or once more."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from webapp import database
from webapp.audit import store as audit
from webapp.database import Session, db
from webapp.events import store as events
from webapp.events.event import Event
from webapp.mail import store as mails
from webapp.mail.letter import Letter
from webapp.places.case import holder_of
from webapp.places.wishes import Document
from webapp.registrations import letters
from webapp.registrations.registration import Registration, State
from webapp.registrations.store import get
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Per, missing

Documents = tuple[Document, ...]

WHAT = {
    "confirmation": "Confirmation",
    "request": "Request",
    "change": "Change of tickets",
    "question": "Something to answer",
    "cancellation": "Cancellation",
    "refusal": "Refusal",
    "passed on": "Ticket passed on",
    "taken back": "Ticket taken back",
    "offer": "Offer of places",
    "message": "Message",
}
"""What a mail about a registration can be, and how its organiser is told."""


def first(
    event: Event, registration: Mapping[str, Any], to: str, now: datetime, *, is_asked: bool = False
) -> Documents:
    """The letter to somebody who has places now, or has asked for them; `is_asked` with something to answer."""
    if not to:
        return ()
    subject = str(registration.get("_id") or registration["id"])
    what, letter = "request" if registration["needs_approval"] else "confirmation", _first(event, registration, subject)
    letter = letters.with_question(letter) if is_asked else letter
    return (about(subject, what, letter, event, to=to, now=now),)


def is_open(form: Form, registration: Mapping[str, Any]) -> bool:
    """Whether something about a registration has to be answered and is not."""
    if missing(form.asked(Per.REGISTRATION), registration.get("answers", {})):
        return True
    tickets = [one for one in registration["tickets"] if not one["is_cancelled"]]
    return any(missing(form.asked(Per.TICKET), one.get("answers", {})) for one in tickets)


def handed_on(event: Event, tickets: Iterable[Mapping[str, Any]], name: str, email: str, now: datetime) -> Documents:
    """The letters to those who hold tickets that somebody of this name and address registered."""
    found = [(str(one["id"]), str(one["email"])) for one in tickets if holder_of(one, email)]
    when = when_of(event)
    return tuple(
        about(
            registration_of_ticket(key),
            "passed on",
            letters.passed_on(event.title, when, name, event.path, key),
            event,
            to=to,
            now=now,
        )
        for key, to in found
    )


def told_of_change(
    event: Event, mine: Registration, tickets: int, now: datetime, *, is_asked: bool = False
) -> Documents:
    """The letter to somebody who has more tickets than before, or fewer; `is_asked` with something to answer."""
    if not mine.email or mine.state not in (State.CONFIRMED, State.PENDING):
        return ()
    if mine.state is State.PENDING:
        letter = letters.asked(event.title, mine.id)
        return (about(mine.id, "question", letter, event, to=mine.email, now=now),) if is_asked else ()
    letter = letters.changed(event.title, when_of(event), tickets, mine.id, is_asked=is_asked)
    return (about(mine.id, "question" if is_asked else "change", letter, event, to=mine.email, now=now),)


def about(subject: str, what: str, letter: Letter, event: Event, *, to: str, now: datetime) -> Document:
    """A letter about the registration `subject` as a mail, on behalf of the event's organiser."""
    return mails.mail(letter.of(event.organiser_id), to=to, now=now, about=subject, what=what)


def registration_of_ticket(ticket_id: str) -> str:
    """The id of the registration that a ticket is of; a ticket's id begins with it."""
    return ticket_id.partition("-")[0]


async def resend(registration_id: str, *, now: datetime, records: Documents = ()) -> None:
    """Posts the letter of a registration once more. Raises NotFound."""
    one = await get(registration_id)
    event = await events.get(one.organiser_id, one.event_id)
    known = one.model_dump() | {"needs_approval": one.state is State.PENDING}
    posted = first(event, known, one.email, now, is_asked=is_open(await ticket_types.form(event.id), known))
    if not posted:
        return

    async def post(session: Session) -> None:
        await db().mails.insert_many(list(posted), session=session)
        await audit.add_once(records, session)

    await database.transaction(post)


def when_of(event: Event) -> str:
    """When an event begins, in words, with its zone."""
    day = f"{event.starts:%A}, {event.starts.day} {event.starts:%B %Y}"
    return day if event.all_day else f"{day}, {event.starts:%H:%M} ({event.zone})"


def _first(event: Event, registration: Mapping[str, Any], subject: str) -> Letter:
    if registration["needs_approval"]:
        return letters.pending(event.title, subject)
    count = sum(not ticket["is_cancelled"] for ticket in registration["tickets"])
    place = ", ".join(part for part in (event.place_name, event.place_address) if part)
    return letters.confirmed(event.title, when_of(event), place, count, subject)
