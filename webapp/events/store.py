"""How events are kept. Every edit is checked against the version that was read, and kept beside the one before."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from webapp import database, when
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.events.event import Details, Event, Phase, Source, State, changed, edited, event, in_phase, slug_of
from webapp.events.search import Search

PAGE = 50
KEPT_AFTER_DELETION = timedelta(days=30)

database.keep(
    "events",
    IndexModel("slug", unique=True),
    IndexModel([("state", 1), ("phase", 1), ("starts_at", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("tags", 1), ("starts_at", 1)]),
    IndexModel([("phase", 1), ("starts_at", 1), ("_id", 1)]),
    IndexModel([("changed_at", -1), ("_id", 1)]),
    IndexModel("turns_at", sparse=True),
    IndexModel("purge_at", expireAfterSeconds=0),
    IndexModel(
        [("source.calendar", 1), ("source.uid", 1), ("source.recurrence", 1)],
        unique=True,
        partialFilterExpression={"source.uid": {"$type": "string"}},
    ),
    IndexModel(
        [("title", "text"), ("summary", "text"), ("description", "text"), ("tags", "text"), ("place_name", "text")],
        weights={"title": 10, "tags": 5, "place_name": 4, "summary": 3},
        default_language="none",
        language_override="text_search_language",  # our `language` holds tags that MongoDB does not know
    ),
)
database.keep("revisions", IndexModel([("event_id", 1), ("version", -1)]))


class Edited(Conflict):
    """Somebody saved this event since it was opened. `before` is what was opened, `theirs` what is there now."""

    def __init__(self, before: Details, theirs: Event) -> None:
        super().__init__("Somebody else has saved this event since you opened it.")
        self.before, self.theirs = before, theirs


@dataclass(frozen=True)
class Page:
    """A run of events in order of their start; `after` is where the next one begins."""

    events: list[Event]
    after: str | None


async def create(details: Details, *, now: datetime, by: str, source: Source | None = None) -> Event:
    """Keeps a new draft under a slug of its own."""
    slug = slug_of(details.title)
    for attempt in range(6):
        new = event(
            details,
            id=database.new_id(),
            slug=slug if not attempt else f"{slug}-{database.new_id()[: 2 + attempt]}",
            now=now,
            source=source,
        )
        try:
            await database.transaction(lambda session, new=new: _insert(new, by, session))  # type: ignore[misc]
        except DuplicateKeyError:
            continue
        return new
    raise Conflict("That title is taken by too many events; change it a little.")


async def get(event_id: str) -> Event:
    """The event, also a draft or a deleted one. Raises NotFound."""
    found = await db().events.find_one({"_id": event_id})
    return Event.model_validate(_or_not_found(found))


async def by_slug(slug: str) -> Event:
    """The event at an address. Raises NotFound."""
    found = await db().events.find_one({"slug": slug})
    return Event.model_validate(_or_not_found(found))


async def edit(event_id: str, details: Details, *, version: int, by: str, now: datetime) -> Event:
    """Saves other details if nobody saved since `version` was read. Raises Edited with both sides otherwise."""
    before = await get(event_id)
    if before.version != version:
        raise Edited(await revision(event_id, version), before)
    if not changed(before, details):
        return before
    after = edited(before, details, now=now)
    if not await database.transaction(lambda session: _replace(after, version, by, session)):
        raise Edited(await revision(event_id, version), await get(event_id))
    return after


async def revision(event_id: str, version: int) -> Details:
    """The details as they were at a version. Raises NotFound."""
    kept = await db().revisions.find_one({"_id": f"{event_id}:{version}"})
    return Details.model_validate(_or_not_found(kept)["details"])


async def publish(event_id: str, *, now: datetime) -> Event:
    """Shows a draft, or a cancelled event again, to everyone."""
    return await _set_state(event_id, State.PUBLISHED, among=[State.DRAFT, State.CANCELLED], now=now)


async def unpublish(event_id: str, *, now: datetime) -> Event:
    """Makes a published or cancelled event a draft again."""
    return await _set_state(event_id, State.DRAFT, among=[State.PUBLISHED, State.CANCELLED], now=now)


async def cancel(event_id: str, *, now: datetime) -> Event:
    """Calls a published event off; its page stays and says so."""
    return await _set_state(event_id, State.CANCELLED, among=[State.PUBLISHED], now=now)


async def delete(event_id: str, *, now: datetime) -> Event:
    """Takes an event away. It can be brought back for thirty days."""
    gone = {"deleted_at": now, "changed_at": now, "purge_at": now + KEPT_AFTER_DELETION}
    return await _update({"_id": event_id, "deleted_at": None}, {"$set": gone}, event_id)


async def restore(event_id: str, *, now: datetime) -> Event:
    """Brings a deleted event back as it was."""
    change = {"$set": {"deleted_at": None, "changed_at": now}, "$unset": {"purge_at": ""}}
    return await _update({"_id": event_id, "deleted_at": {"$ne": None}}, change, event_id)


async def duplicate(event_id: str, *, by: str, now: datetime) -> Event:
    """A draft with the same details."""
    original = await get(event_id)
    title = f"{original.title[:110]} (copy)"
    return await create(Details.model_validate(original.model_dump() | {"title": title}), now=now, by=by)


async def upcoming(search: Search) -> Page:
    """Public events that are not over, as searched for, in order of their start."""
    query = {"state": {"$in": [State.PUBLISHED, State.CANCELLED]}, "phase": {"$ne": Phase.OVER}, **_found_by(search)}
    return await _page(query, search.after)


async def in_month(month: datetime, search: Search) -> list[Event]:
    """Public events that touch a month, given as its first day in UTC; a day more on both sides for other zones."""
    first = month.replace(tzinfo=UTC) - timedelta(days=1)
    last = datetime.combine(when.next_month(month.date()), datetime.min.time(), UTC) + timedelta(days=1)
    query = {
        "state": {"$in": [State.PUBLISHED, State.CANCELLED]},
        "starts_at": {"$lt": last, "$gt": first - timedelta(days=366)},
        "ends_at": {"$gt": first},
        **_found_by(search),
    }
    return [one async for one in _events(query, [("starts_at", 1), ("_id", 1)], 1000)]


async def kept(search: Search) -> Page:
    """Events that are not deleted, drafts too, as searched for: what is to come, or what is over, the latest first."""
    is_past = search.when == "past"
    query = {"phase": Phase.OVER if is_past else {"$ne": Phase.OVER}, **_found_by(search)}
    return await _page(query, search.after, direction=-1 if is_past else 1)


async def deleted(limit: int = 20) -> list[Event]:
    """Deleted events that can be brought back, the latest first."""
    return [one async for one in _events({"deleted_at": {"$ne": None}}, [("deleted_at", -1)], limit)]


async def tags(limit: int = 30) -> list[tuple[str, int]]:
    """The tags of upcoming public events and how many events carry each, the most used first."""
    public = {"state": State.PUBLISHED, "phase": {"$ne": Phase.OVER}, "deleted_at": None}
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


async def turn(now: datetime, limit: int = 100) -> int:
    """Moves events whose time has come into their next phase; says how many. Safe to run on every worker."""
    turned = 0
    async for due in _events({"turns_at": {"$lte": now}}, [("turns_at", 1)], limit):
        after = in_phase(due, now)
        done = await db().events.update_one(
            {"_id": due.id, "turns_at": due.turns_at, "version": due.version},
            {"$set": {"phase": after.phase, "turns_at": after.turns_at}},
        )
        turned += done.modified_count
    return turned


async def _insert(new: Event, by: str, session: Session) -> None:
    await db().events.insert_one(new.document(), session=session)
    await db().revisions.insert_one(revision_of(new, by), session=session)


async def _replace(after: Event, version: int, by: str, session: Session) -> bool:
    done = await db().events.update_one(
        {"_id": after.id, "version": version}, {"$set": _without_state(after.document())}, session=session
    )
    if not done.matched_count:
        return False
    await db().revisions.insert_one(revision_of(after, by), session=session)
    return True


def revision_of(event: Event, by: str) -> dict[str, Any]:
    """The document that keeps this version of an event."""
    details = Details.model_validate(event.model_dump()).model_dump()
    return {
        "_id": f"{event.id}:{event.version}",
        "event_id": event.id,
        "version": event.version,
        "details": details,
        "by": by,
        "at": event.changed_at,
    }


def _without_state(document: dict[str, Any]) -> dict[str, Any]:
    """An edit never touches what other actions decide."""
    return {
        k: v for k, v in document.items() if k not in ("_id", "slug", "state", "deleted_at", "source", "created_at")
    }


async def _set_state(event_id: str, state: State, *, among: Sequence[State], now: datetime) -> Event:
    query = {"_id": event_id, "state": {"$in": list(among)}, "deleted_at": None}
    return await _update(query, {"$set": {"state": state, "changed_at": now}}, event_id)


async def _update(query: dict[str, Any], change: dict[str, Any], event_id: str) -> Event:
    found = await db().events.find_one_and_update(query, change, return_document=ReturnDocument.AFTER)
    if found is None:
        is_already_so = await get(event_id)  # raises NotFound when it never was
        return is_already_so
    return Event.model_validate(found)


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
    found = [one async for one in _events(query, [("starts_at", direction), ("_id", direction)], PAGE + 1)]
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], Search.position_of(last.starts_at, last.id) if last else None)


async def _events(query: dict[str, Any], order: list[tuple[str, int]], limit: int) -> AsyncIterator[Event]:
    for document in await db().events.find(query).sort(order).limit(limit).to_list(limit):
        yield Event.model_validate(document)


def _or_not_found(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if document is None:
        raise NotFound("There is no such event; it may have been deleted.")
    return document
