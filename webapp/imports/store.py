"""How imports are kept: the document that people watch, and the file until it is done with."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bson import Binary
from pymongo import ReturnDocument

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.database import IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.imports.calendar import Reading
from webapp.imports.record import MOST_PROBLEMS, Concern, Counts, Import, Manner, State
from webapp.organisers import store as organisers

CLAIM = timedelta(seconds=30)
READING_CLAIM = timedelta(seconds=150)
ATTEMPTS = 3
ANSWER_WITHIN = timedelta(days=7)
ASKING = Manner()
DROPPED = "It was stopped before anything was changed, and nobody was told."
UNANSWERED = "Nobody said for a week whether to go on. Nothing was changed, and nobody was told."

database.keep(
    "imports",
    IndexModel("due_at", sparse=True),
    IndexModel([("organiser_id", 1), ("created_at", -1)]),
    IndexModel([("organiser_id", 1), ("calendar", 1), ("state", 1)]),
)
database.keep("import_files")


async def add(
    organiser_id: str,
    data: bytes,
    *,
    origin: str,
    by: Actor,
    now: datetime,
    due_at: datetime | None = None,
    how: Manner = ASKING,
) -> Import:
    """Keeps a file to be imported for an organiser, due at once; where it concerns people it waits for `go_on` then."""
    values = {
        "organiser_id": organiser_id,
        "origin": origin[:300],
        "by": asdict(by),
        "created_at": now,
        "due_at": due_at or now,
        **how.model_dump(),
    }
    new = Import.model_validate({"_id": database.new_id(), **values})

    async def keep(session: Session) -> None:
        await db().import_files.insert_one({"_id": new.id, "data": Binary(data)}, session=session)
        await db().imports.insert_one(new.model_dump(by_alias=True), session=session)
        await audit.record(organiser_id, new.subject, "began", by=by, now=now, session=session)

    await database.transaction(keep)
    return new


async def get(organiser_id: str, import_id: str) -> Import:
    """Raises NotFound."""
    found = await db().imports.find_one({"_id": import_id, "organiser_id": organiser_id})
    if found is None:
        raise NotFound("There is no such import; it may have been a long time ago.")
    return Import.model_validate(found)


async def latest(organiser_id: str, limit: int = 10) -> list[Import]:
    query = {"organiser_id": organiser_id}
    found = await db().imports.find(query, {"problems": 0}).sort("created_at", -1).limit(limit).to_list(limit)
    return [Import.model_validate(one) for one in found]


async def claim(now: datetime, import_id: str | None = None) -> Import | None:
    """Takes the import that has waited longest, or this one, for as long as reading may take."""
    query: dict[str, Any] = {"_id": import_id} if import_id else {"due_at": {"$lte": now}}
    found = await db().imports.find_one_and_update(
        query,
        {"$set": {"due_at": now + READING_CLAIM}, "$inc": {"attempts": 1}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return Import.model_validate(found) if found else None


async def file_of(import_id: str) -> bytes:
    """The bytes as they came."""
    found = await db().import_files.find_one({"_id": import_id})
    if found is None:
        raise NotFound("The file of this import is gone.")
    return bytes(found["data"])


async def note_reading(import_id: str, reading: Reading, now: datetime) -> None:
    """What was found in the file, before anything is written."""
    await _set(
        import_id,
        now,
        state=State.WRITING,
        calendar=reading.calendar,
        name=reading.name,
        total=len(reading.entries),
        problems=[problem.model_dump() for problem in reading.problems[:MOST_PROBLEMS]],
        problem_count=len(reading.problems),
        counts=Counts(skipped=reading.skipped, outside=reading.outside).model_dump(),
    )


async def note_progress(import_id: str, written: int, now: datetime) -> None:
    """How far it is; this also keeps the claim."""
    await _set(import_id, now, written=written)


async def note_concern(import_id: str, concern: Concern, now: datetime) -> None:
    """Whom it concerns."""
    await _set(import_id, now, concern=concern.model_dump())


async def ask(import_id: str, now: datetime) -> None:
    """Leaves an import until somebody says whether to go on."""
    change = {"$set": {"state": State.ASKING, "due_at": now + ANSWER_WITHIN, "attempts": 0}}
    await db().imports.update_one({"_id": import_id, "state": State.WRITING}, change)


async def go_on(one: Import, *, by: Actor, now: datetime, is_quiet: bool) -> None:
    """Has an import that asks carried out. Raises Conflict where it does not ask any more."""
    query = {"_id": one.id, "organiser_id": one.organiser_id, "state": State.ASKING}
    agreed = {"state": State.READING, "is_agreed": True, "is_quiet": is_quiet, "due_at": now}
    said = {"events": one.concern.moved + one.concern.called_off, "people": 0 if is_quiet else one.concern.moved_people}
    said["people"] += one.concern.called_off_people

    async def keep(session: Session) -> bool:
        done = await db().imports.update_one(query, {"$set": agreed}, session=session)
        if done.modified_count:
            await audit.record(one.organiser_id, one.subject, "agreed", by=by, now=now, session=session, after=said)
        return bool(done.modified_count)

    if not await database.transaction(keep):
        raise Conflict("This import does not wait for an answer any more.")


async def is_another_running(one: Import, calendar: str) -> bool:
    """Whether an import of the same calendar for the same organiser that began earlier is not over yet."""
    same = {"organiser_id": one.organiser_id, "calendar": calendar, "_id": {"$ne": one.id}}
    earlier = {"state": State.WRITING, "created_at": {"$lt": one.created_at}}
    return await db().imports.find_one({**same, **earlier}, {"_id": 1}) is not None


async def put_back(import_id: str, due_at: datetime) -> None:
    """Leaves an import for later, as if it had not been tried."""
    await db().imports.update_one({"_id": import_id}, {"$set": {"due_at": due_at}, "$inc": {"attempts": -1}})


async def finish(one: Import, counts: Counts, now: datetime, session: Session) -> None:
    """Says what was done; in the same transaction as the doing."""
    import_id, said = one.id, counts.model_dump()
    await audit.record(one.organiser_id, one.subject, "imported", by=one.writer, now=now, session=session, after=said)
    done = {"state": State.DONE, "counts": said, "finished_at": now}
    await db().imports.update_one({"_id": import_id}, {"$set": done, "$unset": {"due_at": ""}}, session=session)
    await db().import_files.delete_one({"_id": import_id}, session=session)


async def drop(one: Import, *, by: Actor, now: datetime) -> None:
    """Ends an import that asks, with nothing imported. Raises Conflict where it does not ask any more."""
    if not await fail(one.model_copy(update={"by": by}), DROPPED, now, among=[State.ASKING]):
        raise Conflict("This import does not wait for an answer any more.")


async def fail(one: Import, reason: str, now: datetime, *, among: Sequence[State] = tuple(State)) -> bool:
    """Says why nothing was imported; not where it is in none of these states any more."""
    failed, said = {"state": State.FAILED, "reason": reason, "finished_at": now}, {"reason": reason}
    by, about = one.writer, one.subject
    query = {"_id": one.id, "state": {"$in": list(among)}}

    async def keep(session: Session) -> bool:
        change = {"$set": failed, "$unset": {"due_at": ""}}
        if not (await db().imports.update_one(query, change, session=session)).matched_count:
            return False
        await db().import_files.delete_one({"_id": one.id}, session=session)
        await audit.record(one.organiser_id, about, "could not import", by=by, now=now, session=session, after=said)
        return True

    return await database.transaction(keep)


@organisers.clears
async def forget_all(organiser_id: str, _: datetime) -> None:
    """Forgets what was imported for an organiser that is deleted."""
    await db().imports.delete_many({"organiser_id": organiser_id})


async def _set(import_id: str, now: datetime, **values: Any) -> None:
    await db().imports.update_one({"_id": import_id}, {"$set": {**values, "due_at": now + CLAIM}})
