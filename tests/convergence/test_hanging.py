"""A server that hangs is worse than one that is gone: nothing says no. It is noticed, and nothing waits long."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from ops.soak.servers import Server
from ops.soak.stage import Stage, eventually

NOTICED_SECONDS = 15.0


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def ended(stage: Stage) -> int:
    return sum(screen.ended for screen in stage.streams)


async def test_a_page_is_answered_while_the_database_hangs_and_the_streams_say_that_they_are_stale(
    stage: Stage,
) -> None:
    before = ended(stage)
    with frozen(stage.mongo.nodes[0]):
        asked = time.monotonic()
        async with httpx.AsyncClient(timeout=40) as browser:
            answer = await browser.get(stage.turnout.origin)
        took = time.monotonic() - asked
        await eventually(lambda: all(screen.is_stale for screen in stage.streams), NOTICED_SECONDS)
    assert answer.status_code == 503
    assert "The database does not answer just now" in answer.text
    assert took < 12
    assert ended(stage) == before
    assert await stage.quiet()


async def test_pages_and_updates_go_on_while_redis_hangs(stage: Stage) -> None:
    before = ended(stage)
    with frozen(stage.valkey):
        stage.writers.go_on()
        async with httpx.AsyncClient(timeout=5) as browser:
            for _ in range(10):
                assert (await browser.get(stage.turnout.origin)).status_code == 200
                await asyncio.sleep(0.5)
        await stage.writers.pause()
        assert await stage.oracle.settled(stage.screens, 20)
    assert ended(stage) == before
