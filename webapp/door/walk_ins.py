"""Whoever comes without a ticket: registered through the one function that gives places, and let in at once.

Two steps, each known by the number of the form: what was sent twice, or was cut off between them, ends as once.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.audit import store as audit
from webapp.audit.actor import Actor, Via
from webapp.audit.record import Kind, Subject
from webapp.door import store
from webapp.door.checkin import CheckInList, Result, Scan, Ticket, Verdict, refusal
from webapp.door.making import WalkInForm
from webapp.door.wishes import Door
from webapp.errors import NotAllowed
from webapp.events.event import State
from webapp.registrations import taking
from webapp.registrations.registration import Attendee, Wanted, id_of
from webapp.ticket_types.question import Form, Per, Question
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import TicketType


def types_for(offered: Offered, asked: CheckInList) -> list[TicketType]:
    """What can be had at the door: what the list lets in, and neither a code nor an approval stands before."""
    return [one for one in offered.types if not one.code and not one.needs_approval and asked.has_type(one.id)]


def questions_for(form: Form, asked: CheckInList) -> list[Question]:
    """What the list asks, and what has to be answered whoever is asked it otherwise."""
    needed = {one.id for one in form.questions if one.is_required and one.per is not Per.DOOR}
    return [one for one in form.questions if one.id in needed or one.id in asked.question_ids]


async def let_in(
    door: Door,
    offered: Offered,
    asked: CheckInList,
    given: WalkInForm,
    answers: Mapping[str, Any],
    *,
    by: str,
    actor: Actor | None = None,
    now: datetime,
) -> Verdict:
    """Registers somebody and lets them in; `actor` is who did it where that is no phone.

    Raises NotAllowed where the list takes nobody, SoldOut without places.
    """
    _check(offered, asked, given, now)
    key = hashlib.blake2b(f"{door.device_id}:{given.nonce}".encode(), digest_size=16).hexdigest()
    wanted = Wanted(tickets={given.ticket_type_id: 1}, key=key)
    guest = Attendee(name=given.name, email=given.email or "", answers=dict(answers))
    whom = actor or Actor("", door.device, via=Via.DEVICE)
    made = _record(offered, given, id_of(offered.event.id, key), by=whom, now=now)
    registration = await taking.walk_in(offered, wanted, guest, by=by, now=now, records=(made,))
    scan = Scan(ticket_id=registration.tickets[0].id, list_id=asked.id, nonce=given.nonce, answers={})
    return await store.redeem(door, scan, by=by, now=now)


def _check(offered: Offered, asked: CheckInList, given: WalkInForm, now: datetime) -> None:
    """Before anybody is registered: whether the list would let them in."""
    event = offered.event
    if not asked.takes_walk_ins:
        raise NotAllowed("This list takes nobody without a ticket. Ask whoever leads the door.")
    if event.is_deleted or event.state is not State.PUBLISHED:
        raise NotAllowed("This event does not take place.")
    if given.ticket_type_id not in {one.id for one in types_for(offered, asked)}:
        raise NotAllowed("This kind of ticket cannot be had at the door.")
    known = {"organiser_id": event.organiser_id, "event_id": event.id, "name": given.name, "state": "valid"}
    ticket = Ticket(id="", ticket_type_id=given.ticket_type_id, secret="", **known)
    found = refusal(asked, ticket, now)
    if found is not None:
        raise NotAllowed(TOLD[found])


TOLD = {
    Result.NOT_YET: "This list does not let anybody in yet.",
    Result.TOO_LATE: "This list lets nobody in any more.",
}


def _record(offered: Offered, given: WalkInForm, registration_id: str, *, by: Actor, now: datetime) -> dict[str, Any]:
    subject = Subject(Kind.REGISTRATION, registration_id, f"{given.name}, 1 ticket", offered.event.id)
    after = {"name": given.name, "email": given.email or "", "ticket_type": offered.type(given.ticket_type_id).name}
    return audit.document(offered.event.organiser_id, subject, "walked in", by=by, now=now, after=after)
