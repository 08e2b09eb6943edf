"""What a calendar holds, once read: entries that fit an event, and sentences about what did not."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from webapp.events.event import Details

BACK = timedelta(days=366)
AHEAD = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Horizon:
    """The stretch of time whose occurrences are imported; both ends are aware."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, now: datetime) -> "Horizon":
        """From a year before `now` to two years after."""
        return cls(now - BACK, now + AHEAD)


class Problem(BaseModel):
    """One thing that could not be read as it stands, and where: what is skipped is not imported."""

    line: int = Field(description="Counted from 1, in the file as it came.")
    reason: str
    what: str = Field("", description="The entry's title, where it has one.")
    skipped: bool = True
    uid: str | None = None


class Entry(BaseModel):
    """One occurrence in a calendar: the details of an event and its identity there."""

    details: Details
    cancelled: bool = False
    uid: str
    recurrence: str = Field("", description="The original start of an occurrence of a series; empty when single.")
    sequence: int = 0
    last_modified: datetime | None = None
    line: int

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the calendar says about this occurrence changes."""
        said = self.details.model_dump_json() + ("cancelled" if self.cancelled else "")
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class Reading(BaseModel):
    """Everything that one file said."""

    calendar: str = Field(description="What the calendar calls itself; the same at the next import.")
    name: str = ""
    entries: list[Entry]
    problems: list[Problem]
    outside: int = Field(0, description="Entries with nothing inside the horizon.")

    @property
    def skipped(self) -> int:
        return sum(problem.skipped for problem in self.problems)
