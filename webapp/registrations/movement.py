"""What moved in the lines of an event: minute by minute, without a name, and what it meant for one who waits."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from webapp import when
from webapp.places.case import FREED, LEFT, OFFERED, PAUSED, REMOVED, RESUMED
from webapp.registrations.registration import Entry

SHOWN = 8

Move = Mapping[str, Any]


@dataclass(frozen=True)
class Minute:
    """What moved in one minute; `at` is the first instant of it that is known, `wall` what the event's clock showed."""

    at: datetime
    wall: datetime
    counts: Mapping[str, int]
    came_from: int = 0
    came_to: int = 0

    @property
    def sentence(self) -> str:
        """Such as `2 places free again, 1 group has an offer`."""
        said = [_SAID[what](count) for what, count in self.counts.items() if count]
        return ", ".join(said)

    @property
    def is_closer(self) -> bool:
        return self.came_to < self.came_from


def of_lines(moves: Sequence[Move], zone: str) -> list[Minute]:
    """All that moved, the latest first."""
    return [_minute(run, _counts(run), zone) for run in _runs(moves, zone)[:SHOWN]]


def seen_by(entry: Entry, moves: Sequence[Move], ahead: int, zone: str) -> list[Minute]:
    """What moved in the lines of somebody who waits since they do, and by how much they moved, the latest first."""
    mine = [move for move in moves if move["number"] > entry.number and _concerns(entry, move)]
    minutes, place = [], ahead + 1
    for run in _runs(mine, zone):
        gone = sum(move.get("place", entry.number) < entry.number for move in run)
        minutes.append(_minute(run, _counts(run, entry), zone, came_from=place + gone, came_to=place))
        place += gone
    return minutes[:SHOWN]


def _runs(moves: Sequence[Move], zone: str) -> list[list[Move]]:
    newest_first = sorted(moves, key=lambda move: -move["number"])
    return [list(run) for _, run in groupby(newest_first, lambda move: _minute_of(move, zone))]


def _minute_of(move: Move, zone: str) -> datetime:
    return when.wall(move["at"], zone).replace(second=0, microsecond=0)


def _minute(run: Sequence[Move], counts: Mapping[str, int], zone: str, **places: int) -> Minute:
    return Minute(min(move["at"] for move in run), _minute_of(run[0], zone), counts, **places)


def _concerns(entry: Entry, move: Move) -> bool:
    if move["what"] == FREED:
        return any(pool_id in entry.needs for pool_id in move["pools"])
    return any(type_id in entry.ticket_type_ids for type_id in move["types"])


def _counts(run: Iterable[Move], entry: Entry | None = None) -> dict[str, int]:
    freed: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for move in run:
        if move["what"] == FREED:
            freed.update(move["pools"])
        else:
            others[move["what"]] += 1
    pools = entry.needs if entry else freed
    # One ticket may need a place in several pools: it is one place that people see go.
    return {**{what: others[what] for what in _SAID}, FREED: max((freed[pool_id] for pool_id in pools), default=0)}


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


_SAID: dict[str, Callable[[int], str]] = {
    FREED: lambda count: _many(count, "place free again", "places free again"),
    OFFERED: lambda count: _many(count, "group has an offer", "groups have an offer"),
    LEFT: lambda count: f"{count} left the line",
    REMOVED: lambda count: _many(count, "was taken out of the line", "were taken out of the line"),
    PAUSED: lambda _: "the line was stopped",
    RESUMED: lambda _: "the line moves on",
}
