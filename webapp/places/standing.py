"""Where an event's places stand: how many each pool has, and how long the lines are that wait for them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

Places = Mapping[str, int]
"""How many places of which pool."""


@dataclass(slots=True)
class Room:
    """What one pool has; without a capacity it has no end."""

    capacity: int | None
    taken: int

    @property
    def left(self) -> int | None:
        """Below zero when it was overbooked on purpose."""
        return None if self.capacity is None else self.capacity - self.taken


@dataclass(slots=True)
class Line:
    """Who waits for one ticket type: how many entries, for how many places, of which pools."""

    entries: int = 0
    places: int = 0
    pools: list[str] = field(default_factory=list)
    is_paused: bool = False


@dataclass(slots=True)
class Standing:
    """What is known of an event's places at a `number` of its book, the number of ledger entries until then.

    `tally` is what webapp/places/tally.py says, `at` the instant of the last change.
    """

    organiser_id: str
    number: int
    pools: dict[str, Room]
    lines: dict[str, Line]
    tally: Counter[str] = field(default_factory=Counter)
    at: datetime | None = None

    @classmethod
    def of(cls, book: Mapping[str, Any], pools: Iterable[Mapping[str, Any]]) -> Self:
        """From the documents of the book and of its pools."""
        rooms = {pool["_id"]: Room(pool["capacity"], pool["taken"]) for pool in pools}
        counted = Counter(book.get("tally", {}))
        return cls(book["organiser_id"], book["number"], rooms, lines_of(book), counted, book.get("at"))

    def copy(self) -> Self:
        rooms = {pool_id: replace(room) for pool_id, room in self.pools.items()}
        lines = {key: replace(line) for key, line in self.lines.items()}
        return replace(self, pools=rooms, lines=lines, tally=self.tally.copy())

    def room_for(self, places: Places) -> bool:
        """Whether all of these places are there."""
        return all(self._has(pool_id, count) for pool_id, count in places.items())

    def seats_in(self, pools: Iterable[str]) -> int | None:
        """How many people fit into all of these pools; None when there is no end."""
        found = [self.pools[pool_id].left for pool_id in pools if pool_id in self.pools]
        limits = [left for left in found if left is not None]
        return min(limits) if limits else None

    def move(self, places: Places) -> None:
        """Takes places, or gives them back where the count is negative."""
        for pool_id, count in places.items():
            self.pools[pool_id].taken += count

    def waiting_for(self, type_id: str) -> int:
        """How many entries wait for a ticket type."""
        return self.lines[type_id].entries if type_id in self.lines else 0

    @property
    def servable(self) -> dict[str, int | None]:
        """The ticket types whose line could move, each with how many people could be let in."""
        moving = {key: self.seats_in(line.pools) for key, line in self.lines.items() if self._can_move(line)}
        return {key: seats for key, seats in moving.items() if seats is None or seats > 0}

    def _can_move(self, line: Line) -> bool:
        return line.entries > 0 and not line.is_paused

    def _has(self, pool_id: str, count: int) -> bool:
        left = self.pools[pool_id].left
        return left is None or left >= count


def lines_of(book: Mapping[str, Any]) -> dict[str, Line]:
    """The lines as the book keeps them."""
    return {type_id: Line(**kept) for type_id, kept in book["lines"].items()}
