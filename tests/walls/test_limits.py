"""How often one visitor may ask: counted over all workers, told in headers, and never in the way when Redis is."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from tests.realtime.valkey import Valkey
from tests.team import MANAGE
from tests.walls.conftest import Begin, somebody
from webapp.observing import metrics
from webapp.settings import Settings

NOTHING = "/nothing"


async def statuses(apps: list[Quart], times: int, visitor: dict[str, Any], path: str, method: str) -> Counter[int]:
    """Asks every worker so many times, all at once."""
    asked = [app.test_client().open(path, method=method, **visitor) for app in apps for _ in range(times)]
    return Counter([answer.status_code for answer in await asyncio.gather(*asked)])


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    yield server
    server.go_on()
    server.kill()


async def test_two_workers_let_through_exactly_what_is_allowed(begin: Begin) -> None:
    workers = [await begin(limit_writes="20/600") for _ in range(2)]
    found = await statuses(workers, 40, somebody(), NOTHING, "POST")
    assert found == {404: 20, 429: 60}


async def test_without_a_common_count_each_worker_would_let_all_of_it_through(begin: Begin, valkey: Valkey) -> None:
    workers = [await begin(limit_writes="20/600"), await begin(limit_writes="20/600", redis_url=valkey.url)]
    found = await statuses(workers, 40, somebody(), NOTHING, "POST")
    assert found == {404: 40, 429: 40}


async def test_reads_are_settled_in_tens_and_exceed_the_limit_by_less_than_that(begin: Begin) -> None:
    workers = [await begin(limit_reads="300/600") for _ in range(2)]
    found = await statuses(workers, 300, somebody(), "/help", "GET")
    assert 300 <= found[200] <= 300 + 2 * 9
    assert found[200] + found[429] == 600


async def test_one_visitor_does_not_use_up_what_another_has(begin: Begin) -> None:
    app = await begin(limit_writes="1/600")
    for _ in range(2):
        visitor = somebody()
        assert await statuses([app], 2, visitor, NOTHING, "POST") == {404: 1, 429: 1}


async def test_the_time_to_wait_is_true(begin: Begin) -> None:
    client, visitor = (await begin(limit_writes="2/2")).test_client(), somebody()
    for _ in range(2):
        await client.post(NOTHING, **visitor)
    refused = await client.post(NOTHING, **visitor)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    await asyncio.sleep(1)
    assert (await client.post(NOTHING, **visitor)).status_code == 404


async def test_every_counted_answer_says_what_is_left(begin: Begin) -> None:
    client, visitor = (await begin(limit_writes="60/60")).test_client(), somebody()
    for left in (59, 58):
        answer = await client.post(NOTHING, **visitor)
        assert answer.headers["RateLimit-Policy"] == '"writes";q=60;w=60'
        assert re.fullmatch(rf'"writes";r={left};t=[12]', answer.headers["RateLimit"])
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "kind", "words"),
    [
        ({}, "text/html", "<!DOCTYPE html>"),
        ({"HX-Request": "true"}, "text/html", 'role="alert"'),
        ({"Accept": "application/json"}, "application/problem+json", '"status": 429'),
    ],
)
async def test_too_often_is_said_to_each_in_their_way(
    begin: Begin, headers: dict[str, str], kind: str, words: str
) -> None:
    client, visitor = (await begin(limit_writes="1/600")).test_client(), somebody()
    await client.post(NOTHING, **visitor)
    answer = await client.post(NOTHING, headers=headers, **visitor)
    said = str(await answer.get_data(as_text=True))
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (429, kind, "600")
    assert words in said
    assert "try again in 600 seconds" in said


async def test_an_import_counts_as_heavy_and_files_and_health_do_not_count(begin: Begin) -> None:
    app, visitor = await begin(limit_heavy="1/600", limit_reads="1/600"), somebody()
    assert await statuses([app], 2, visitor, f"{MANAGE}/import", "POST") == {303: 1, 429: 1}
    assert await statuses([app], 5, visitor, "/healthz", "GET") == {200: 5}
    assert await statuses([app], 5, visitor, "/favicon.ico", "GET") == {200: 5}


async def test_streams_have_a_limit_of_their_own(begin: Begin) -> None:
    app, visitor = await begin(limit_live="2/600"), somebody()
    assert await statuses([app], 3, visitor, "/live/poll?r=wrong", "GET") == {400: 2, 429: 1}
    refused = await app.test_client().get("/live/poll?r=wrong", **visitor)
    assert refused.headers["Retry-After"] == "300"
    assert refused.headers["RateLimit-Policy"] == '"live";q=2;w=600'


@pytest.mark.parametrize("trouble", ["kill", "hang"])
async def test_while_redis_is_away_everybody_is_answered(begin: Begin, valkey: Valkey, trouble: str) -> None:
    app, visitor = await begin(limit_writes="2/600", redis_url=valkey.url), somebody()
    getattr(valkey, trouble)()
    began, before = time.monotonic(), metrics.uncounted.labels("writes")._value.get()
    for _ in range(20):
        assert await statuses([app], 1, visitor, NOTHING, "POST") == {404: 1}
    assert time.monotonic() - began < 10  # twenty waits for an answer would be longer
    assert metrics.uncounted.labels("writes")._value.get() - before == 20


async def test_limits_hold_again_when_redis_is_back(begin: Begin, valkey: Valkey) -> None:
    app, visitor = await begin(limit_writes="2/600", redis_url=valkey.url), somebody()
    valkey.kill()
    assert await statuses([app], 3, visitor, NOTHING, "POST") == {404: 3}
    valkey.start()
    async with asyncio.timeout(30):
        while 429 not in await statuses([app], 3, visitor, NOTHING, "POST"):
            await asyncio.sleep(0.2)


def test_a_limit_that_is_none_is_refused() -> None:
    for wrong in ("0/10", "many", "10", "10/0"):
        with pytest.raises(ValueError, match="limit_reads"):
            Settings(limit_reads=wrong)
