"""An import: where it came from, how far it is, and what it did. It is a document, so its progress is live."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from webapp.audit.actor import Actor, Via
from webapp.audit.record import Kind, Subject
from webapp.imports.calendar import Problem

MOST_PROBLEMS = 200


class State(StrEnum):
    """How far an import is."""

    READING = "reading"
    ASKING = "asking"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"


class Counts(BaseModel):
    """What became of the entries of a calendar."""

    new: int = 0
    changed: int = 0
    same: int = 0
    cancelled: int = Field(default=0, description="Upcoming occurrences that vanished from the calendar.")
    skipped: int = 0
    outside: int = 0

    @property
    def changes_nothing(self) -> bool:
        return not (self.new or self.changed or self.cancelled)


class Concern(BaseModel):
    """Whom an import concerns: registrations of events that it moves, and of those that it calls off."""

    moved: int = Field(default=0, description="Events at another time or place that people come to.")
    moved_people: int = 0
    called_off: int = Field(default=0, description="Events that do not take place any more that people come to.")
    called_off_people: int = 0

    @property
    def is_nobodys(self) -> bool:
        return not (self.moved_people or self.called_off_people)


class Manner(BaseModel):
    """How an import treats those whom it concerns: whether it asks first, and tells nobody of another time or place."""

    asks: bool = True
    is_quiet: bool = False


class Import(BaseModel):
    """One run over one calendar. It belongs to a worker until `due_at`, then any worker may carry it on.

    One that concerns people is not carried on before somebody says so (`is_agreed`), unless it `asks` nobody; `due_at`
    is then when it ends without an answer. With `is_quiet`, those who come are not told of another time or place.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(alias="_id")
    organiser_id: str
    origin: str = Field(description="The address or the name of the file.")
    calendar: str = ""
    name: str = ""
    by: Actor
    state: State = State.READING
    created_at: datetime
    finished_at: datetime | None = None
    due_at: datetime | None = None
    attempts: int = 0
    total: int = 0
    written: int = 0
    counts: Counts = Counts()
    problems: list[Problem] = []
    problem_count: int = 0
    reason: str = ""
    asks: bool = True
    is_agreed: bool = False
    is_quiet: bool = False
    concern: Concern = Concern()

    @property
    def told(self) -> int:
        """How many are told of it by mail."""
        return self.concern.called_off_people + (0 if self.is_quiet else self.concern.moved_people)

    @property
    def writer(self) -> Actor:
        """Who changes events by this import."""
        return replace(self.by, via=Via.IMPORT)

    @property
    def subject(self) -> Subject:
        """The import as the audit names it."""
        return Subject(Kind.IMPORT, self.id, self.title)

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED)

    @property
    def title(self) -> str:
        return self.name or self.origin

    @property
    def unnamed_problems(self) -> int:
        return self.problem_count - len(self.problems)
