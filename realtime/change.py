"""A change of the database: what changed and when, never the new value. Its id is the database's own logical time."""

import json
from dataclasses import dataclass, field
from typing import NamedTuple


class Position(NamedTuple):
    """A place in the history: cluster time packed as seconds << 32 | ordinal, and the part of it from 1.

    Written `time-part`, which is a Redis Stream's entry id. Part 0 is the place before everything of that time.
    """

    time: int
    part: int

    def __str__(self) -> str:
        return f"{self.time}-{self.part}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        time, _, part = text.partition("-")
        return cls(int(time), int(part))

    @property
    def next_time(self) -> "Position":
        """Where the next history begins after this one was lost: what ended it, a drop, would end it again."""
        return Position(self.time + 1, 0)

    @property
    def seconds(self) -> int:
        """Unix time of the database."""
        return self.time >> 32


ZERO = Position(0, 0)

Values = dict[str, list[str] | None]


@dataclass(frozen=True, slots=True)
class Change:
    """`values` holds each routing field's values before and after; None means unknown, so it may be any."""

    id: Position
    collection: str
    document: str
    kind: str
    at: float
    values: Values = field(default_factory=dict)

    @property
    def is_of_all(self) -> bool:
        """True when the whole collection is meant: dropped or renamed."""
        return not self.document

    def to_json(self) -> str:
        """The entry in the log; the id is kept beside it."""
        return json.dumps([self.collection, self.document, self.kind, round(self.at, 3), self.values])

    @classmethod
    def from_json(cls, id: Position, text: str | bytes) -> "Change":  # noqa: A002
        collection, document, kind, at, values = json.loads(text)
        return cls(id, collection, document, kind, at, values)
