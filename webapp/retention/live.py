"""The live region of an organiser's past events: whose people are still known, and how far their going is."""

from datetime import datetime, timedelta
from typing import Any

from realtime import Bound, region
from webapp import when
from webapp.access import owner
from webapp.events.event import Event
from webapp.retention import policy, store

__all__ = ["Bound", "past_events"]


@region(
    "retention/past.html",
    watches={"erasures": "organiser_id", "events": "organiser_id", "organisers": "_id"},
    visible_to=owner,
)
async def past_events(organiser_id: str) -> dict[str, Any]:
    """An organiser's past events, the latest first, with what becomes of their people's data."""
    days = await policy.days_of(organiser_id)
    return {"rows": [(event, one, _goes_at(event, days)) for event, one in await store.past(organiser_id)]}


def _goes_at(event: Event, days: int) -> datetime | None:
    """The day on which it goes by itself, on the clock of the event."""
    return when.wall(event.ends_at + timedelta(days=days), event.zone) if days else None
