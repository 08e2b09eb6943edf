"""The live regions of an event's dashboard."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from realtime import region, viewers
from realtime.region import NoSuchRegion, Watches, parse
from webapp.access import editor
from webapp.dashboard import shown
from webapp.events import store as events
from webapp.events.event import Event

Context = dict[str, Any]
EVENT = ("_id", "event_id")
OF_EVENT: Watches = {"events": EVENT, "pools": "event_id", "ticket_types": "event_id"}

PARTS: dict[str, Callable[[Event, datetime | None], Awaitable[Context]]] = {
    "attention": shown.attention,
    "places": shown.places,
    "sales": shown.sales,
    "door": shown.door,
    "feed": shown.happenings,
}
"""What a replay draws too, by the name of its partial."""


@region(
    "dashboard/attention.html",
    watches={
        **OF_EVENT,
        **{"books": EVENT, "forms": EVENT, "audits": EVENT, "doors": EVENT},
        **{"door_counts": "event_id", "door_devices": "event_id"},
    },
    visible_to=editor,
)
async def dashboard_attention(organiser_id: str, event_id: str) -> Context | None:
    """What needs somebody, the worst first."""
    return await _part("attention", organiser_id, event_id)


@region(
    "dashboard/places.html",
    watches={**OF_EVENT, "books": EVENT, "door_counts": "event_id", "looks": "event_id"},
    visible_to=editor,
)
async def dashboard_places(organiser_id: str, event_id: str) -> Context | None:
    """What eats the capacity, how far people came, and how the line moved."""
    return await _part("places", organiser_id, event_id)


@region("dashboard/sales.html", watches={"books": EVENT, "events": EVENT}, visible_to=editor)
async def dashboard_sales(organiser_id: str, event_id: str) -> Context | None:
    """Registrations by the minute and over time."""
    return await _part("sales", organiser_id, event_id)


@region(
    "dashboard/door.html",
    watches={"books": EVENT, "events": EVENT, "doors": EVENT, "door_counts": "event_id"},
    visible_to=editor,
)
async def dashboard_door(organiser_id: str, event_id: str) -> Context | None:
    """Who is inside beside the limit, who came, and who did not."""
    return await _part("door", organiser_id, event_id)


@region(
    "dashboard/feed.html",
    watches={"books": EVENT, "events": EVENT, "door_counts": "event_id", "records": ("about_event", "event_id")},
    visible_to=editor,
)
async def dashboard_feed(organiser_id: str, event_id: str) -> Context | None:
    """What happened last, in words."""
    return await _part("feed", organiser_id, event_id)


@region("dashboard/looking.html", watches={"@viewers": ("_id", "looked_at")}, visible_to=editor)
async def dashboard_looking(organiser_id: str, looked_at: str) -> Context | None:  # noqa: ARG001 - whose it is
    """How many have the event's page open just now; `looked_at` is the key of the region that they see there."""
    try:
        return {"count": viewers(parse(looked_at))}
    except NoSuchRegion:
        return None


async def _part(name: str, organiser_id: str, event_id: str) -> Context | None:
    event = await events.if_there(organiser_id, event_id)
    return await PARTS[name](event, None) if event else None
