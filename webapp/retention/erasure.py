"""An erasure: what of an event is to go, and how far that is."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class What(StrEnum):
    """What of an event goes."""

    PERSONS = "persons"
    EVERYTHING = "everything"


class Erasure(BaseModel):
    """As it is kept, one for each event. It belongs to a worker until `due_at`, then any worker may carry it on.

    Batches of `stage` begin behind `after`; `left` are the stages that come then. One that is over has no `due_at`;
    `people` were taken out by it.
    """

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    title: str = ""
    what: What
    stage: str
    after: Any = None
    left: list[str] = []
    people: int = 0
    asked_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.done_at is not None
