"""A migration, and which versions a database may have for this code to run on it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from webapp.errors import Misconfigured

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Migration:
    """Brings a database from the schema `number - 1` to `number`.

    `work` may be stopped anywhere and is then run again from its beginning, beside older copies that go on writing.
    `runs_from` is the oldest schema whose code still runs on the database afterwards.
    """

    number: int
    name: str
    work: Work
    runs_from: int


class Schema(BaseModel):
    """What is kept about a database: which schema it has, and code of which schemas runs on it."""

    model_config = ConfigDict(frozen=True)

    number: int = 0
    runs_from: int = 0
    version: str = ""
    at: datetime | None = None


class Done(BaseModel):
    """The record of a migration that was run."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    number: int = Field(alias="_id")
    name: str
    version: str
    at: datetime
    seconds: float


def due(steps: Sequence[Migration], schema: Schema) -> list[Migration]:
    """What has to be run, in order. Raises Misconfigured when this code is too old for the database."""
    known = steps[-1].number
    if schema.number > known and schema.runs_from > known:
        raise Misconfigured(
            f"The database has schema {schema.number}, made by Turnout {schema.version}, and this version knows "
            f"{known}; start {schema.version} or newer, or restore a backup from before that upgrade."
        )
    return [step for step in steps if step.number > schema.number]
