"""While Redis is away updates keep flowing from the database, no stream ends, and afterwards the log is used again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realtime import roster
from tests.realtime import regions
from tests.realtime.conftest import Start
from tests.realtime.valkey import Valkey
from webapp.database import Database


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    yield server
    server.kill()


async def until(is_true: object, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():  # type: ignore[operator]
            await asyncio.sleep(0.05)


async def test_a_killed_redis_is_not_noticed_by_any_page(start: Start, valkey: Valkey, db: Database) -> None:
    workers = [await start("killed", redis_url=valkey.url) for _ in range(2)]
    watchers = [await worker.watch("ws", regions.note("n")) for worker in workers]
    await until(lambda: all(worker.engine.feed.reads_log for worker in workers))
    valkey.kill()
    for text in ("one", "two", "three"):
        await db.notes.update_one({"_id": "n"}, {"$set": {"text": text}}, upsert=True)
        for watcher in watchers:
            await watcher.sees(text)
    valkey.start()
    await until(lambda: all(worker.engine.feed.reads_log for worker in workers))
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "four"}})
    for watcher in watchers:
        await watcher.sees("four")
    assert not any(watcher.closed_with for watcher in watchers)


async def test_a_hung_redis_is_noticed_in_seconds(start: Start, valkey: Valkey, db: Database) -> None:
    worker = await start(redis_url=valkey.url)
    watcher = await worker.watch("sse", regions.note("n"))
    await until(lambda: worker.engine.feed.reads_log)
    valkey.hang()
    await db.notes.insert_one({"_id": "n", "text": "while it hung"})
    await watcher.sees("while it hung", seconds=8)
    valkey.go_on()
    await until(lambda: worker.engine.feed.reads_log)
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "and after"}})
    await watcher.sees("and after")


async def test_the_lease_is_handed_over_at_once_and_taken_over_after_a_crash(start: Start, valkey: Valkey) -> None:
    one, two, three = [(await start("lease", redis_url=valkey.url)).engine for _ in range(3)]
    everyone = {one, two, three}
    await until(lambda: any(engine.relay.holds_lease for engine in everyone))
    (holder,) = [engine for engine in everyone if engine.relay.holds_lease]
    await holder.relay.stop()
    rest = everyone - {holder}
    await until(lambda: any(engine.relay.holds_lease for engine in rest), 1)
    (second,) = [engine for engine in rest if engine.relay.holds_lease]
    second.relay._task.cancel()  # type: ignore[union-attr]
    (last,) = rest - {second}
    await until(lambda: last.relay.holds_lease, 5)


async def test_heartbeats_are_not_late_while_redis_hangs(
    start: Start, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "BEAT_SECONDS", 1)
    worker = await start(redis_url=valkey.url)
    watcher = await worker.watch("ws", regions.readers("n"))
    valkey.hang()
    await asyncio.sleep(1)
    before = len(watcher.control)
    await asyncio.sleep(6)
    valkey.go_on()
    assert len(watcher.control) - before >= 4
