"""Where the connection itself cannot be had (HTTP/2, another server) the same streams go through ASGI."""

import asyncio

import pytest

from tests.realtime import regions
from tests.realtime.conftest import Start
from webapp.database import Database

both = pytest.mark.parametrize("transport", ["ws", "sse"])


@both
async def test_a_write_appears_through_asgi(start: Start, db: Database, transport: str) -> None:
    worker = await start(door=False)
    watcher = await worker.watch(transport, regions.note("n"))
    for number in range(20):
        await db.notes.update_one({"_id": "n"}, {"$set": {"text": f"{number}"}}, upsert=True)
    await watcher.sees("19")
    assert len(worker.engine.roster) == 1
    await watcher.close()
    async with asyncio.timeout(5):
        while len(worker.engine.roster):
            await asyncio.sleep(0.01)


@both
async def test_a_drain_reaches_streams_through_asgi(start: Start, transport: str) -> None:
    worker = await start(door=False)
    watcher = await worker.watch(transport, regions.note("n"))
    await worker.engine.drain(0.1)
    await watcher.until(lambda: watcher.closed_with)
    assert watcher.closed_with == {"ws": 1012, "sse": 1}[transport]
    assert watcher.transport == "ws" or watcher.retry
