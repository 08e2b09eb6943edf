"""Carrying out imports: claimed by one worker, carried on by another when that one ends in the middle."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from webapp import due
from webapp.database import PyMongoError
from webapp.errors import Invalid, NotFound
from webapp.imports import concerning, store, writing
from webapp.imports.calendar import Reading
from webapp.imports.reader import read_apart
from webapp.imports.reconcile import Plan, plan
from webapp.imports.record import Import, State

AGAIN = timedelta(seconds=2)
GIVEN_UP = "Importing this calendar was interrupted three times. Nothing was imported; try it again, or in parts."

log = structlog.get_logger()
_beside = due.Beside()


@due.job(due.When("imports", "due_at"))
async def start_due(now: datetime) -> int:
    """Claims an import that waits, if there is one, and carries it out beside everything else."""
    one = await store.claim(now)
    if one is None:
        return 0
    _beside.begin(carry_out(one))
    return 1


async def finish() -> None:
    """Waits for what is being imported."""
    await _beside.finish()


async def carry_out(one: Import) -> None:
    """Does a claimed import, from wherever it was left. What fails for good is said in the import itself."""
    if one.state is State.ASKING:
        await store.fail(one, store.UNANSWERED, _now(), among=[State.ASKING])
        return
    if one.attempts > store.ATTEMPTS:
        await _fail(one, GIVEN_UP)
        return
    try:
        await _import(one)
    except Invalid as refusal:
        await _fail(one, str(refusal))
    except NotFound:
        log.warning("an import is gone with its organiser", id=one.id)
    except PyMongoError as error:
        log.warning("an import is left for later", id=one.id, error=str(error))


async def _import(one: Import) -> None:
    if one.calendar and await store.is_another_running(one, one.calendar):
        await store.put_back(one.id, _now() + AGAIN)
        return
    reading = await read_apart(await store.file_of(one.id), now=one.created_at, name=one.origin)
    await store.note_reading(one.id, reading, _now())
    if await store.is_another_running(one, reading.calendar):
        await store.put_back(one.id, _now() + AGAIN)
        return
    noted = await store.get(one.organiser_id, one.id)
    todo = plan(reading, await writing.known(reading.calendar, noted), one.created_at)
    if await _may_go_on(todo, noted):
        await _write(todo, noted, reading)


async def _may_go_on(todo: Plan, one: Import) -> bool:
    """Asks first where people come to what would be moved or called off."""
    if one.is_agreed:
        return True
    concern = await concerning.concern(todo, one, _now())
    # An import that was interrupted has told some of them already.
    if concern.is_nobodys or not one.concern.is_nobodys:
        return True
    await store.note_concern(one.id, concern, _now())
    if one.asks:
        await store.ask(one.id, _now())
    return not one.asks


async def _write(todo: Plan, one: Import, reading: Reading) -> None:
    written = len(reading.entries) - len(todo.new) - len(todo.changed)

    async def in_batches(items: list[object], write: Callable[..., Awaitable[None]]) -> None:
        nonlocal written
        for batch in writing.batches(items):
            await write(batch)
            written += len(batch)
            await store.note_progress(one.id, min(written, len(reading.entries)), _now())
            await writing.breathe()

    await in_batches([*todo.new], lambda batch: writing.write_new(batch, one, reading.calendar, _now()))
    await in_batches([*todo.changed], lambda batch: writing.write_changed(batch, one, _now()))
    if todo.vanished:
        await writing.write_vanished(todo.vanished, one, _now())
    await writing.publish(one, todo.same, _now())


async def _fail(one: Import, reason: str) -> None:
    await writing.withdraw(one)
    await store.fail(one, reason, _now())


def _now() -> datetime:
    return datetime.now(UTC)
