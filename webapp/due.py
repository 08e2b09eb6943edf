"""Work that comes due: documents with a due time, done by whichever worker gets there first.

A job looks for what is due and claims it by a conditional update, so it may run on every worker at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from webapp.database import PyMongoError

Job = Callable[[datetime], Awaitable[int]]

EVERY_SECONDS = 1.0
log = structlog.get_logger()
_jobs: list[Job] = []


def job(work: Job) -> Job:
    """Registers `work(now)`, which does what is due and says how much that was."""
    _jobs.append(work)
    return work


async def run_due(now: datetime) -> int:
    """Does everything that is due at `now`, once; says how much that was."""
    return sum([await work(now) for work in _jobs])


async def keep_running() -> None:
    """Does what is due every second, until cancelled. A database that is away is asked again."""
    while True:
        try:
            done = await run_due(datetime.now(UTC))
        except PyMongoError as error:
            log.warning("due work waits for the database", error=str(error))
            done = 0
        if not done:
            await asyncio.sleep(EVERY_SECONDS)
