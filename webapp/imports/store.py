"""How imports are kept: the document that people watch, and the file until it is done with."""

from datetime import datetime, timedelta
from typing import Any

from bson import Binary
from pymongo import ReturnDocument

from webapp import database
from webapp.database import IndexModel, Session, db
from webapp.errors import NotFound
from webapp.imports.calendar import Reading
from webapp.imports.record import MOST_PROBLEMS, Counts, Import, State

CLAIM = timedelta(seconds=30)
READING_CLAIM = timedelta(seconds=150)
ATTEMPTS = 3

database.keep(
    "imports",
    IndexModel("due_at", sparse=True),
    IndexModel([("created_at", -1)]),
    IndexModel([("calendar", 1), ("state", 1)]),
)
database.keep("import_files")


async def add(data: bytes, *, origin: str, by: str, now: datetime, due_at: datetime | None = None) -> Import:
    """Keeps a file to be imported, due at once."""
    values = {"origin": origin[:300], "by": by, "created_at": now, "due_at": due_at or now}
    new = Import.model_validate({"_id": database.new_id(), **values})

    async def keep(session: Session) -> None:
        await db().import_files.insert_one({"_id": new.id, "data": Binary(data)}, session=session)
        await db().imports.insert_one(new.model_dump(by_alias=True), session=session)

    await database.transaction(keep)
    return new


async def get(import_id: str) -> Import:
    """Raises NotFound."""
    found = await db().imports.find_one({"_id": import_id})
    if found is None:
        raise NotFound("There is no such import; it may have been a long time ago.")
    return Import.model_validate(found)


async def latest(limit: int = 10) -> list[Import]:
    found = await db().imports.find({}, {"problems": 0}).sort("created_at", -1).limit(limit).to_list(limit)
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


async def is_another_running(one: Import, calendar: str) -> bool:
    """Whether an import of the same calendar that began earlier is not over yet."""
    query = {"calendar": calendar, "state": State.WRITING, "created_at": {"$lt": one.created_at}}
    return await db().imports.find_one({**query, "_id": {"$ne": one.id}}, {"_id": 1}) is not None


async def put_back(import_id: str, due_at: datetime) -> None:
    """Leaves an import for later, as if it had not been tried."""
    await db().imports.update_one({"_id": import_id}, {"$set": {"due_at": due_at}, "$inc": {"attempts": -1}})


async def finish(import_id: str, counts: Counts, now: datetime, session: Session) -> None:
    """Says what was done; in the same transaction as the doing."""
    done = {"state": State.DONE, "counts": counts.model_dump(), "finished_at": now}
    await db().imports.update_one({"_id": import_id}, {"$set": done, "$unset": {"due_at": ""}}, session=session)
    await db().import_files.delete_one({"_id": import_id}, session=session)


async def fail(import_id: str, reason: str, now: datetime) -> None:
    """Says why nothing was imported."""
    failed = {"state": State.FAILED, "reason": reason, "finished_at": now}
    await db().imports.update_one({"_id": import_id}, {"$set": failed, "$unset": {"due_at": ""}})
    await db().import_files.delete_one({"_id": import_id})


async def _set(import_id: str, now: datetime, **values: Any) -> None:
    await db().imports.update_one({"_id": import_id}, {"$set": {**values, "due_at": now + CLAIM}})
