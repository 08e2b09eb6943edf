"""Work that comes due: documents with a due time, done by whichever worker gets there first.

A job looks for what is due and claims it by a conditional update, so it may run on every worker at once. One question a
second says what is due, of all jobs together, and when the next will be.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from webapp.database import PyMongoError, db, is_passing

Job = Callable[[datetime], Awaitable[int]]
Stages = list[dict[str, Any]]

EVERY_SECONDS = 1.0
# Whatever nobody foresaw, such as a due time that an older version takes away, is looked for by the jobs themselves.
ALL_EVERY_SECONDS = 60.0
# Workers that wait for the same moment do not all come in it.
APART_SECONDS = 0.05
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()
_jobs: list[tuple[Job, "When"]] = []
_looking: list[asyncio.Event] = []


@dataclass(frozen=True)
class When:
    """Where a job's work waits, and the date from when on, with `after` added, it is due; without one it is at once."""

    collection: str
    at: str = ""
    after: timedelta = timedelta()
    among: Mapping[str, Any] = field(default_factory=dict)

    def first(self, number: int) -> Stages:
        """The stages that find the earliest due time, with the number of the job."""
        told: dict[str, Any] = {
            "_id": 0,
            "job": {"$literal": number},
            "at": f"${self.at}" if self.at else {"$literal": LONG_AGO},
        }
        if not self.at:
            return [{"$match": dict(self.among)}, {"$limit": 1}, {"$project": told}]
        found = {"$match": {**self.among, self.at: {"$gte": LONG_AGO}}}
        return [found, {"$sort": {self.at: 1}}, {"$limit": 1}, {"$project": told}]


def job(when: When) -> Callable[[Job], Job]:
    """Registers `work(now)`, which does what is due and says how much that was."""

    def register(work: Job) -> Job:
        _jobs.append((work, when))
        return work

    return register


class Beside:
    """What was claimed and is carried out beside everything else, at most so much at once."""

    def __init__(self, most: int | None = None) -> None:
        self._most, self._running = most, set[asyncio.Task[None]]()

    @property
    def is_full(self) -> bool:
        return self._most is not None and len(self._running) >= self._most

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins it now; it says itself what went wrong."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def finish(self) -> None:
        """Waits for what is under way."""
        await asyncio.gather(*self._running)

    def _ended(self, task: asyncio.Task[None]) -> None:
        was_full = self.is_full
        self._running.discard(task)
        if was_full:
            for looking in _looking:
                looking.set()


async def coming() -> dict[Job, datetime]:
    """From when on each job has something to do; those that wait for nothing are left out."""
    (_, first), *others = _jobs
    stages: Stages = first.first(0)
    for number, (_, when) in enumerate(others, 1):
        stages.append({"$unionWith": {"coll": when.collection, "pipeline": when.first(number)}})
    found = await db()[first.collection].aggregate(stages).to_list(None)
    return {_jobs[one["job"]][0]: one["at"] + _jobs[one["job"]][1].after for one in found}


async def run_due(now: datetime) -> int:
    """Does everything that is due at `now`, once; says how much that was."""
    return sum([await _do(work, now) for work, _ in _jobs])


async def keep_running() -> None:
    """Does what is due when it is due, until cancelled. A database that is away is asked again."""
    has_room = asyncio.Event()
    _looking.append(has_room)
    try:
        await _keep_looking(has_room)
    finally:
        _looking.remove(has_room)


async def _keep_looking(has_room: asyncio.Event) -> None:
    all_at = 0.0
    while True:
        done, pause = 0, EVERY_SECONDS
        has_room.clear()
        try:
            known, now = await coming(), datetime.now(UTC)
            if time.monotonic() >= all_at:
                all_at = time.monotonic() + ALL_EVERY_SECONDS
                done = await run_due(now)
            else:
                done = sum([await _do(work, now) for work, at in known.items() if at <= now])
            pause = _until_next(known.values(), now)
        except PyMongoError as error:
            log.warning("due work waits for the database", error=str(error))
        if not done:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await has_room.wait()


def _until_next(known: Iterable[datetime], now: datetime) -> float:
    soonest = min(((at - now).total_seconds() for at in known if at > now), default=EVERY_SECONDS)
    return min(soonest + random.uniform(0, APART_SECONDS), EVERY_SECONDS)  # noqa: S311 - only spreads load


async def _do(work: Job, now: datetime) -> int:
    """One job; what fails in it holds up no other."""
    try:
        return await work(now)
    except Exception as error:
        if isinstance(error, PyMongoError) and is_passing(error):
            raise
        log.exception("due work failed", job=_name(work))
    return 0


def _name(work: Job) -> str:
    return f"{work.__module__}.{getattr(work, '__name__', '')}"
