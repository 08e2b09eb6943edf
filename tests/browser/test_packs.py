"""A phone at a large door, whose pack comes in many parts; and one that meets another release of Turnout."""

import asyncio
import gzip
import hashlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from quart import Quart, request
from quart import Response as Answer

from realtime import server as live_server
from tests.browser.test_door import begun, typed
from tests.browser.wire import Wire, wired
from tests.conftest import SECRET
from tests.door.making import AtTheDoor, door, linked
from tests.serving import served
from webapp import assets, embedded
from webapp.app import create_app
from webapp.database import Database
from webapp.door import pack
from webapp.door.sealed import RECORD_BYTES
from webapp.settings import Settings

MANY = 2_000
KEEPS_MORE, LETS_GO_FOR_GOOD = "keeps more", "lets go for good"
DIFFERENCES = {
    KEEPS_MORE: [("const VERSION = 1", "const VERSION = 2"), ('"queue", "clashes"]', '"queue", "clashes", "more"]')],
    LETS_GO_FOR_GOOD: [("        database.close()\n        opening = opened()\n", "        database.close()\n")],
}
Release = Callable[[str], str]
READY, WAITING = "Ready to scan without network", "[data-waiting]"


@pytest.fixture
def here(servers: embedded.Addresses, db: Database, tmp_path: Path) -> Quart:
    """A Turnout in this process, whose assets and sizes a test can change."""
    urls = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url}
    return create_app(Settings(**urls, database=db.name, secret=SECRET, var=tmp_path))


@pytest.fixture
async def wire(here: Quart) -> AsyncIterator[Wire]:
    """The network to it."""
    live_server.install()
    async with AsyncExitStack() as stack:
        port = await served(here, stack)
        async with wired(f"http://127.0.0.1:{port}") as made:
            yield made


@pytest.fixture
async def at_the_door(db: Database) -> AtTheDoor:
    return await door()


@pytest.fixture
async def phone(chromium: Browser, wire: Wire) -> BrowserContext:
    return await chromium.new_context(
        viewport={"width": 390, "height": 800}, base_url=wire.address, locale="en-GB", service_workers="allow"
    )


def forget_assets() -> None:
    for known in (assets.manifest, assets.files, assets._content):
        known.cache_clear()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """Releases a Turnout whose scripts of the door differ so: they have other names, and the old ones are gone."""

    def released(how: str) -> str:
        dist = shutil.copytree(assets.DIST, tmp_path / f"dist{len(list(tmp_path.iterdir()))}")
        manifest = dict(assets.manifest())
        for name in ("scanner.js", "worker.js"):
            text = (dist / manifest[name]).read_text()
            for old, new in DIFFERENCES[how]:
                assert text.count(old) == 1
                text = text.replace(old, new)
            for gone in dist.glob(f"{manifest[name]}*"):
                gone.unlink()
            manifest[name] = f"{name.removesuffix('.js')}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
            (dist / manifest[name]).write_text(text)
            (dist / f"{manifest[name]}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        (dist / "manifest.json").write_text(json.dumps(manifest))
        monkeypatch.setattr(assets, "DIST", dist)
        forget_assets()
        return manifest["scanner.js"]

    yield released
    monkeypatch.undo()
    forget_assets()


async def scripts(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("Array.from(document.scripts, (one) => one.src.split('/').pop())")
    return found


async def ready(phone: BrowserContext, at: AtTheDoor) -> Page:
    """A page that can go on without network."""
    page = await phone.new_page()
    await begun(page, (await linked(at)).path, "Ana's phone")
    await expect(page.locator("[data-status]")).to_contain_text(READY)
    return page


async def learnt(db: Database, count: int) -> list[tuple[str, str]]:
    """What the server has learnt of, in the order in which it happened, once that are so many."""
    async with asyncio.timeout(20):
        while await db.checkins.count_documents({}) < count:
            await asyncio.sleep(0.1)
    return [(one["name"], one["result"]) for one in await db.checkins.find({}).sort("happened_at", 1).to_list(None)]


def parts_sent(here: Quart) -> list[dict[str, Any]]:
    """The heads of the parts that it sends from now on."""
    found: list[dict[str, Any]] = []

    @here.after_request
    async def note(answer: Answer) -> Answer:
        if request.path == "/door/pack" and answer.status_code == 200:
            body = await answer.get_data(as_text=False)
            found.append(json.loads(body[4 : 4 + int.from_bytes(body[:4])]))
        return answer

    return found


async def test_a_large_pack_comes_in_parts_and_goes_on_where_it_was_cut(
    phone: BrowserContext, here: Quart, wire: Wire, at_the_door: AtTheDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await at_the_door.sold(*[f"Guest {number}" for number in range(MANY)])
    monkeypatch.setattr(pack, "PART_BYTES", 1)  # a bucket at a time
    page, sent = await phone.new_page(), parts_sent(here)
    await begun(page, (await linked(at_the_door)).path, "Ana's phone")
    status = page.locator("[data-status]")
    await expect(status).to_have_text(
        re.compile(r"Getting ready to scan without network: ([2-9]|\d\d) % of 2,000 tickets")
    )
    wire.cut()
    await expect(status).to_contain_text("No network, and not all is on this phone yet:")
    before = len(sent)
    monkeypatch.setattr(pack, "PART_BYTES", 60_000)
    wire.mend()
    await page.reload()
    await expect(status).to_contain_text(f"{READY}: 2,000 tickets")
    assert 10 < before < len(sent) < 1_000
    bytes_sent = sum(size for head in sent for _, size, _ in head["buckets"])
    assert MANY * RECORD_BYTES <= bytes_sent < 1.1 * MANY * RECORD_BYTES
    wire.cut()
    await typed(page, sold[-1].secret)
    await expect(page.locator("[data-verdict=provisional]")).to_contain_text(sold[-1].name)


async def test_a_bucket_that_came_apart_is_not_kept(
    phone: BrowserContext, here: Quart, wire: Wire, at_the_door: AtTheDoor
) -> None:
    is_garbled = True

    @here.after_request
    async def garble(answer: Answer) -> Answer:
        body = await answer.get_data(as_text=False)
        if is_garbled and request.path == "/door/pack":
            answer.set_data(body[:-1] + bytes([body[-1] ^ 1]))
        return answer

    ines, page = await at_the_door.ticket(), await phone.new_page()
    await begun(page, (await linked(at_the_door)).path, "Ana's phone")
    await expect(page.locator("[data-status]")).to_contain_text("Getting ready to scan without network: 0 %")
    is_garbled = False
    await page.reload()
    await expect(page.locator("[data-status]")).to_contain_text(READY)
    wire.cut()
    await typed(page, ines.secret)
    await expect(page.locator("[data-verdict=provisional]")).to_contain_text(ines.name)


async def test_what_waits_is_sent_by_the_next_release(
    phone: BrowserContext, wire: Wire, at_the_door: AtTheDoor, db: Database, release: Release
) -> None:
    ines, ben = await at_the_door.sold("Ines Ober", "Benedikt Moor")
    old = await ready(phone, at_the_door)
    wire.cut()
    await typed(old, ines.secret)
    await expect(old.locator(WAITING)).to_have_text("1 scan waits to be sent.")
    await old.close()
    name = release(KEEPS_MORE)
    page = await phone.new_page()
    await page.goto("/door")
    assert name not in await scripts(page)  # the worker of before, without network, has the page of before
    await page.close()
    wire.mend()
    page = await phone.new_page()
    await page.goto("/door")
    assert name in await scripts(page)
    assert await learnt(db, 1) == [("Ines Ober", "ok")]
    await expect(page.locator("[data-status]")).to_contain_text(READY)
    await expect(page.locator(WAITING)).to_be_hidden()
    wire.cut()
    await page.reload()
    assert name in await scripts(page)
    await typed(page, ben.secret)
    await expect(page.locator("[data-verdict=provisional]")).to_contain_text("Benedikt Moor")
    wire.mend()
    await expect(page.locator(WAITING)).to_be_hidden()
    assert await learnt(db, 2) == [("Ines Ober", "ok"), ("Benedikt Moor", "ok")]


async def test_pages_of_two_releases_share_what_waits(
    phone: BrowserContext, wire: Wire, at_the_door: AtTheDoor, db: Database, release: Release
) -> None:
    ines, ben = await at_the_door.sold("Ines Ober", "Benedikt Moor")
    old = await ready(phone, at_the_door)
    name = release(KEEPS_MORE)
    new = await phone.new_page()
    await new.goto("/door")
    assert name in await scripts(new)
    await expect(new.locator("[data-status]")).to_contain_text(READY)
    wire.cut()
    for page, ticket in ((old, ines), (new, ben)):
        await page.bring_to_front()
        await typed(page, ticket.secret)
        await expect(page.locator("[data-verdict=provisional]")).to_contain_text(ticket.name)
    for page in (old, new):
        await expect(page.locator(WAITING)).to_have_text("2 scans wait to be sent.")
    wire.mend()
    for page in (old, new):
        await expect(page.locator(WAITING)).to_be_hidden()
    assert await learnt(db, 2) == [("Ines Ober", "ok"), ("Benedikt Moor", "ok")]


async def test_a_page_that_let_go_of_what_it_keeps_could_keep_no_scan(
    phone: BrowserContext, wire: Wire, at_the_door: AtTheDoor, release: Release
) -> None:
    ines = await at_the_door.ticket()
    release(LETS_GO_FOR_GOOD)
    old = await ready(phone, at_the_door)
    release(KEEPS_MORE)
    new = await phone.new_page()
    await new.goto("/door")
    await expect(new.locator("[data-status]")).to_contain_text(READY)
    wire.cut()
    await old.bring_to_front()
    await typed(old, ines.secret)
    await expect(old.locator("[data-said]")).to_contain_text("This did not work")
    await expect(new.locator(WAITING)).to_be_hidden()
