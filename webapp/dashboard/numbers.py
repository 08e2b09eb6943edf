"""The numbers of an event, of now or as they were at the end of a minute. Every read is one of a few documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.dashboard.shares import Use, of_kind, of_pool
from webapp.database import db
from webapp.door import counts, lists
from webapp.door import marks as door_marks
from webapp.events.event import Event
from webapp.places import marks
from webapp.places.marks import Grain, Mark
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.ticket_type import TicketType

WINDOW = timedelta(minutes=59)
CURVE = "done"


@dataclass(frozen=True)
class Places:
    """How the places of an event stand; `at` is when that last changed."""

    tally: Mapping[str, int]
    pools: Sequence[Use]
    kinds: Sequence[Use]
    mark: Mark | None = None
    paused: Sequence[str] = ()

    def tickets(self, state: str) -> int:
        return self.tally.get(f"tickets:{state}", 0)

    def entries(self, state: str) -> int:
        return self.tally.get(f"entries:{state}", 0)

    @property
    def cancelled(self) -> int:
        """Tickets that were confirmed once and are not any more."""
        return self.tally.get("done", 0) - self.tickets("confirmed")


@dataclass(frozen=True)
class Inside:
    """How the door stands: `came` are people who were let in at all, `expected` those with a ticket that is good."""

    inside: int
    came: int
    expected: int
    limit: int | None
    last_at: datetime | None

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.came)

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.inside >= self.limit


async def places(event: Event, until: datetime | None = None) -> Places:
    """How the places stand, or stood at the end of the minute `until`."""
    mark = await marks.last(event.id, until)
    tally = mark.tally if mark else Counter[str]()
    pools = [
        of_pool(pool.id, pool.name, mark.capacity[pool.id] if mark else pool.capacity, tally)
        for pool in await ticket_types.pools_of(event)
        if mark is None or pool.id in mark.capacity
    ]
    kinds = await _kinds(event, pools, tally)
    return Places(tally, pools, kinds, mark, mark.paused if mark else ())


async def inside(event: Event, until: datetime | None = None) -> Inside:
    """How the door stands, or stood at the end of the minute `until`."""
    mark = await marks.last(event.id, until)
    expected = mark.tally.get("tickets:confirmed", 0) if mark else 0
    last_at = await door_marks.last(event.id, until)
    if until is None:
        now = await counts.numbers(event.id)
        return Inside(now.inside, now.came, expected, await lists.limit(event.id), last_at)
    stood = await door_marks.stood(event.id, until)
    return Inside(stood["inside"], stood["came"], expected, await _limit(event, until), last_at)


async def registered_by_minute(event: Event, mark: Mark) -> list[tuple[datetime, int]]:
    """Tickets that were confirmed in each minute of the last hour in which something happened."""
    since = mark.begins_at - WINDOW
    before = await marks.last(event.id, since - timedelta(minutes=1))
    count, found = (before.tally.get(CURVE, 0) if before else 0), []
    for at, tally in await marks.curve(event.id, Grain.MINUTE, [CURVE], since=since, until=mark.begins_at):
        found.append((at, tally[CURVE] - count))
        count = tally[CURVE]
    return found


async def registered_over_time(event: Event, mark: Mark) -> list[tuple[datetime, int]]:
    """Tickets that had been confirmed at the ends of minutes, hours or days, from the first one on."""
    begins_at = await marks.first(event.id) or mark.begins_at
    grain = _grain(mark.begins_at - begins_at)
    # The hour or day that goes on is told by its last minute, so that a replay knows nothing of what came after it.
    until = marks.begin_of(mark.begins_at, grain) - timedelta(minutes=1)
    known = await marks.curve(event.id, grain, [CURVE], since=marks.begin_of(begins_at, grain), until=until)
    # A point stands at the end of its hour or day.
    points = [(at + _LENGTHS[grain], tally[CURVE]) for at, tally in known]
    return [(begins_at, 0), *points, (max([mark.begins_at, *(at for at, _ in points)]), mark.tally.get(CURVE, 0))]


async def came_by_minute(event: Event, last_at: datetime) -> list[tuple[datetime, int]]:
    """People who were let in, in each minute of the last hour in which somebody was scanned."""
    found = await door_marks.between(event.id, door_marks.Grain.MINUTE, last_at - WINDOW, last_at)
    return [(at, added["entry"]) for at, added in found.items()]


async def inside_over_time(event: Event, last_at: datetime, now: int) -> list[tuple[datetime, int]]:
    """How many were inside at the end of each ten minutes of the last twelve hours, reckoned back from `now`."""
    ten = door_marks.begin_of(last_at, door_marks.Grain.TEN)
    since = ten - timedelta(hours=12)
    tens = await door_marks.between(event.id, door_marks.Grain.TEN, since, ten - timedelta(minutes=1))
    minutes = await door_marks.between(event.id, door_marks.Grain.MINUTE, ten, last_at)
    points, count = [(last_at, now)], now - sum(added["inside"] for added in minutes.values())
    for at, added in reversed(tens.items()):
        points.append((at + timedelta(minutes=10), count))
        count -= added["inside"]
    begins_at = min([*tens, *minutes])
    points.append((begins_at, count))
    return sorted(dict(reversed(points)).items())


_LENGTHS = {Grain.MINUTE: timedelta(), Grain.HOUR: timedelta(hours=1), Grain.DAY: timedelta(days=1)}


def _grain(span: timedelta) -> Grain:
    if span <= timedelta(hours=3):
        return Grain.MINUTE
    return Grain.HOUR if span <= timedelta(days=7) else Grain.DAY


async def _kinds(event: Event, pools: Sequence[Use], tally: Mapping[str, int]) -> list[Use]:
    """The ticket types, where there is more than one."""
    offered = await ticket_types.offered(event)
    if len(offered.types) < 2:
        return []
    return [of_kind(kind.id, kind.name, _tightest(kind, pools), tally) for kind in offered.types]


def _tightest(kind: TicketType, pools: Sequence[Use]) -> Use | None:
    limited = [use for use in pools if use.id in kind.pools and use.capacity is not None]
    return min(limited, key=lambda use: use.free or 0, default=None)


async def _limit(event: Event, until: datetime) -> int | None:
    """How many might be inside at the end of a minute, as the audit has it."""
    changes = {"subject.id": event.id, "action": "limited"}
    end = until + timedelta(minutes=1)
    before = await db().records.find_one(changes | {"at": {"$lt": end}}, {"after": 1}, sort=[("at", -1)])
    if before:
        return _number(before["after"])
    after = await db().records.find_one(changes | {"at": {"$gte": end}}, {"before": 1}, sort=[("at", 1)])
    return _number(after["before"]) if after else await lists.limit(event.id)


def _number(said: Mapping[str, str]) -> int | None:
    return int(said["limit"]) if said.get("limit") else None
