"""Brings the connected database up to date: collections and indexes first, then each migration once."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from webapp import database
from webapp.database import Session, db
from webapp.errors import Misconfigured
from webapp.migrations import lock
from webapp.migrations.migration import Done, Migration, Schema, due
from webapp.migrations.steps import STEPS
from webapp.version import VERSION

KEY = "schema"
RESTORING = "restoring"
"""Beside it while a backup is being put back."""

log = structlog.get_logger()
database.keep(lock.COLLECTION)


async def current() -> Schema:
    """Which schema the database has; 0 before the first."""
    kept = await db()[lock.COLLECTION].find_one({"_id": KEY})
    return Schema.model_validate(kept) if kept else Schema()


async def history() -> list[Done]:
    """Every migration that was run, the oldest first."""
    found = db()[lock.COLLECTION].find({"_id": {"$type": "number"}}).sort("_id", 1)
    return [Done.model_validate(one) for one in await found.to_list(None)]


async def bring_up_to_date(steps: Sequence[Migration] = STEPS, *, version: str = VERSION) -> list[Done]:
    """Creates what is missing and runs what is due; answers what was run here. Raises Misconfigured.

    Of several that start at once, one does it and the others wait until it is done.
    """
    if await db()[lock.COLLECTION].find_one({"_id": RESTORING}):
        raise Misconfigured(f"A backup is being put into {db().name}, or that was not finished; restore it --replace.")
    if not due(steps, await current()) and not await database.lacks():
        return []
    async with lock.held("migrations"):
        missing = due(steps, await current())
        await database.prepare()
        return [await _run(step, version) for step in missing]


async def _run(step: Migration, version: str) -> Done:
    log.info("a migration begins", number=step.number, name=step.name)
    begun = time.monotonic()
    await step.work()
    seconds = round(time.monotonic() - begun, 3)
    done = Done(number=step.number, name=step.name, version=version, at=datetime.now(UTC), seconds=seconds)
    await database.transaction(lambda session: _record(step, done, session))
    log.info("a migration has ended", number=step.number, seconds=seconds)
    return done


async def _record(step: Migration, done: Done, session: Session) -> None:
    kept = db()[lock.COLLECTION]
    was = Schema.model_validate(await kept.find_one({"_id": KEY}, session=session) or {})
    now = Schema(number=step.number, runs_from=max(was.runs_from, step.runs_from), version=done.version, at=done.at)
    await kept.insert_one(done.model_dump(by_alias=True), session=session)
    await kept.replace_one({"_id": KEY}, now.model_dump(), upsert=True, session=session)
