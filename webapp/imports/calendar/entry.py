"""What a calendar holds, once read: entries that fit an event, and sentences about what did not."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from webapp.events.event import Details

BACK = timedelta(days=366)
AHEAD = timedelta(days=2 * 366)
SAID = [name for name in Details.model_fields if name not in ("summary", "doors", "capacity")]


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
    def said(self) -> dict[str, str]:
        """A short hash of each detail that calendars have; what they never say is people's own."""
        details = self.details.model_dump(mode="json")
        return {name: _hash(repr(details[name]), 8) for name in SAID}

    @property
    def digest(self) -> str:
        """Changes when, and only when, what the calendar says about this occurrence changes."""
        return _hash(f"{self.said}{self.cancelled}", 32)


def _hash(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


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
