"""How an event's places stood at the end of every minute, hour and day in which something changed.

A mark is the whole tally, written in the transaction of the change, so any moment is one document away. Marks of
minutes answer what was so at a moment; those of hours and days are the points of a curve over weeks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pymongo import UpdateOne

from webapp import database
from webapp.belonging import belongs
from webapp.database import IndexModel, Session, db
from webapp.places.standing import Standing

Document = dict[str, Any]

database.keep("place_marks", IndexModel([("event_id", 1), ("grain", 1), ("begins_at", -1)]))
belongs("place_marks")


class Grain(StrEnum):
    """How long a mark stays the last one."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class Mark:
    """How an event's places stood: at note `number`, last changed `at`, with the capacity of each pool.

    `paused` are the ticket types whose line stood still.
    """

    number: int
    at: datetime
    begins_at: datetime
    tally: Mapping[str, int]
    capacity: Mapping[str, int | None]
    paused: Sequence[str] = ()


def begin_of(at: datetime, grain: Grain) -> datetime:
    """When the minute, hour or day (of UTC) began."""
    minute = at.replace(second=0, microsecond=0)
    return {Grain.MINUTE: minute, Grain.HOUR: minute.replace(minute=0), Grain.DAY: minute.replace(minute=0, hour=0)}[
        grain
    ]


async def make(standings: Sequence[tuple[str, Standing]], session: Session) -> None:
    """Writes how these events stand into their marks of now."""
    changes: list[Any] = [_mark(event_id, one, grain) for event_id, one in standings if one.at for grain in Grain]
    if changes:
        await db().place_marks.bulk_write(changes, session=session)


async def last(event_id: str, until: datetime | None = None) -> Mark | None:
    """How it stood at the end of the minute `until`, or stands; None before anything had happened."""
    query = _of(event_id, Grain.MINUTE, until=until)
    found = await db().place_marks.find(query).sort("begins_at", -1).limit(1).to_list(1)
    return _read(found[0]) if found else None


async def first(event_id: str) -> datetime | None:
    """When something happened first."""
    query = _of(event_id, Grain.MINUTE)
    found = await db().place_marks.find(query, {"begins_at": 1}).sort("begins_at", 1).limit(1).to_list(1)
    return found[0]["begins_at"] if found else None


async def curve(
    event_id: str, grain: Grain, names: Sequence[str], *, since: datetime, until: datetime
) -> list[tuple[datetime, Counter[str]]]:
    """These numbers of the tally after each minute, hour or day in which something changed, the earliest first."""
    query, wanted = _of(event_id, grain, since, until), {f"tally.{name}": 1 for name in names}
    found = db().place_marks.find(query, {"begins_at": 1, **wanted}).sort("begins_at", 1)
    return [(one["begins_at"], Counter(one.get("tally", {}))) for one in await found.to_list(None)]


def _mark(event_id: str, standing: Standing, grain: Grain) -> Any:
    assert standing.at  # noqa: S101 - `make` looked
    begins_at = begin_of(standing.at, grain)
    values = {
        "organiser_id": standing.organiser_id,
        "event_id": event_id,
        "grain": grain,
        "begins_at": begins_at,
        "at": standing.at,
        "number": standing.number,
        "tally": {name: count for name, count in standing.tally.items() if count},
        "capacity": {pool_id: room.capacity for pool_id, room in standing.pools.items()},
        "paused": sorted(type_id for type_id, line in standing.lines.items() if line.is_paused),
    }
    return UpdateOne({"_id": f"{event_id}:{grain}:{begins_at:%Y%m%d%H%M}"}, {"$set": values}, upsert=True)


def _of(event_id: str, grain: Grain, since: datetime | None = None, until: datetime | None = None) -> Document:
    query: Document = {"event_id": event_id, "grain": grain}
    times = {**({"$gte": since} if since else {}), **({"$lte": until} if until else {})}
    return query | ({"begins_at": times} if times else {})


def _read(found: Mapping[str, Any]) -> Mark:
    tally: Mapping[str, int] = Counter(found["tally"])
    return Mark(found["number"], found["at"], found["begins_at"], tally, found["capacity"], found["paused"])
