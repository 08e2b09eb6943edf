"""The form for whoever comes without a ticket, on a phone at the door."""

from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response, request

from webapp import frequency
from webapp.access import allowed, door_device
from webapp.database import new_id
from webapp.door import scanning, walk_ins
from webapp.door.making import WalkInForm
from webapp.door.phone import arranged, here_now, standing_at
from webapp.door.setting_up import blank
from webapp.errors import Conflict, NotAllowed
from webapp.responses import FormErrors, form, now, page
from webapp.ticket_types import question
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Question
from webapp.ticket_types.ticket_type import TicketType

pages = Blueprint("walk_ins", __name__)

Shown = dict[str, Any]
LABELS = {"name": "Name", "email": "E-mail address", "ticket_type_id": "Ticket"}


@pages.get("/door/walk-in")
@frequency.at_the_door
@allowed(door_device)
async def show() -> Response:
    """The empty form."""
    return await _form({"nonce": new_id()}, {})


@pages.post("/door/walk-in")
@frequency.at_the_door
@allowed(door_device)
async def let_in() -> Response:
    """Registers somebody, if there is room, and lets them in."""
    device, typed = here_now(), (await request.form).to_dict()
    asked, _, door = await standing_at(device)
    offered = await ticket_types.offered((await arranged()).event)
    try:
        given, answers = await _typed(walk_ins.questions_for(offered.form, asked))
        verdict = await walk_ins.let_in(door, offered, asked, given, answers, by=device.by, now=now())
    except FormErrors as wrong:
        return await _form(typed, wrong.fields)
    except (Conflict, NotAllowed) as refused:
        return await _form(typed, {"": str(refused)})
    return await scanning.told(verdict)


async def _typed(questions: Sequence[Question]) -> tuple[WalkInForm, question.Answers]:
    """What was typed. Raises FormErrors for all that is wrong at once."""
    typed = await request.form
    given = {name[2:]: typed.getlist(name) for name in typed if name.startswith("q.")}
    answers, unanswered = question.read(questions, given)
    wrong = {f"q.{one}": said for one, said in unanswered.items()}
    try:
        found = await form(WalkInForm)
    except FormErrors as fault:
        raise FormErrors(fault.values, fault.fields | wrong) from None
    if wrong:
        raise FormErrors(typed.to_dict(), wrong)
    return found, answers


async def _form(values: Shown, errors: dict[str, str]) -> Response:
    device = here_now()
    event = (await arranged()).event
    asked, _, _ = await standing_at(device)
    if not asked.takes_walk_ins:
        raise NotAllowed("This list takes nobody without a ticket. Ask whoever leads the door.")
    offered = await ticket_types.offered(event)
    questions = walk_ins.questions_for(offered.form, asked)
    labels = LABELS | {f"q.{one.id}": one.label for one in questions}
    first = next((name for name in errors if name), None)
    shown: Shown = {**blank(**values), "errors": errors, "first_error": first, "labels": labels}
    context = {"event": event, "device": device, "asked": asked, "form": shown, "questions": questions}
    types = {one.id: _name(one) for one in walk_ins.types_for(offered, asked)}
    return await page("door/walk_in.html", status=422 if errors else 200, types=types, **context)


def _name(kind: TicketType) -> str:
    return f"{kind.name}, {kind.price}" if kind.price else kind.name
