"""The live regions of messages: what was written to an event's people, how far it is, and whom it did not reach."""

from typing import Any

from realtime import region
from webapp import when
from webapp.access import editor
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.messages import again, store
from webapp.ticket_types import store as ticket_types


@region("messages/list.html", watches={"messages": "event_id"}, visible_to=editor)
async def event_messages(organiser_id: str, event_id: str) -> dict[str, Any] | None:
    """The messages of an event, the latest first."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    found = await store.of_event(organiser_id, event_id)
    rows = [(one, when.wall(one.created_at, event.zone)) for one in found]
    return {"event": event, "rows": rows, "names": await ticket_types.names(event)}


@region(
    "messages/undelivered.html",
    watches={"messages": ("_id", "message_id"), "books": ("_id", "event_id")},
    visible_to=editor,
)
async def message_undelivered(organiser_id: str, event_id: str, message_id: str) -> dict[str, Any] | None:
    """Whom a message did not reach and why, with what can be done about it."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    try:
        message = await store.get(event, message_id)
    except NotFound:
        return None
    found = await again.undelivered(event, message)
    rows = [(one, when.wall(one.at, event.zone)) for one in found]
    return {"event": event, "message": message, "rows": rows}
