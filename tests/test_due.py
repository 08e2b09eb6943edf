"""Work that comes due: one question finds it, it is done on time, and no job holds up another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart

from webapp import database, due
from webapp.mail import sending
from webapp.registrations import parting

FEW = {"departures", "retention_rounds", "door_forgetting"}
"""Collections of a handful of documents, which are looked through."""


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing else is looked for, and by the clock only twice a minute."""
    alone: list[Any] = []
    monkeypatch.setattr(due, "_jobs", alone)
    monkeypatch.setattr(due, "EVERY_SECONDS", 30.0)
    return alone


@asynccontextmanager
async def looking() -> AsyncIterator[None]:
    task = asyncio.create_task(due.keep_running())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_question_tells_what_all_jobs_wait_for(app: Quart, db: database.Database) -> None:
    later = datetime(2100, 5, 17, 12, tzinfo=UTC)
    await db.mails.insert_many([{"_id": "late", "due_at": later + timedelta(1)}, {"_id": "soon", "due_at": later}])
    await db.mails.insert_one({"_id": "sent"})
    await db.departures.insert_one({"_id": "ana"})
    assert await due.coming() == {sending.start_due: later, parting.depart: due.LONG_AGO}


async def test_what_is_due_is_found_by_an_index(app: Quart, db: database.Database) -> None:
    for _, when in due._jobs:
        asked = {"aggregate": when.collection, "pipeline": when.first(0), "cursor": {}}
        plan = str(await db.command({"explain": asked, "verbosity": "queryPlanner"}))
        assert "COLLSCAN" not in plan or when.collection in FEW, when


async def test_work_is_done_when_it_is_due_and_not_at_the_next_look(db: database.Database, jobs: list[Any]) -> None:
    done: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()
    due_at = datetime.now(UTC) + timedelta(seconds=1)

    @due.job(due.When("things", "due_at"))
    async def work(now: datetime) -> int:
        if found := await db.things.find_one_and_delete({"due_at": {"$lte": now}}):
            done.set_result(datetime.now(UTC))
        return 1 if found else 0

    await db.things.insert_one({"_id": "one", "due_at": due_at})
    async with looking(), asyncio.timeout(15):
        assert await done >= due_at - timedelta(milliseconds=1)


async def test_a_job_that_has_nothing_to_do_is_not_asked(
    db: database.Database, jobs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "EVERY_SECONDS", 0.02)
    asked = []

    @due.job(due.When("things", "due_at"))
    async def work(now: datetime) -> int:
        asked.append(now)
        return 0

    async with looking():
        await asyncio.sleep(0.5)
    assert len(asked) == 1  # all are, once, at the start


async def test_a_job_that_fails_holds_up_no_other(db: database.Database, jobs: list[Any]) -> None:
    done = asyncio.Event()

    @due.job(due.When("things", "due_at"))
    async def fails(now: datetime) -> int:
        raise ValueError("a document that nobody understands")

    @due.job(due.When("things", "due_at"))
    async def works(now: datetime) -> int:
        done.set()
        return 0

    async with looking(), asyncio.timeout(15):
        await done.wait()


async def test_who_has_room_again_is_given_the_next_at_once(db: database.Database, jobs: list[Any]) -> None:
    beside, all_done = due.Beside(1), asyncio.Event()
    begun: list[str] = []

    async def carry_out(name: str) -> None:
        await asyncio.sleep(0.1)
        begun.append(name)
        if len(begun) == 3:
            all_done.set()

    @due.job(due.When("things", "due_at"))
    async def start(now: datetime) -> int:
        found = None if beside.is_full else await db.things.find_one_and_delete({"due_at": {"$lte": now}})
        if found is None:
            return 0
        beside.begin(carry_out(found["_id"]))
        return 1

    await db.things.insert_many([{"_id": name, "due_at": due.LONG_AGO} for name in ("one", "two", "three")])
    async with looking(), asyncio.timeout(15):
        await all_done.wait()
    assert sorted(begun) == ["one", "three", "two"]
