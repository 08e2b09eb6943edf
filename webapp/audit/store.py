"""How the audit is kept: records are only ever added, each in the transaction of what it records.

A feature records a change with one call inside that transaction:

    await audit.record(organiser_id, Subject(Kind.REGISTRATION, id, "Ana, 2 tickets", event_id=event_id), "cancelled",
                       before={"state": "confirmed"}, after={"state": "cancelled"}, by=by, now=now, session=session)

The action is a verb in the past tense that can stand before the subject's title; others have a phrase in
`record.PHRASES`.
`before` and `after` may be whole documents' worth of fields: only those that differ are kept. Name no secrets in them.
The ledger of registrations counts places; this is beside it and says who did what.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from pymongo import UpdateOne

from webapp import database
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Record, Subject, differing
from webapp.audit.search import Search, position, position_of
from webapp.belonging import apart
from webapp.database import IndexModel, Session, db
from webapp.people import ties

PAGE = 50
NOTHING: Mapping[str, Any] = {}

database.keep(
    "records",
    IndexModel([("organiser_id", 1), ("at", -1), ("_id", -1)]),
    IndexModel([("organiser_id", 1), ("actor.person_id", 1), ("at", -1), ("_id", -1)]),
    IndexModel([("organiser_id", 1), ("about_event", 1), ("at", -1), ("_id", -1)]),
    IndexModel("actor.person_id"),
    IndexModel("subject.id"),
)
apart("records", "What the team did stays as long as the audit is kept; persons are taken out of it.")


@dataclass(frozen=True)
class Page:
    """A run of records, the latest first; `after` is where the next one begins."""

    records: list[Record]
    after: str | None


async def record(
    organiser_id: str,
    subject: Subject,
    action: str,
    *,
    by: Actor,
    now: datetime,
    session: Session,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    """Adds a record in the transaction of `session`. Raises ValueError for a field that may hold a secret."""
    made = document(organiser_id, subject, action, by=by, now=now, before=before, after=after)
    await db().records.insert_one(made, session=session)


def document(
    organiser_id: str,
    subject: Subject,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """The document of a record, for who adds many at once with `add`."""
    was, is_now = differing(before, after)
    kept = {"organiser_id": organiser_id, "subject": asdict(subject), "action": action, "actor": asdict(by), "at": now}
    about = subject.id if subject.kind is Kind.EVENT else subject.event_id
    return {"_id": database.new_id(), **kept, "before": was, "after": is_now, "about_event": about}


async def add(documents: Sequence[dict[str, Any]], session: Session) -> None:
    """Adds records that `document` made."""
    if documents:
        await db().records.insert_many(documents, ordered=False, session=session)


async def add_once(documents: Sequence[dict[str, Any]], session: Session) -> None:
    """The same for a transaction that may be tried again after it was written: no record stands there twice."""
    if documents:
        added = [UpdateOne({"_id": one["_id"]}, {"$setOnInsert": one}, upsert=True) for one in documents]
        await db().records.bulk_write(added, session=session)


async def found(organiser_id: str, search: Search) -> Page:
    """An organiser's records, as searched for, the latest first; keyset paging, so that new ones move nothing."""
    query = _query(organiser_id, search)
    if search.after:
        at, record_id = position(search.after)
        query = {"$and": [query, {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": record_id}}]}]}
    kept = await db().records.find(query).sort([("at", -1), ("_id", -1)]).limit(PAGE + 1).to_list(PAGE + 1)
    records = [Record.model_validate(one) for one in kept]
    return Page(records[:PAGE], position_of(records[PAGE - 1]) if len(records) > PAGE else None)


async def every(organiser_id: str, search: Search) -> AsyncIterator[Record]:
    """All records that a search finds, the latest first."""
    async for one in db().records.find(_query(organiser_id, search)).sort([("at", -1), ("_id", -1)]):
        yield Record.model_validate(one)


async def actors(organiser_id: str) -> list[tuple[str, str]]:
    """Everybody who did something for an organiser: id and name, by name."""
    grouped = db().records.aggregate(
        [
            {"$match": {"organiser_id": organiser_id, "actor.person_id": {"$ne": ""}}},
            {"$group": {"_id": "$actor.person_id", "name": {"$last": "$actor.name"}}},
            {"$sort": {"name": 1, "_id": 1}},
            {"$limit": 200},
        ]
    )
    return [(one["_id"], one["name"]) async for one in grouped]


async def title_of(organiser_id: str, event_id: str) -> str:
    """What an event was called when something was last done with it."""
    query = {"organiser_id": organiser_id, "subject.kind": Kind.EVENT, "about_event": event_id}
    last = await db().records.find_one(query, sort=[("at", -1)])
    return str(last["subject"]["title"]) if last else ""


@ties.told
async def tell(person_id: str) -> dict[str, Any]:
    """What the audit has of a person, for the person: the latest thousand acts."""
    kept = await db().records.find({"actor.person_id": person_id}).sort("at", -1).limit(1000).to_list(1000)
    records = [Record.model_validate(one) for one in kept]
    acts = [{"at": one.at.isoformat(), "what": one.sentence, "from": one.actor.address} for one in records]
    return {"recorded": acts}


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Takes the name and addresses of a person who is gone out of the records; what was done stays."""
    theirs = {"actor.person_id": person_id}
    await db().records.update_many(theirs, {"$set": {"actor.name": "", "actor.address": ""}}, session=session)
    about = {"subject.id": person_id, "subject.kind": {"$in": [Kind.TEAM, Kind.PERSON]}}
    await db().records.update_many(about, {"$set": {"subject.title": ""}}, session=session)


async def forget(subject_ids: Sequence[str], session: Session) -> None:
    """Takes names and what was typed out of the records about these; who did what, and when, stays."""
    nothing: dict[str, Any] = {"subject.title": "", "before": {}, "after": {}}
    await db().records.update_many({"subject.id": {"$in": list(subject_ids)}}, {"$set": nothing}, session=session)


def _query(organiser_id: str, search: Search) -> dict[str, Any]:
    query: dict[str, Any] = {"organiser_id": organiser_id}
    if search.who:
        query["actor.person_id"] = search.who
    if search.kind:
        query["subject.kind"] = search.kind
    if search.event:
        query["about_event"] = search.event
    days = {}
    if search.since:
        days["$gte"] = datetime.combine(search.since, time.min, UTC)
    if search.until:
        days["$lt"] = datetime.combine(search.until, time.min, UTC) + timedelta(days=1)
    return {**query, "at": days} if days else query
