"""Other tickets for a registration that is there: another number while they are held, more of them later."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp import database
from webapp.access import actor, allowed, anyone, editor
from webapp.api import answering, contacts, finding
from webapp.api.answering import example
from webapp.api.contacts import AttendeeBody
from webapp.api.holds import by, check_types, mine_by, offered_with
from webapp.api.operation import operation
from webapp.api.registration_views import RegistrationView
from webapp.api.registrations import PATH
from webapp.data import sent
from webapp.errors import Conflict, Invalid
from webapp.registrations import amending, store, team
from webapp.registrations.registration import Attendee, Registration, State
from webapp.responses import now
from webapp.ticket_types import question
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Per
from webapp.ticket_types.ticket_type import MOST_TICKETS

api = Blueprint("api_more_tickets", __name__)

ABOUT = "Tickets"
TYPE = "9f2k7m3x5d8w1c6b"
NOT_HELD = "These places are not held any more. Ask for more tickets, or give some back."
Counts = Annotated[dict[str, Annotated[int, Field(ge=1, le=MOST_TICKETS)]], Field(min_length=1, max_length=20)]


class CountBody(BaseModel):
    """How many of which ticket type the hold is for from now on; what is not named, none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"tickets": {TYPE: 3}}))

    tickets: Counts


class MoreBody(CountBody):
    """How many more of which ticket type, and who comes with them, in their order. The same key asks once."""

    model_config = ConfigDict(json_schema_extra=example({"tickets": {TYPE: 1}, "attendees": [{"name": "Eve"}]}))

    key: str = Field(default_factory=database.new_id, min_length=8, max_length=64)
    attendees: Annotated[list[AttendeeBody], Field(max_length=MOST_TICKETS)] = Field(default_factory=list)


@api.post("/api/v1/registrations/<token>/count")
@allowed(anyone)
@operation("Holds", answers=RegistrationView, body=CountBody)
async def recount(token: str) -> Response:
    """Makes a hold one for another number of tickets."""
    held, body = await mine_by(token), await sent(CountBody)
    if held.state is not State.HELD:
        raise Conflict(NOT_HELD)
    offered = await offered_with(held)
    check_types(body.tickets, {kind.id for kind in offered.types})
    try:
        return await _one(await amending.recount(offered, held, body.tickets, by=by(), now=now()))
    except Invalid as wrong:
        raise _placed(wrong) from None


@api.post("/api/v1/registrations/<token>/tickets")
@allowed(anyone)
@operation(ABOUT, answers=RegistrationView, body=MoreBody)
async def add(token: str) -> Response:
    """Takes further tickets for a registration, all of them or none."""
    mine, body = await mine_by(token), await sent(MoreBody)
    offered = await offered_with(mine)
    check_types(body.tickets, {kind.id for kind in offered.types})
    people = _attendees(offered.form, body)
    try:
        return await _one(await amending.add(offered, mine, body.tickets, people, key=body.key, by=by(), now=now()))
    except Invalid as wrong:
        raise _placed(wrong) from None


@api.post(f"{PATH}/<registration_id>/tickets")
@allowed(editor)
@operation(ABOUT, answers=RegistrationView, body=MoreBody)
async def add_by_hand(slug: str, registration_id: str) -> Response:
    """Gives a registration more tickets, whatever a type allows at a time, but never beyond what there is.

    What has to be answered and is not, the person is asked by mail; consent only they can give.
    """
    event = await finding.there(slug)
    mine, body = await store.of_event(event, registration_id), await sent(MoreBody)
    offered = await ticket_types.offered(event)
    check_types(body.tickets, {kind.id for kind in offered.types})
    people = _attendees(question.for_others(offered.form), body)
    return await _one(await team.add_tickets(offered, mine, body.tickets, people, key=body.key, by=actor(), now=now()))


def _attendees(form: Form, body: MoreBody) -> list[Attendee]:
    """Who comes with each of the new tickets. Raises Invalid with every fault."""
    count, wrong, people = sum(body.tickets.values()), dict[str, str](), []
    for number in range(max(count, len(body.attendees))):
        one = body.attendees[number] if number < len(body.attendees) else AttendeeBody()
        if number >= count:
            wrong[f"/attendees/{number}"] = f"There are {count} tickets only."
            continue
        answers, faults = contacts.read(form.asked(Per.TICKET), one.answers, f"/attendees/{number}/answers")
        people.append(Attendee(name=one.name, email=one.email, answers=answers))
        wrong |= faults
    if wrong:
        raise Invalid(wrong)
    return people


def _placed(wrong: Invalid) -> Invalid:
    return Invalid(_in_tickets(wrong.fields))


def _in_tickets(fields: Mapping[str, str]) -> dict[str, str]:
    return {f"/tickets/{key}" if key else "/tickets": sentence for key, sentence in fields.items()}


async def _one(mine: Registration) -> Response:
    return await answering.one(RegistrationView.of(mine), edit=str(mine.step))
