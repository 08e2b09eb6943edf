"""An import: where it came from, how far it is, and what it did. It is a document, so its progress is live."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from webapp.imports.calendar import Problem

MOST_PROBLEMS = 200


class State(StrEnum):
    """How far an import is."""

    READING = "reading"
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


class Import(BaseModel):
    """One run over one calendar. It belongs to a worker until `due_at`, then any worker may carry it on."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(alias="_id")
    origin: str = Field(description="The address or the name of the file.")
    calendar: str = ""
    name: str = ""
    by: str = ""
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

    @property
    def path(self) -> str:
        return f"/import/{self.id}"

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED)

    @property
    def title(self) -> str:
        return self.name or self.origin

    @property
    def unnamed_problems(self) -> int:
        return self.problem_count - len(self.problems)
