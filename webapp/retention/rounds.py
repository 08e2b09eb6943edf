"""Looks now and then for what is due: deleted events whose time is up, and past ones whose people are to be forgotten.

One worker does a round; what it finds is noted, and any worker carries it out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp import database
from webapp.admin import retention
from webapp.audit.actor import CLOCK
from webapp.database import DuplicateKeyError, db
from webapp.due import LONG_AGO
from webapp.events.event import Event
from webapp.retention import policy, store

EVERY = {"deleted": timedelta(minutes=1), "past": timedelta(hours=1)}
AT_ONCE = 200

database.keep("retention_rounds")


async def end_deleted(now: datetime) -> int:
    """Begins to end the events that were deleted long enough ago; says how many."""
    if not await _is_mine_to_do("deleted", now):
        return 0
    before = now - timedelta(days=(await retention.current()).deleted_event_days)
    found = await db().events.find(deleted(before), {"_id": 1}).sort("deleted_at", 1).limit(AT_ONCE).to_list(AT_ONCE)
    return sum([await store.end(one["_id"], before=before, now=now) for one in found])


async def shred_past(now: datetime) -> int:
    """Begins to take persons out of events that were over long enough ago; says of how many events."""
    if not await _is_mine_to_do("past", now):
        return 0
    began = 0
    async for organiser in db().organisers.find(organisers(policy.of_installation()), {"personal_days": 1}):
        days = organiser.get("personal_days")
        until = now - timedelta(days=policy.of_installation() if days is None else days)
        began += await _shred_of(organiser["_id"], until, now)
    return began


async def hurry() -> None:
    """Has past events looked for at once."""
    await db().retention_rounds.update_one({"_id": "past"}, {"$set": {"next_at": LONG_AGO}})


def deleted(before: datetime) -> dict[str, Any]:
    """What finds events that were deleted before then."""
    return {"deleted_at": {"$type": "date", "$lte": before}}


def organisers(of_installation: int) -> dict[str, Any]:
    """What finds organisers that do not keep personal data for ever."""
    return {"personal_days": {"$ne": 0}} if of_installation else {"personal_days": {"$gt": 0}}


def past(organiser_id: str, until: datetime) -> dict[str, Any]:
    """What finds an organiser's events that ended before then and still have their people."""
    return {"organiser_id": organiser_id, "shredded_at": None, "ends_at": {"$lte": until}, "deleted_at": None}


async def _shred_of(organiser_id: str, until: datetime, now: datetime) -> int:
    found = await db().events.find(past(organiser_id, until)).limit(AT_ONCE).to_list(AT_ONCE)
    found += await _late(organiser_id, until)
    for one in found:
        await store.shred(Event.model_validate(one), by=CLOCK, now=now)
    return len(found)


async def _late(organiser_id: str, until: datetime) -> list[Mapping[str, Any]]:
    """Events that somebody registered for, or changed a registration of, after their people were taken out."""
    stages: list[dict[str, Any]] = [
        {"$match": {"organiser_id": organiser_id, "done_at": {"$ne": None}}},
        {"$lookup": {"from": "books", "localField": "_id", "foreignField": "_id", "as": "book"}},
        {"$match": {"$expr": {"$gt": [{"$first": "$book.at"}, "$asked_at"]}}},
        {"$lookup": {"from": "events", "localField": "_id", "foreignField": "_id", "as": "event"}},
        {"$replaceWith": {"$first": "$event"}},
        {"$match": {"ends_at": {"$lte": until}, "deleted_at": None}},
        {"$limit": AT_ONCE},
    ]
    return [dict(one) for one in await db().erasures.aggregate(stages).to_list(AT_ONCE)]


async def _is_mine_to_do(name: str, now: datetime) -> bool:
    """Whether it is due, and no other worker does it."""
    rounds = db().retention_rounds
    if await rounds.find_one({"_id": name, "next_at": {"$gt": now}}, {"_id": 1}):
        return False
    change = {"$set": {"next_at": now + EVERY[name]}}
    try:
        await rounds.find_one_and_update({"_id": name, "next_at": {"$lte": now}}, change, upsert=True)
    except DuplicateKeyError:
        return False
    return True
