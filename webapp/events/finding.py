"""The lists of events: what is on, what an organiser keeps, what is searched for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp import when
from webapp.database import db
from webapp.events.event import Event, Listed, Phase, State, path_of
from webapp.events.search import Search

PAGE = 50
# Without the descriptions: they are most of an event.
LISTED = {field.alias or name: 1 for name, field in Listed.model_fields.items()}
PUBLIC = {"state": {"$in": [State.PUBLISHED, State.CANCELLED]}}
IS_TO_COME = {"phase": {"$ne": Phase.OVER}}
IN_ORDER = [("starts_at", 1), ("_id", 1)]


@dataclass(frozen=True)
class Page:
    """A run of events in order of their start; `after` is where the next one begins."""

    events: list[Listed]
    after: str | None


async def upcoming(search: Search) -> Page:
    """Public events that are not over, as searched for, in order of their start."""
    query = {**PUBLIC, **IS_TO_COME, **_found_by(search)}
    return await _page(query, search.after)


async def in_month(month: datetime, search: Search) -> list[Listed]:
    """Public events that touch a month, given as its first day in UTC; a day more on both sides for other zones."""
    first = month.replace(tzinfo=UTC) - timedelta(days=1)
    last = datetime.combine(when.next_month(month.date()), datetime.min.time(), UTC) + timedelta(days=1)
    query = {
        **PUBLIC,
        "starts_at": {"$lt": last, "$gt": first - timedelta(days=366)},
        "ends_at": {"$gt": first},
        **_found_by(search),
    }
    return await _listed(query, IN_ORDER, 1000)


async def upcoming_of(organiser_id: str, limit: int = 200) -> list[Listed]:
    """Public events of an organiser that are not over, in order of their start."""
    public = {**PUBLIC, **IS_TO_COME, "deleted_at": None}
    query = {"organiser_id": organiser_id, **public}
    return await _listed(query, IN_ORDER, limit)


async def public_since(since: datetime, search: Search, *, organiser_id: str = "", limit: int = 1_000) -> list[Event]:
    """Public events, whole, that ended after `since`, in order of their start; of one organiser or of all."""
    public = {**PUBLIC, "ends_at": {"$gt": since}, **_found_by(search)}
    query = {**public, **({"organiser_id": organiser_id} if organiser_id else {})}
    found = await db().events.find(query).sort(IN_ORDER).limit(limit).to_list(limit)
    return [Event.model_validate(one) for one in found]


async def public_among(event_ids: Sequence[str]) -> list[Event]:
    """Those of these events that are public, in order of their start."""
    public = {"_id": {"$in": list(event_ids)}, "state": {"$ne": State.DRAFT}, "deleted_at": None}
    found = await db().events.find(public).sort(IN_ORDER).to_list(None)
    return [Event.model_validate(one) for one in found]


async def addresses(limit: int) -> list[tuple[str, datetime]]:
    """The paths of public events and when they changed, the latest first."""
    public = {**PUBLIC, "deleted_at": None}
    found = db().events.find(public, {"slug": 1, "changed_at": 1}).sort([("changed_at", -1), ("_id", 1)]).limit(limit)
    return [(path_of(one["slug"]), one["changed_at"]) for one in await found.to_list(limit)]


async def kept(organiser_id: str, search: Search) -> Page:
    """An organiser's events, drafts too, as searched for: what is to come, or what is over, the latest first."""
    is_past = search.when == "past"
    query = {"organiser_id": organiser_id, "phase": Phase.OVER if is_past else {"$ne": Phase.OVER}, **_found_by(search)}
    return await _page(query, search.after, direction=-1 if is_past else 1)


async def deleted(organiser_id: str, limit: int = 20) -> list[Listed]:
    """An organiser's deleted events that can be brought back, the latest first."""
    query = {"organiser_id": organiser_id, "deleted_at": {"$ne": None}}
    return await _listed(query, [("deleted_at", -1)], limit)


async def tags(limit: int = 30) -> list[tuple[str, int]]:
    """The tags of upcoming public events and how many events carry each, the most used first."""
    public = {"state": State.PUBLISHED, **IS_TO_COME, "deleted_at": None}
    counted = db().events.aggregate(
        [
            {"$match": public},
            {"$unwind": "$tags"},
            {"$group": {"_id": "$tags", "count": {"$sum": 1}}},
            {"$sort": {"count": -1, "_id": 1}},
            {"$limit": limit},
        ]
    )
    return [(row["_id"], row["count"]) async for row in counted]


async def count() -> int:
    """How many events there are, without the deleted ones."""
    return await db().events.count_documents({"deleted_at": None})


def _found_by(search: Search) -> dict[str, Any]:
    query: dict[str, Any] = {"deleted_at": None}
    if search.text:
        query["$text"] = {"$search": " ".join(f'"{word}"' for word in search.words)}
    if search.tag:
        query["tags"] = search.tag
    if search.place:
        query["$or"] = [
            {field: {"$regex": re.escape(search.place), "$options": "i"}} for field in ("place_name", "place_address")
        ]
    if search.day:
        first = datetime.combine(search.day, datetime.min.time())
        query["starts"] = {"$lt": (first + timedelta(days=1)).isoformat(timespec="minutes")}
        query["ends"] = {"$gt": first.isoformat(timespec="minutes")}
    return query


async def _page(query: dict[str, Any], after: str, direction: int = 1) -> Page:
    """Keyset paging: events added meanwhile neither repeat nor hide one."""
    if after:
        at, event_id = Search.position(after)
        beyond = "$gt" if direction > 0 else "$lt"
        behind = [{"starts_at": {beyond: at}}, {"starts_at": at, "_id": {beyond: event_id}}]
        query = {"$and": [query, {"$or": behind}]}
    found = await _listed(query, [("starts_at", direction), ("_id", direction)], PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], Search.position_of(last.starts_at, last.id) if last else None)


async def _listed(query: dict[str, Any], order: list[tuple[str, int]], limit: int) -> list[Listed]:
    found = await db().events.find(query, LISTED).sort(order).limit(limit).to_list(limit)
    return [Listed.model_validate(document) for document in found]
