"""One registration, as an event's team looks at it and changes it, approves it, writes to it and ends it."""

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, request

from webapp import database, when
from webapp.access import actor, allowed, editor
from webapp.door import store as door
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.registrations import filling, listing, live, store, team
from webapp.registrations.organising import Values, about
from webapp.registrations.registration import Registration, State
from webapp.responses import answer, now, page, redirect
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form as Questions
from webapp.ticket_types.question import Per
from webapp.ticket_types.ticket_type import MOST_TICKETS

pages = Blueprint("one_registration", __name__)


@pages.get("/events/<slug>/registrations/<registration_id>")
@allowed(editor)
async def one(slug: str, registration_id: str) -> Response:
    """One registration, to look at and change."""
    event = await events.there(slug)
    return await _form(event, await store.of_event(event, registration_id))


@pages.post("/events/<slug>/registrations/<registration_id>")
@allowed(editor)
async def change(slug: str, registration_id: str) -> Response:
    """Keeps other names, addresses and answers, by the rules of whoever registers; what was open may stay so."""
    event = await events.there(slug)
    mine, typed, asked = (
        await store.of_event(event, registration_id),
        await request.form,
        await ticket_types.form(event.id),
    )
    filled, values = filling.read(mine, asked, typed, may_leave_open=True), filling.values_in(typed, asked)
    if filled.errors:
        return await _form(event, mine, values, filled.errors)
    labels = {question.id: question.label for question in asked.questions}
    how: dict[str, Any] = {"answers": filled.answers, "labels": labels, "step": filling.step_in(typed)}
    try:
        await team.change(mine, filled.contact, filled.attendees, **how, by=actor(), now=now())
    except store.Meanwhile as other:
        values, errors = filling.meanwhile(other.theirs, asked, values)
        return await _form(event, other.theirs, values, errors, status=409)
    return await redirect(f"{event.path}/registrations/{mine.id}", "Saved.")


@pages.post("/events/<slug>/registrations/<registration_id>/tickets/<ticket_id>/give-back")
@allowed(editor)
async def give_back(slug: str, registration_id: str, ticket_id: str) -> Response:
    """One ticket less."""
    event = await events.there(slug)
    mine = await store.of_event(event, registration_id)
    ticket = next((one for one in mine.live_tickets if one.id == ticket_id), None)
    if ticket is None:
        raise NotFound("There is no such ticket any more.")
    await team.give_back(mine, ticket, by=actor(), now=now())
    return await redirect(f"{event.path}/registrations/{mine.id}", "Given back. The place is free again.")


@pages.post("/events/<slug>/registrations/<registration_id>/cancel")
@allowed(editor)
async def cancel(slug: str, registration_id: str) -> Response:
    """Ends a registration; its places are free at once."""
    event = await events.there(slug)
    mine = await store.of_event(event, registration_id)
    await team.cancel(mine, by=actor(), now=now())
    return await redirect(f"{event.path}/registrations/{mine.id}", "Cancelled. The places are free again.")


@pages.post("/events/<slug>/registrations/<registration_id>/approve")
@allowed(editor)
async def approve(slug: str, registration_id: str) -> Response:
    """Says yes."""
    event = await events.there(slug)
    mine = await team.approve(await store.of_event(event, registration_id), by=actor(), now=now())
    region = live.registration_list(event.organiser_id, event.id, "")
    return await answer(region, otherwise=f"{event.path}/registrations", notice=f"{mine.name} is in.")


@pages.post("/events/<slug>/registrations/<registration_id>/resend")
@allowed(editor)
async def resend(slug: str, registration_id: str) -> Response:
    """Posts the mail with the tickets once more."""
    event = await events.there(slug)
    mine = await store.of_event(event, registration_id)
    await team.resend(mine, by=actor(), now=now())
    return await redirect(f"{event.path}/registrations/{mine.id}", f"The mail to {mine.email} is on its way.")


async def _form(
    event: Event,
    mine: Registration,
    values: Values | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 422,
) -> Response:
    offered = await ticket_types.offered(event)
    asked, tickets = offered.form, len(mine.live_tickets)
    known = filling.values_of(mine, asked) if values is None else values
    shown = {
        "form": filling.Form(known, errors or {}, filling.labels(asked, tickets)),
        "mine": mine,
        "names": await ticket_types.names(event),
        "types": offered.types,
        "questions": asked.asked(Per.REGISTRATION),
        "ticket_questions": asked.asked(Per.TICKET),
        "at_the_door": await _answered_at_the_door(mine, asked),
        "left": MOST_TICKETS - tickets,
        "still_open": filling.still_open(mine, asked) if mine.state in (State.PENDING, State.CONFIRMED) else [],
        "key": database.new_id(),
        "history": [(line, when.wall(line.at, event.zone)) for line in await listing.history(mine)],
        "action": f"{event.path}/registrations/{mine.id}",
    }
    region = live.registration_mails(event.organiser_id, event.id, mine.id)
    status = status if errors else 200
    return await page("registrations/one.html", region, status=status, **shown, **await about(event))


async def _answered_at_the_door(mine: Registration, asked: Questions) -> list[tuple[str, str]]:
    """What was answered later, at the door, by the question's label."""
    labels = {question.id: question.label for question in asked.questions}
    later = await door.answers_at(mine.event_id, [ticket.id for ticket in mine.tickets])
    return [(labels.get(key, key), filling.said(one)) for said in later.values() for key, one in said.items()]
