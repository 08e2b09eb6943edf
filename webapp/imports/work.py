"""Carrying out imports: claimed by one worker, carried on by another when that one ends in the middle."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from webapp import due
from webapp.database import PyMongoError
from webapp.errors import Invalid
from webapp.imports import store, writing
from webapp.imports.calendar import Reading
from webapp.imports.reader import read_apart
from webapp.imports.reconcile import Plan, plan
from webapp.imports.record import Import

AGAIN = timedelta(seconds=2)
GIVEN_UP = "Importing this calendar was interrupted three times. Nothing was imported; try it again, or in parts."

log = structlog.get_logger()
_running: set[asyncio.Task[None]] = set()


@due.job
async def start_due(now: datetime) -> int:
    """Claims an import that waits, if there is one, and carries it out beside everything else."""
    one = await store.claim(now)
    if one is None:
        return 0
    task = asyncio.create_task(carry_out(one))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return 1


async def carry_out(one: Import) -> None:
    """Does a claimed import, from wherever it was left. What fails for good is said in the import itself."""
    if one.attempts > store.ATTEMPTS:
        await _fail(one, GIVEN_UP)
        return
    try:
        await _import(one)
    except Invalid as refusal:
        await _fail(one, str(refusal))
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
    noted = await store.get(one.id)
    todo = plan(reading, await writing.known(reading.calendar, noted), one.created_at)
    await _write(todo, noted, reading)


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
    await store.fail(one.id, reason, _now())


def _now() -> datetime:
    return datetime.now(UTC)
