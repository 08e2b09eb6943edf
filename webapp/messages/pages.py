"""The pages on which an event's team writes to everybody who registered, and to those whom that did not reach again."""

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, request

from webapp import database
from webapp.access import actor, allowed, editor
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Event
from webapp.frequency import heavy
from webapp.messages import again, live, store
from webapp.messages.message import WHOM, Writing
from webapp.organisers import store as organisers
from webapp.responses import FormErrors, answer, form, now, page, redirect
from webapp.ticket_types import store as ticket_types

pages = Blueprint("messages", __name__)

LABELS = {"subject": "Subject", "text": "Message", "state": "To whom", "ticket_type_id": "Ticket type"}


@pages.get("/events/<slug>/messages")
@allowed(editor)
async def show(slug: str) -> Response:
    """What was written, and an empty form; `state` chooses to whom, as the list of registrations has it."""
    state = request.args.get("state", "")
    values = {"state": state if state in WHOM else "confirmed", "key": database.new_id()}
    return await _shown(await events.there(slug), values)


@pages.post("/events/<slug>/messages")
@allowed(editor)
@heavy
async def write(slug: str) -> Response:
    """Shows what would go out and to how many; with `send` it goes out."""
    event, typed = await events.there(slug), (await request.form).to_dict()
    try:
        writing = await form(Writing)
    except FormErrors as wrong:
        return await _shown(event, typed, wrong.fields)
    if "send" not in typed:
        return await _shown(event, writing.model_dump(), preview=writing)
    try:
        message = await store.write(event, writing, by=actor(), now=now())
    except Conflict as nobody:
        return await _shown(event, typed, {"state": str(nobody)})
    people = "1 person" if message.total == 1 else f"{message.total:,} people"
    return await redirect(f"{event.path}/messages", f"On its way to {people}.")


@pages.get("/events/<slug>/messages/<message_id>")
@allowed(editor)
async def one(slug: str, message_id: str) -> Response:
    """A message, and whom it did not reach."""
    event = await events.there(slug)
    message = await store.get(event, message_id)
    region = live.message_undelivered(event.organiser_id, event.id, message.id)
    organiser = await organisers.get(event.organiser_id)
    return await page("messages/one.html", region, event=event, organiser=organiser, message=message)


@pages.post("/events/<slug>/messages/<message_id>/again")
@allowed(editor)
@heavy
async def send_again(slug: str, message_id: str) -> Response:
    """Tries what could not be delivered once more; with `mail` only that one."""
    event = await events.there(slug)
    message, mail_id = await store.get(event, message_id), (await request.form).get("mail", "")
    count = await again.send_again(event, message, by=actor(), now=now(), mail_id=mail_id)
    told = "On its way again." if count == 1 else f"{count:,} are on their way again."
    region = live.message_undelivered(event.organiser_id, event.id, message.id)
    return await answer(region, otherwise=f"{event.path}/messages/{message.id}", notice=told)


async def _shown(
    event: Event, values: Mapping[str, Any], errors: Mapping[str, str] | None = None, preview: Writing | None = None
) -> Response:
    wrong = errors or {}
    shown = {"values": values, "errors": wrong, "labels": LABELS, "first_error": next(iter(wrong), "")}
    context = {
        "event": event,
        "organiser": await organisers.get(event.organiser_id),
        "form": shown,
        "whom": WHOM,
        "types": {"": "Any"} | await ticket_types.names(event),
        "preview": preview,
        "people": await store.reached(event, preview) if preview else 0,
        "asker_name": actor().name,
    }
    region = live.event_messages(event.organiser_id, event.id)
    return await page("messages/show.html", region, status=422 if wrong else 200, **context)
