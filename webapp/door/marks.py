"""What every minute, and every ten of them, added to the numbers of a door, by when the server learnt of it.

Each shard adds to marks of its own, so that workers do not wait for each other. How a door stood at some moment is the
sum of all tens before and the minutes since.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pymongo import UpdateOne

from webapp import database
from webapp.belonging import belongs
from webapp.database import IndexModel, Session, db

NUMBERS = ("inside", "came", "entry", "exit", "undo", "refused")
Document = dict[str, Any]

database.keep("door_marks", IndexModel([("event_id", 1), ("grain", 1), ("begins_at", -1)]))
belongs("door_marks")


class Grain(StrEnum):
    """How much one mark adds up."""

    MINUTE = "minute"
    TEN = "ten"


def begin_of(at: datetime, grain: Grain) -> datetime:
    """When the minute, or the ten of them, began."""
    minute = at.replace(second=0, microsecond=0)
    return minute if grain is Grain.MINUTE else minute.replace(minute=minute.minute // 10 * 10)


async def make(
    whose: Mapping[str, str], shard: int, counts: Mapping[str, int], *, at: datetime, session: Session
) -> None:
    """Adds what a transaction changed; `whose` names the organiser and the event."""
    added = {name: counts[name] for name in NUMBERS if counts.get(name)}
    if added:
        changes = [_mark(whose, shard, added, begin_of(at, grain), grain) for grain in Grain]
        await db().door_marks.bulk_write(changes, session=session)


async def stood(event_id: str, until: datetime) -> Counter[str]:
    """How the door stood at the end of the minute `until`."""
    ten = begin_of(until, Grain.TEN)
    total = await _sum(_of(event_id, Grain.TEN) | {"begins_at": {"$lt": ten}})
    total.update(await _sum(_of(event_id, Grain.MINUTE) | {"begins_at": {"$gte": ten, "$lte": until}}))
    return total


async def last(event_id: str, until: datetime | None = None) -> datetime | None:
    """The last minute in which something happened, up to `until`; None where nothing did."""
    return await _end(_of(event_id, Grain.MINUTE) | ({"begins_at": {"$lte": until}} if until else {}), -1)


async def first(event_id: str) -> datetime | None:
    """The minute in which somebody was scanned first."""
    return await _end(_of(event_id, Grain.MINUTE), 1)


async def between(event_id: str, grain: Grain, since: datetime, until: datetime) -> dict[datetime, Counter[str]]:
    """What was added in each minute, or each ten, in which something happened."""
    query = _of(event_id, grain) | {"begins_at": {"$gte": since, "$lte": until}}
    found: dict[datetime, Counter[str]] = {}
    async for one in db().door_marks.find(query).sort("begins_at", 1):
        found.setdefault(one["begins_at"], Counter()).update({name: one.get(name, 0) for name in NUMBERS})
    return found


async def _end(query: Document, order: int) -> datetime | None:
    found = await db().door_marks.find_one(query, {"begins_at": 1}, sort=[("begins_at", order)])
    return found["begins_at"] if found else None


async def _sum(query: Document) -> Counter[str]:
    totals = {name: {"$sum": f"${name}"} for name in NUMBERS}
    rows = await db().door_marks.aggregate([{"$match": query}, {"$group": {"_id": None, **totals}}]).to_list(1)
    return Counter({name: rows[0][name] for name in NUMBERS} if rows else {})


def _mark(whose: Mapping[str, str], shard: int, added: Mapping[str, int], begins_at: datetime, grain: Grain) -> Any:
    change = {"$set": {**whose, "grain": grain, "begins_at": begins_at}, "$inc": dict(added)}
    mark_id = f"{whose['event_id']}:{shard}:{grain}:{begins_at:%Y%m%d%H%M}"
    return UpdateOne({"_id": mark_id}, change, upsert=True)


def _of(event_id: str, grain: Grain) -> Document:
    return {"event_id": event_id, "grain": grain}
