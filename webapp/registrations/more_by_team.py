"""More tickets for somebody by an event's team, who may say who comes with them and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart import Blueprint, Response, request

from webapp import database
from webapp.access import actor, allowed, editor
from webapp.errors import Conflict, Invalid
from webapp.events import store as events
from webapp.registrations import filling, store, team
from webapp.registrations.more import blank, counts_in
from webapp.registrations.organising import Values, about
from webapp.registrations.registration import Registration, State
from webapp.responses import fragment, is_htmx, now, page, redirect
from webapp.ticket_types import question
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Per
from webapp.ticket_types.store import Offered

pages = Blueprint("more_by_team", __name__)

HOW_MANY = "Say how many tickets."


@dataclass(frozen=True)
class _Asked:
    """A registration, what its event offers, and how many tickets more it is to have."""

    mine: Registration
    offered: Offered
    counts: Mapping[str, int]

    @property
    def path(self) -> str:
        return f"{self.offered.event.path}/registrations/{self.mine.id}"

    @property
    def form(self) -> question.Form:
        """What the team may answer for those who come."""
        return question.for_others(self.offered.form)


@pages.get("/events/<slug>/registrations/<registration_id>/more")
@allowed(editor)
async def choose(slug: str, registration_id: str) -> Response:
    """Asks who comes with further tickets."""
    asked = await _asked(slug, registration_id, request.args)
    if not asked.counts:
        return await redirect(asked.path, HOW_MANY)
    return await _form(asked, {"key": database.new_id()})


@pages.post("/events/<slug>/registrations/<registration_id>/more")
@allowed(editor)
async def add(slug: str, registration_id: str) -> Response:
    """Adds them, all or none; what has to be answered and is not, whoever registered is asked by mail."""
    typed = await request.form
    asked = await _asked(slug, registration_id, typed)
    if not asked.counts:
        return await redirect(asked.path, HOW_MANY)
    values = filling.values_in(typed, asked.form)
    attendees, errors = filling.read_attendees(blank(asked.counts), asked.form, typed)
    if errors:
        return await _form(asked, values, errors)
    who, how = list(attendees.values()), {"key": typed.get("key", ""), "by": actor(), "now": now()}
    try:
        after = await team.add_tickets(asked.offered, asked.mine, asked.counts, who, **how)
    except (Conflict, Invalid) as refused:
        return await _form(asked, values, {"": str(refused)})
    return await redirect(asked.path, _told(asked, after))


def _told(asked: _Asked, after: Registration) -> str:
    had = {one.id for one in asked.mine.tickets}
    questions = asked.offered.form.asked(Per.TICKET)
    is_open = any(question.missing(questions, one.answers) for one in after.live_tickets if one.id not in had)
    if not is_open or after.state is State.HELD:
        return "Added."
    if not after.email:
        return "Added. Something is not answered yet, and no address was left to ask at."
    return f"Added. {after.name or 'Whoever registered'} is asked by mail for what is not answered yet."


async def _asked(slug: str, registration_id: str, typed: Mapping[str, str]) -> _Asked:
    event = await events.there(slug)
    mine = await store.of_event(event, registration_id)
    return _Asked(mine, await ticket_types.offered(event), counts_in(typed))


async def _form(asked: _Asked, values: Values, errors: Mapping[str, str] | None = None) -> Response:
    tickets, event = blank(asked.counts), asked.offered.event
    context: dict[str, Any] = {
        "mine": asked.mine,
        "path_of_one": asked.path,
        "picked": asked.counts,
        "tickets": tickets,
        "names": await ticket_types.names(event),
        "ticket_questions": asked.form.asked(Per.TICKET),
        "form": filling.Form(values, errors or {}, filling.labels(asked.form, len(tickets))),
        "asks": asked.offered.form != asked.form,
        **await about(event),
    }
    status = 422 if errors else 200
    if is_htmx() and errors:
        return await fragment("registrations/more_by_team.html", status=status, **context)
    return await page("registrations/adding_for.html", status=status, **context)
