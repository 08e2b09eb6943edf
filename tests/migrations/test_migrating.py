"""Each migration is run once, forward, whoever starts at the same time and whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from webapp import database
from webapp.errors import Misconfigured
from webapp.migrations import lock, store
from webapp.migrations.migration import Migration, Schema
from webapp.migrations.steps import STEPS

AT_ONCE = 5


class Counted:
    """A migration that takes a moment, and how often it was begun and ended."""

    def __init__(self) -> None:
        self.begun, self.ended = 0, 0

    async def __call__(self) -> None:
        self.begun += 1
        await asyncio.sleep(0.2)
        self.ended += 1


def steps(work: Counted, *, runs_from: int = 1) -> list[Migration]:
    return [*STEPS, Migration(len(STEPS) + 1, "counted", work, runs_from)]


async def known(number: int, runs_from: int) -> None:
    """As a version of the future left the database."""
    kept = Schema(number=number, runs_from=runs_from, version="9.0.0").model_dump()
    await database.db().schema.replace_one({"_id": "schema"}, kept, upsert=True)


async def test_of_many_that_start_at_once_one_migrates(db: database.Database) -> None:
    counted = Counted()
    done = await asyncio.gather(*(store.bring_up_to_date(steps(counted)) for _ in range(AT_ONCE)))
    assert (counted.begun, counted.ended) == (1, 1)
    assert sorted(len(one) for one in done) == [0] * (AT_ONCE - 1) + [len(STEPS) + 1]
    assert [one.number for one in await store.history()] == [step.number for step in steps(counted)]


async def test_without_the_lock_they_get_in_each_others_way(
    db: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def not_held(name: str) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(lock, "held", not_held)
    await store.bring_up_to_date()
    counted = Counted()
    at_once = (store.bring_up_to_date(steps(counted)) for _ in range(AT_ONCE))
    await asyncio.gather(*at_once, return_exceptions=True)
    assert counted.begun > 1


async def test_what_was_run_is_recorded_and_never_run_again(db: database.Database) -> None:
    counted = Counted()
    await store.bring_up_to_date(steps(counted), version="0.2.0")
    assert await store.bring_up_to_date(steps(counted), version="0.3.0") == []
    last = (await store.history())[-1]
    assert (last.name, last.version, counted.begun) == ("counted", "0.2.0", 1)
    assert (await store.current()).version == "0.2.0"


async def test_one_that_fails_is_not_recorded_and_is_run_again(db: database.Database) -> None:
    failures = [RuntimeError("the machine was switched off")]

    async def work() -> None:
        if failures:
            raise failures.pop()

    failing = [*STEPS, Migration(len(STEPS) + 1, "unlucky", work, 1)]
    with pytest.raises(RuntimeError):
        await store.bring_up_to_date(failing)
    assert (await store.current()).number == len(STEPS)
    assert [one.name for one in await store.bring_up_to_date(failing)] == ["unlucky"]


async def test_the_lock_of_one_that_died_ends_by_itself(db: database.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LASTS_SECONDS", 1.0)
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.2)
    assert await lock.take("migrations", "one that dies")
    assert not await lock.take("migrations", "another")
    counted = Counted()
    async with asyncio.timeout(20):
        await store.bring_up_to_date(steps(counted))
    assert counted.ended == 1


async def test_the_lock_is_put_off_while_the_work_goes_on(
    db: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LASTS_SECONDS", 2.0)
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.2)
    async with lock.held("migrations"):
        await asyncio.sleep(2.5)
        assert not await lock.take("migrations", "another")
    assert await lock.take("migrations", "another")


async def test_who_has_lost_the_lock_stops(db: database.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.1)

    async def work() -> None:
        async with lock.held("migrations"):
            await database.db().schema.update_one({"_id": "lock migrations"}, {"$set": {"holder": "another"}})
            await asyncio.sleep(20)

    with pytest.raises(lock.Lost):
        await work()
    assert await database.db().schema.find_one({"_id": "lock migrations"})


async def test_a_database_that_is_too_new_is_refused_in_one_sentence(db: database.Database) -> None:
    await known(9, runs_from=9)
    with pytest.raises(Misconfigured, match=r"schema 9, made by Turnout 9\.0\.0, and this version knows 1; start 9"):
        await store.bring_up_to_date()


async def test_a_newer_database_that_was_made_for_it_is_served(db: database.Database) -> None:
    await known(9, runs_from=1)
    assert await store.bring_up_to_date() == []
    assert (await store.current()).number == 9


async def test_what_readers_and_writers_do_goes_on_while_an_index_is_made(db: database.Database) -> None:
    await db.moved.insert_many([{"n": number, "text": "x" * 200} for number in range(20_000)])
    making = asyncio.ensure_future(db.moved.create_index([("text", 1), ("n", 1)]))
    waited = []
    while not making.done():
        begun = asyncio.get_running_loop().time()
        await db.moved.update_one({"n": 1}, {"$inc": {"seen": 1}})
        waited.append(asyncio.get_running_loop().time() - begun)
    await db.drop_collection("moved")
    assert waited
    assert max(waited) < 4  # the driver would give up
