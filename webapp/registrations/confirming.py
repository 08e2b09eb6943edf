"""How a hold becomes a registration, and how one that waits for the organiser's yes gets it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.events import store as events
from webapp.places import counter
from webapp.places.wishes import Approve, Confirm, Document
from webapp.registrations import posting
from webapp.registrations.registration import Attendee, Contact, Registration, details
from webapp.registrations.store import get, registration_of


async def confirm(
    registration_id: str,
    contact: Contact,
    *,
    answers: Mapping[str, Any] | None = None,
    attendees: Mapping[str, Attendee] | None = None,
    by: str,
    now: datetime,
) -> Registration:
    """Makes a hold a registration and posts the tickets. Raises TooLate and NotFound."""
    held = await get(registration_id)
    named, event = attendees or {}, await events.get(held.organiser_id, held.event_id)
    posted = posting.first(event, held.model_dump(), contact.email, now)
    if not held.needs_approval:
        given = [{"id": key, "email": one.email} for key, one in named.items()]
        posted += posting.handed_on(event, given, contact.name, contact.email, now)
    wish = Confirm(
        id=held.id,
        by=by,
        now=now,
        details=details(contact, answers or {}, named),
        tickets={ticket_id: attendee.model_dump() for ticket_id, attendee in named.items()},
        letters=posted,
    )
    return registration_of(await counter.ask(held.event_id, wish))


async def approve(registration_id: str, *, by: str, now: datetime, records: tuple[Document, ...] = ()) -> Registration:
    """Says yes to what waits for it. Raises TooLate and NotFound."""
    pending = await get(registration_id)
    event = await events.get(pending.organiser_id, pending.event_id)
    posted = posting.first(event, pending.model_dump() | {"needs_approval": False}, pending.email, now)
    given = [one.model_dump() for one in pending.live_tickets]
    posted += posting.handed_on(event, given, pending.name, pending.email, now)
    wish = Approve(id=pending.id, by=by, now=now, letters=posted, records=records)
    return registration_of(await counter.ask(pending.event_id, wish))
