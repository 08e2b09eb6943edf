"""What programs ask of the changes and are told of them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp.api.listing import Names
from webapp.changes.audience import MOST_KINDS

USUAL, MOST = 100, 1_000
EXAMPLE: dict[str, Any] = {
    "id": "7708283116430983169-3",
    "kind": "registration.confirmed",
    "organiser_id": "7mrxm5hj4y7cvp2k",
    "event_id": "0q8y2c6b5n1zr4tw",
    "subject_id": "3c8w1x6b5n1zr4tw",
    "at": "2026-05-03T18:00:00.000Z",
    "data": {"number": 412, "places": {}},
}


class Following(BaseModel):
    """Which changes, and from where on."""

    model_config = ConfigDict(extra="forbid")

    event: str = Field("", max_length=64, description="Only those of this event, by its id.")
    kind: Names = Field(
        default_factory=list,
        max_length=MOST_KINDS,
        description="Only of these kinds or families of kinds, with commas between: `registration.confirmed,check_in`.",
    )
    since: str = Field("", max_length=64, description="What came after this id, or `latest`; the first kept otherwise.")
    limit: int = Field(USUAL, ge=1, le=MOST, description="How many at most, of a page.")


class Told(BaseModel):
    """What happened, once: read the resource for what is there now."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str = Field(description="Its place in the order; treat it as text.")
    kind: str
    organiser_id: str
    event_id: str | None
    subject_id: str
    at: datetime
    data: dict[str, Any]


class Changes(BaseModel):
    """Changes in the order in which they were committed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"changes": [EXAMPLE], "next": EXAMPLE["id"], "has_more": False}]}
    )

    changes: list[Told]
    next: str = Field(description="`since` of the following page.")
    has_more: bool = Field(description="Whether there is a following page now.")
