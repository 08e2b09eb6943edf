"""Events by their days: what a list, a day and a month calendar show. Days are those of each event's own zone."""

from calendar import Calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from webapp import when
from webapp.events.event import Event, Listed, Phase

IN_A_CELL = 3
LONGEST = 60  # days of one event that a calendar shows at most


@dataclass(frozen=True)
class Dated:
    """An event with what its dates say: the distance from UTC at its start, and its first and last day."""

    event: Event | Listed
    offset: str
    first_day: date
    last_day: date

    @property
    def is_one_day(self) -> bool:
        return self.first_day == self.last_day

    @property
    def city(self) -> str:
        """The zone as people say it: `Berlin`."""
        return self.event.zone.rpartition("/")[2].replace("_", " ")

    @property
    def zone_and_offset(self) -> str:
        """`Berlin, UTC+2`, or `UTC` alone."""
        return self.city if self.city == self.offset else f"{self.city}, {self.offset}"

    def days(self) -> Iterable[date]:
        count = min((self.last_day - self.first_day).days + 1, LONGEST)
        return (self.first_day + timedelta(days=number) for number in range(count))


@dataclass(frozen=True)
class Day:
    """A day and what happens on it."""

    date: date
    events: list[Dated]

    @property
    def shown(self) -> list[Dated]:
        """Those that fit into a cell of a calendar."""
        return self.events if len(self.events) <= IN_A_CELL else self.events[: IN_A_CELL - 1]

    @property
    def more(self) -> int:
        return len(self.events) - len(self.shown)


@dataclass(frozen=True)
class Listing:
    """What is going on now, then what comes, day by day."""

    now: list[Dated]
    days: list[Day]

    @property
    def is_empty(self) -> bool:
        return not self.now and not self.days


def dated(event: Event | Listed) -> Dated:
    """An event with its days. One that ends at midnight ends on the day before."""
    last_minute = event.ends - timedelta(minutes=1)
    return Dated(
        event, when.offset(event.starts_at, event.zone), event.starts.date(), max(event.starts, last_minute).date()
    )


def listing(events: Iterable[Event | Listed]) -> Listing:
    """Events as a list shows them: each once, on its first day."""
    every = [dated(event) for event in events]
    coming: dict[date, list[Dated]] = {}
    for one in every:
        if one.event.phase is not Phase.ON_NOW:
            coming.setdefault(one.first_day, []).append(one)
    now = [one for one in every if one.event.phase is Phase.ON_NOW]
    return Listing(now, [Day(day, coming[day]) for day in sorted(coming)])


def weeks(month: date, events: Iterable[Event | Listed]) -> list[list[Day]]:
    """The weeks of a month, Monday first, with everything that touches each day."""
    on: dict[date, list[Dated]] = {}
    for one in map(dated, events):
        for day in one.days():
            on.setdefault(day, []).append(one)
    rows = Calendar().monthdatescalendar(month.year, month.month)
    return [[Day(day, sorted(on.get(day, []), key=_on_the_wall)) for day in row] for row in rows]


def _on_the_wall(one: Dated) -> tuple[datetime, str]:
    return one.event.starts, one.event.id
