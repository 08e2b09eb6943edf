"""Two versions on one database, with a migration between them: the real program, each its own processes.

The newer one is this code with one migration more (next_version/); `python -m ops.rehearse restart --before COMMIT`
takes an older commit, under load.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from realtime.drawing import Pen
from tests.conftest import SECRET
from tests.product import ROOT, program, running
from tests.registrations.making import elsewhere, event_with
from webapp import database, embedded
from webapp.events.event import Event
from webapp.events.live import event_page
from webapp.migrations import store as migrations
from webapp.responses import render

NAME = "turnout_two_versions"
LATER = {"PYTHONPATH": f"{Path(__file__).parent / 'next_version'}:{ROOT}"}


@pytest.fixture
async def jazz(servers: embedded.Addresses) -> AsyncIterator[Event]:
    async with elsewhere(servers.mongodb_uri, NAME):
        yield (await event_with(50)).event


@pytest.fixture
def given(servers: embedded.Addresses) -> dict[str, str]:
    urls = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url}
    return {**urls, "TURNOUT_DATABASE": NAME, "TURNOUT_LIMIT_READS": "1000000/1"}


class Visitor:
    """Asks for one page again and again, and counts how it was answered."""

    def __init__(self, address: str, event: Event) -> None:
        self.page, self.statuses = f"{address}{event.path}", set[int]()

    async def keep_asking(self) -> None:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as browser:
            while True:
                self.statuses.add((await browser.get(self.page)).status_code)
                await asyncio.sleep(0.05)


@asynccontextmanager
async def visited(address: str, event: Event) -> AsyncIterator[Visitor]:
    visitor = Visitor(address, event)
    asking = asyncio.create_task(visitor.keep_asking())
    yield visitor
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def shows(address: str, event: Event, text: str) -> None:
    """Waits until a screen that follows this address is sent the text."""
    region = event_page(event.organiser_id, event.id)
    watching = f"r={region.key}.{Pen(render, SECRET).sign(region.key)}."
    async with (
        asyncio.timeout(120),
        httpx.AsyncClient(timeout=120, trust_env=False) as viewer,
        viewer.stream("GET", f"{address}/live/sse?{watching}") as stream,
    ):
        async for line in stream.aiter_lines():
            if text in line:
                return


async def test_an_upgrade_beside_the_version_before_it(jazz: Event, given: dict[str, str], tmp_path: Path) -> None:
    with running(tmp_path / "old", **given) as (_, old):
        async with visited(old, jazz) as visitor:
            with running(tmp_path / "new", **given, **LATER, NEXT_RUNS_FROM="1") as (_, new):
                screens = [asyncio.create_task(shows(address, jazz, "Moved next door")) for address in (old, new)]
                await database.db().events.update_one({"_id": jazz.id}, {"$set": {"place_name": "Moved next door"}})
                await asyncio.gather(*screens)
                status = httpx.get(f"{new}{jazz.path}", trust_env=False, timeout=60).status_code
        assert (status, visitor.statuses) == (200, {200})
    assert [(one.number, one.version) for one in await migrations.history()][-1] == (2, "9.0.0")
    assert (await database.db().events.find_one({"_id": jazz.id}))["next_words"] == "jazz"
    with running(tmp_path / "old again", **given) as (_, back):
        assert httpx.get(f"{back}{jazz.path}", trust_env=False, timeout=60).status_code == 200


async def test_a_version_that_is_too_old_says_so_and_ends(jazz: Event, given: dict[str, str], tmp_path: Path) -> None:
    with running(tmp_path / "new", **given, **LATER, NEXT_RUNS_FROM="2"):
        old = program(tmp_path / "old", **given)
        _, said = await asyncio.to_thread(old.finished, timeout=120)
    assert old.returncode == 1
    assert said == (
        "turnout: The database has schema 2, made by Turnout 9.0.0, and this version knows 1; "
        "start 9.0.0 or newer, or restore a backup from before that upgrade.\n"
    )
