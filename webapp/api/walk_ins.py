"""Whoever comes without a ticket: registered, where the list takes such people, and let in at once."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp.access import actor, allowed, door, who
from webapp.api import answering, contacts, finding
from webapp.api.answering import example
from webapp.api.check_ins import CheckInView, door_for, gate_named
from webapp.api.contacts import Answers
from webapp.api.operation import operation
from webapp.data import sent
from webapp.door import lists, walk_ins
from webapp.door.making import WalkInForm
from webapp.errors import Invalid
from webapp.frequency import at_the_door
from webapp.people.person import Name
from webapp.programs.guard import takes
from webapp.programs.token import Scope
from webapp.responses import now
from webapp.ticket_types import store as ticket_types

api = Blueprint("api_walk_ins", __name__)

Id = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f]*$")]
EXAMPLE: dict[str, Any] = {
    "name": "Ana",
    "email": "ana@example.org",
    "ticket_type_id": "9f2k7m3x5d8w1c6b",
    "answers": {},
    "list_id": "6b5n1zr4tw3c8w1x",
    "nonce": "b1946ac92492d2347c6235b4",
    "gate_id": "1x6b5n1zr4tw3c8w",
    "device": "Desk 2",
}


class WalkInBody(WalkInForm):
    """Somebody at the door without a ticket. The same nonce is the same person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(EXAMPLE))

    list_id: Id
    gate_id: Id = Field("", description="Where they stand.")
    device: Name | Literal[""] = Field("", description="What people call the device; the token's name otherwise.")
    answers: Answers = Field(default_factory=dict)


@api.post("/api/v1/events/<slug>/walk-ins")
@allowed(door)
@takes(Scope.CHECKIN)
@at_the_door
@operation("Check-ins", answers=CheckInView, body=WalkInBody)
async def let_in(slug: str) -> Response:
    """Registers somebody who comes without a ticket, if there is room, and lets them in."""
    event, body = await finding.there(slug), await sent(WalkInBody)
    asked = await lists.get(event, body.list_id)
    offered = await ticket_types.offered(event)
    answers, wrong = contacts.read(walk_ins.questions_for(offered.form, asked), body.answers, "/answers")
    if wrong:
        raise Invalid(wrong)
    at = door_for(event, body.device, body.gate_id, await gate_named(event, body.gate_id))
    given = WalkInForm.model_validate(body.model_dump(include=set(WalkInForm.model_fields)))
    verdict = await walk_ins.let_in(at, offered, asked, given, answers, by=who().id, actor=actor(), now=now())
    return await answering.one(CheckInView.of(verdict))
