"""The harness sees what it is there to see: each of its checks is shown a fault of its own."""

import asyncio

import httpx
import pytest
from redis import Redis

from ops.soak.ledger import Ledger
from ops.soak.screens import SocketScreen
from ops.soak.stage import Stage
from realtime.drawing import Drawn, envelope, version


def frame(html: str, key: str = "event_page-1") -> str:
    return envelope(Drawn(key, html, version(html), "signature"))


@pytest.fixture
async def screen() -> SocketScreen:
    async with httpx.AsyncClient() as browser:
        shown = SocketScreen("http://127.0.0.1:1", "/", Ledger(), browser)
    shown._show_page('<div data-shown="event_page-1.signature.version">Gathering 1, change 3</div>')
    return shown


def test_a_screen_that_goes_forward_is_right(screen: SocketScreen) -> None:
    screen._take(frame("Gathering 1, change 4") + frame("something of another page", "event_page-2"))
    screen._take(frame("Gathering 1, change 6"))
    assert screen.ledger.problems == []
    assert screen.position == f"event_page-1.signature.{version('Gathering 1, change 6')}"


def test_a_screen_that_goes_back_is_noticed(screen: SocketScreen) -> None:
    screen._take(frame("Gathering 1, change 5"))
    screen._take(frame("Gathering 1, change 4"))
    assert "went back from 5 to 4" in screen.ledger.problems[0]


def test_a_page_that_is_older_than_what_was_shown_is_noticed(screen: SocketScreen) -> None:
    screen._take(frame("Gathering 1, change 5"))
    screen._show_page('<div data-shown="event_page-1.signature.version">Gathering 1, change 4</div>')
    assert "went back from 5 to 4" in screen.ledger.problems[0]


def test_a_version_that_is_not_of_its_html_is_noticed(screen: SocketScreen) -> None:
    screen._take(frame("one thing").replace(version("one thing"), version("another")))
    assert "is not what its version says" in screen.ledger.problems[0]


async def written(stage: Stage) -> None:
    stage.writers.go_on()
    await asyncio.sleep(2)
    await stage.writers.pause()


async def test_a_screen_that_shows_something_else_than_the_truth_is_noticed(stage: Stage) -> None:
    await written(stage)
    assert await stage.quiet()
    wrong, key = next((screen, key) for screen in stage.streams for key in screen.html if "viewers" not in key)
    kept, wrong.html[key] = wrong.html[key], wrong.html[key] + " "
    found = await stage.oracle.wrong(stage.screens)
    wrong.html[key] = kept
    assert [sentence.endswith("has the right version and other bytes") for sentence in found] == [True]


async def test_an_entry_that_the_log_lost_is_noticed(stage: Stage) -> None:
    await written(stage)
    with Redis.from_url(stage.given.redis_url) as redis:
        (log,) = redis.scan_iter("turnout:*:log")
        entries = redis.xrange(log)
        redis.xdel(log, entries[len(entries) // 2][0])
    assert ["is not in the log" in sentence for sentence in await stage.wrong_in_the_log()] == [True]
    stage.valkey.kill()
    stage.valkey.forget()
    stage.valkey.start()
