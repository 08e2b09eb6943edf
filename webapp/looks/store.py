"""How many looks there were: a document for each event and day, with a number for each of its hours (of UTC)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from webapp import database
from webapp.belonging import belongs
from webapp.database import IndexModel, db
from webapp.looks.look import Spot

database.keep("looks", IndexModel([("event_id", 1), ("day", 1)]), images=True)
belongs("looks")


async def add(counted: Mapping[Spot, int]) -> None:
    """Adds these numbers, in one request for all of them."""
    changes: list[Any] = [_change(spot, count) for spot, count in counted.items() if count]
    if changes:
        await db().looks.bulk_write(changes, ordered=False)


async def total(event_id: str, until: datetime | None = None) -> int:
    """How often an event was looked at, ever, or until the end of the hour in which `until` lies."""
    day = _day(until) if until else None
    query = {"event_id": event_id, **({"day": {"$lte": day}} if day else {})}
    found = await db().looks.find(query, {"day": 1, "count": 1, "hours": 1}).to_list(None)
    return sum(_until(one["hours"], until) if until and one["day"] == day else one["count"] for one in found)


def _change(spot: Spot, count: int) -> Any:
    day = _day(spot.hour)
    whose = {"organiser_id": spot.organiser_id, "event_id": spot.event_id, "day": day}
    change = {"$set": whose, "$inc": {"count": count, f"hours.{spot.hour:%H}": count}}
    return UpdateOne({"_id": f"{spot.event_id}:{day:%Y%m%d}"}, change, upsert=True)


def _until(hours: Mapping[str, int], until: datetime) -> int:
    return sum(count for hour, count in hours.items() if int(hour) <= until.hour)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
