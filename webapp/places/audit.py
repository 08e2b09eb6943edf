"""Counts every place again, from the ledger and from the documents, and says where the counters differ."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.belonging import By, belongs
from webapp.database import Session, db
from webapp.places.case import TAKING
from webapp.places.recount import differing, recounted

MOST_FINDINGS = 50

database.keep("audits")
belongs("audits", By.ID)


class Audit(BaseModel):
    """What an audit of one event found; no findings means no drift."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    at: datetime
    notes: int
    taken: int
    findings: list[str]


async def audit_all(now: datetime) -> list[Audit]:
    """Audits every event that ever had places."""
    books = await db().books.find({}, {"_id": 1}).sort("_id", 1).to_list(None)
    return [await audit(book["_id"], now=now) for book in books]


async def audit(event_id: str, *, now: datetime) -> Audit:
    """Audits one event as it is at one instant, also while people register, and keeps what was found."""
    async with await database.snapshot() as session:
        found = await _found(event_id, session, now)
    kept = found.model_copy(update={"findings": found.findings[:MOST_FINDINGS]})
    await db().audits.replace_one({"_id": event_id}, kept.model_dump(by_alias=True), upsert=True)
    return found


async def last(event_id: str) -> Audit | None:
    """What the last audit of an event found."""
    found = await db().audits.find_one({"_id": event_id})
    return Audit.model_validate(found) if found else None


async def _found(event_id: str, session: Session, now: datetime) -> Audit:
    # One snapshot for all reads begins with the first of them.
    book = await db().books.find_one({"_id": event_id}, session=session)
    if book is None:
        return Audit(id=event_id, organiser_id="", at=now, notes=0, taken=0, findings=["There is no book."])
    pools = {one["_id"]: one for one in await db().pools.find({"event_id": event_id}, session=session).to_list(None)}
    noted, taken = await _by_ledger(event_id, session), await _by_tickets(event_id, session)
    findings = [
        *await _numbers(event_id, book, session),
        *_pools(pools, noted, taken, await _beyond(event_id, session)),
        *await _lines(event_id, book, session),
        *await _offers(event_id, session),
        *await _issued(event_id, session),
        *await _capacity(event_id, pools, session),
        *await _tally(event_id, book, session),
    ]
    values = {"organiser_id": book["organiser_id"], "at": now, "notes": book["number"], "taken": sum(taken.values())}
    return Audit(id=event_id, findings=findings, **values)


async def _by_ledger(event_id: str, session: Session) -> dict[str, int]:
    stages: list[dict[str, Any]] = [
        {"$match": _notes_of(event_id)},
        {"$unwind": "$moved"},
        {"$group": {"_id": "$moved.pool_id", "places": {"$sum": "$moved.places"}}},
    ]
    return {row["_id"]: row["places"] async for row in db().ledger.aggregate(stages, session=session)}


async def _by_tickets(event_id: str, session: Session) -> dict[str, int]:
    stages: list[dict[str, Any]] = [
        {"$match": {"event_id": event_id, "state": {"$in": sorted(TAKING)}}},
        {"$unwind": "$tickets"},
        {"$match": {"tickets.is_cancelled": False}},
        {"$unwind": "$tickets.pools"},
        {"$group": {"_id": "$tickets.pools", "places": {"$sum": 1}}},
    ]
    return {row["_id"]: row["places"] async for row in db().registrations.aggregate(stages, session=session)}


async def _beyond(event_id: str, session: Session) -> bool:
    query = _notes_of(event_id) | {"beyond": True}
    return await db().ledger.find_one(query, session=session) is not None


async def _numbers(event_id: str, book: Mapping[str, Any], session: Session) -> list[str]:
    stages: list[dict[str, Any]] = [
        {"$match": _notes_of(event_id)},
        {"$group": {"_id": None, "count": {"$sum": 1}, "last": {"$max": "$number"}}},
    ]
    rows = await db().ledger.aggregate(stages, session=session).to_list(1)
    row = rows[0] if rows else {"count": 0, "last": 0}
    if row["count"] == row["last"] == book["number"]:
        return []
    return [f"The book is at note {book['number']}, the ledger at {row['last']} with {row['count']} notes."]


def _pools(
    pools: Mapping[str, Mapping[str, Any]], noted: Mapping[str, int], taken: Mapping[str, int], may_be_beyond: bool
) -> list[str]:
    found = [f"Places are taken from {pool_id}, which is no pool." for pool_id in {*noted, *taken} - {*pools}]
    for pool_id, pool in pools.items():
        counts = {"counted": pool["taken"], "in the ledger": noted.get(pool_id, 0), "on tickets": taken.get(pool_id, 0)}
        if len(set(counts.values())) > 1:
            said = ", ".join(f"{count} {where}" for where, count in counts.items())
            found.append(f"Pool “{pool['name']}”: taken places are {said}.")
        capacity = pool["capacity"]
        if pool["left"] != (None if capacity is None else capacity - pool["taken"]):
            found.append(f"Pool “{pool['name']}”: {pool['left']} are said to be left of {capacity}.")
        if capacity is not None and taken.get(pool_id, 0) > capacity and not may_be_beyond:
            found.append(f"Pool “{pool['name']}”: {taken[pool_id]} of {capacity} places are taken. It is oversold.")
    return found


async def _lines(event_id: str, book: Mapping[str, Any], session: Session) -> list[str]:
    stages: list[dict[str, Any]] = [
        {"$match": {"event_id": event_id, "state": "waiting"}},
        {"$unwind": "$parts"},
        {"$group": {"_id": "$parts.ticket_type_id", "entries": {"$sum": 1}, "places": {"$sum": "$parts.quantity"}}},
    ]
    counted = {row["_id"]: row async for row in db().entries.aggregate(stages, session=session)}
    nobody = {"entries": 0, "places": 0}
    return [
        f"The line for {type_id}: {said['entries']} for {said['places']} places are said to wait, "
        f"{there['entries']} for {there['places']} do."
        for type_id in sorted({*book["lines"], *counted})
        for said, there in [(book["lines"].get(type_id, nobody), counted.get(type_id, nobody))]
        if any(said[name] != there[name] for name in nobody)
    ]


async def _offers(event_id: str, session: Session) -> list[str]:
    stages: list[dict[str, Any]] = [
        {"$match": {"event_id": event_id, "state": "offered"}},
        {"$lookup": {"from": "registrations", "localField": "_id", "foreignField": "_id", "as": "hold"}},
        {"$match": {"hold.state": {"$ne": "held"}}},
    ]
    return [
        f"The offer {row['_id']} has no places behind it."
        async for row in db().entries.aggregate(stages, session=session)
    ]


async def _issued(event_id: str, session: Session) -> list[str]:
    stages: list[dict[str, Any]] = [
        {"$match": {"event_id": event_id, "state": "confirmed"}},
        {"$unwind": "$tickets"},
        {"$match": {"tickets.is_cancelled": False}},
        {"$count": "tickets"},
    ]
    rows = await db().registrations.aggregate(stages, session=session).to_list(1)
    wanted = rows[0]["tickets"] if rows else 0
    valid = (
        await db()
        .tickets.aggregate(
            [{"$match": {"event_id": event_id, "state": "valid"}}, {"$count": "tickets"}], session=session
        )
        .to_list(1)
    )
    there = valid[0]["tickets"] if valid else 0
    return [] if wanted == there else [f"{wanted} tickets are confirmed, {there} valid ones exist."]


async def _capacity(event_id: str, pools: Mapping[str, Mapping[str, Any]], session: Session) -> list[str]:
    event = await db().events.find_one({"_id": event_id}, {"capacity": 1}, session=session)
    own = pools.get(event_id)
    if event is None or own is None or event["capacity"] == own["capacity"]:
        return []
    return [f"The event says that it has {event['capacity']} places, its pool {own['capacity']}."]


async def _tally(event_id: str, book: Mapping[str, Any], session: Session) -> list[str]:
    if "tally" not in book:  # an older book, that nobody wrote in since
        return []
    return differing(Counter(book["tally"]), await recounted(event_id, session))


def _notes_of(event_id: str) -> dict[str, Any]:
    # The ids of an event's notes are its id, a colon and the number; a semicolon comes next after the colon.
    return {"_id": {"$gte": f"{event_id}:", "$lt": f"{event_id};"}}
