"""What programs see of organisers and events: made from what is kept, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, Field

from webapp.api.answering import View, example
from webapp.events.event import Event, Phase, State
from webapp.organisers.organiser import Organiser, Role

ORGANISER_EXAMPLE = {
    "id": "7mrxm5hj4y7cvp2k",
    "slug": "harbour-hall",
    "name": "Harbour Hall",
    "about": "Music by the water.",
    "email": "hello@example.org",
    "created_at": "2026-01-10T09:00:00Z",
    "role": "editor",
}
EVENT_EXAMPLE = {
    "id": "0q8y2c6b5n1zr4tw",
    "slug": "jazz-by-the-water",
    "organiser_id": "7mrxm5hj4y7cvp2k",
    "title": "Jazz by the water",
    "summary": "Two sets, and the bar stays open.",
    "description": "An evening of **music**.",
    "description_html": "<p>An evening of <strong>music</strong>.</p>",
    "zone": "Europe/Berlin",
    "starts": "2026-08-01T20:00",
    "ends": "2026-08-01T23:00",
    "doors": "2026-08-01T19:00",
    "starts_at": "2026-08-01T18:00:00Z",
    "ends_at": "2026-08-01T21:00:00Z",
    "doors_at": "2026-08-01T17:00:00Z",
    "all_day": False,
    "place_name": "Harbour Hall",
    "place_address": "Quay 4",
    "latitude": 53.54,
    "longitude": 9.98,
    "online_url": "",
    "capacity": 120,
    "tags": ["jazz"],
    "language": "en",
    "organiser_name": "",
    "state": "published",
    "phase": "upcoming",
    "version": 3,
    "created_at": "2026-05-02T10:00:00Z",
    "changed_at": "2026-05-03T11:30:00Z",
    "deleted_at": None,
}
# What an event is where nothing was kept.
UNSAID: Mapping[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in Event.model_fields.items()
    if not field.is_required()
}


class OrganiserView(View):
    """Who runs events."""

    model_config = ConfigDict(json_schema_extra=example(ORGANISER_EXAMPLE))

    slug: str
    name: str
    about: str
    email: str | None = Field(description="Where answers to its mails go; told to its team only.")
    created_at: datetime
    role: Role | None = Field(description="Yours in its team; null outside it.")

    @classmethod
    def of(cls, one: Organiser, role: Role | None = None) -> Self:
        return cls.made_of(one, role=role, email=one.email if role else None)


class EventView(View):
    """A gathering. `starts`, `ends` and `doors` are wall times in `zone`; the same with `_at` are instants."""

    model_config = ConfigDict(json_schema_extra=example(EVENT_EXAMPLE))

    slug: str
    organiser_id: str
    title: str
    summary: str
    description: str = Field(description="Markdown.")
    description_html: str
    zone: str
    starts: str
    ends: str
    doors: str | None
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None
    all_day: bool
    place_name: str
    place_address: str
    latitude: float | None
    longitude: float | None
    online_url: str
    capacity: int | None
    tags: list[str]
    language: str
    organiser_name: str
    state: State
    phase: Phase
    version: int = Field(description="Counts edits.")
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, event: Event) -> Self:
        walls = {name: _wall(getattr(event, name)) for name in ("starts", "ends", "doors")}
        return cls.made_of(event, **walls)

    @classmethod
    def kept(cls, row: Mapping[str, Any]) -> Self:
        """The same from what `Event.document` kept, for many at once: what was typed is not looked at again."""
        return cls.model_validate({**UNSAID, "doors_at": None, **row, "id": row["_id"]})


def _wall(time: datetime | None) -> str | None:
    return time.isoformat(timespec="minutes") if time else None
