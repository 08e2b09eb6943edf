"""A write to the database appears on every screen that watches, whatever carries it."""

import asyncio
from typing import Any

import httpx
import pytest

from realtime.drawing import envelope
from tests.realtime import regions
from tests.realtime.conftest import Start, Worker
from webapp.database import Database

both = pytest.mark.parametrize("transport", ["ws", "sse"])


@both
async def test_a_write_appears(worker: Worker, db: Database, transport: str) -> None:
    await db.notes.insert_one({"_id": "one", "text": "before"})
    watcher = await worker.watch(transport, regions.note("one"))
    await db.notes.update_one({"_id": "one"}, {"$set": {"text": "after"}})
    await watcher.sees("after")
    await db.notes.delete_one({"_id": "one"})
    await watcher.sees("gone")


@both
async def test_a_page_that_is_right_is_sent_nothing(worker: Worker, db: Database, transport: str) -> None:
    await db.notes.insert_one({"_id": "one", "text": "as it is"})
    watcher = await worker.watch(transport, regions.note("one"))
    await asyncio.sleep(0.2)
    assert watcher.frames == []
    assert watcher.control[0]["live"] == "hello"


@both
async def test_a_page_that_is_out_of_date_is_sent_exactly_what_differs(
    worker: Worker, db: Database, transport: str
) -> None:
    await db.notes.insert_many([{"_id": "one", "text": "1"}, {"_id": "two", "text": "2"}])
    asked = await worker.asked_for(regions.note("one"), regions.note("two"))
    await db.notes.update_one({"_id": "two"}, {"$set": {"text": "3"}})
    watcher = await worker.watch(transport, asked=asked)
    await watcher.sees("3")
    assert [key for key, _ in watcher.history] == ["note-two"]


async def test_all_transports_carry_the_same_bytes(worker: Worker, db: Database) -> None:
    await db.notes.insert_one({"_id": "one", "text": "first\r\n<second>\rthird"})
    bound = regions.note("one")
    asked = (await worker.asked_for(bound)).rpartition(".")[0] + "."
    socket, events = await worker.watch("ws", asked=asked), await worker.watch("sse", asked=asked)
    await socket.until(lambda: socket.frames)
    await events.until(lambda: events.frames)
    async with httpx.AsyncClient() as browser:
        polled = (await browser.get(f"{worker.origin}/live/poll?r={asked}")).text
    (drawn,) = await worker.engine.draw(bound)
    assert [socket.frames[0], events.frames[0], polled] == [envelope(drawn)] * 3


async def test_a_poll_answers_the_difference_or_nothing(worker: Worker, db: Database) -> None:
    asked = await worker.asked_for(regions.note("one"))
    async with httpx.AsyncClient(base_url=worker.origin) as browser:
        same = await browser.get(f"/live/poll?r={asked}")
        await db.notes.insert_one({"_id": "one", "text": "here"})
        await asyncio.sleep(0.5)
        other = await browser.get(f"/live/poll?r={asked}")
    assert (same.status_code, other.status_code) == (204, 200)
    assert "here" in other.text
    assert "live-at" in other.headers


async def test_the_last_event_id_says_what_is_shown(worker: Worker, db: Database) -> None:
    await db.notes.insert_many([{"_id": "one", "text": "1"}, {"_id": "two", "text": "2"}])
    bounds = [regions.note("one"), regions.note("two")]
    first = await worker.watch("sse", *bounds)
    await db.notes.update_one({"_id": "one"}, {"$set": {"text": "11"}})
    await first.sees("11")
    again = await worker.watch("sse", asked=first.asked, last_id=first.last_id)
    await db.notes.update_one({"_id": "two"}, {"$set": {"text": "22"}})
    await again.sees("22")
    assert [key for key, _ in again.history] == ["note-two"]


async def test_an_id_of_other_regions_says_nothing(worker: Worker, db: Database) -> None:
    await db.notes.insert_one({"_id": "one", "text": "1"})
    watcher = await worker.watch("sse", regions.note("one"), last_id="abc.def.ghi")
    await watcher.sees("1")


@both
async def test_a_routing_field_finds_the_region(worker: Worker, db: Database, transport: str) -> None:
    await db.notes.insert_one({"_id": "one", "text": "1"})
    here, there = (
        await worker.watch(transport, regions.comments("one")),
        await worker.watch(transport, regions.comments("two")),
    )
    await db.comments.insert_one({"_id": "c", "note_id": "one", "text": "well said"})
    await here.sees("well said")
    await db.comments.update_one({"_id": "c"}, {"$set": {"note_id": "two"}})
    await there.sees("well said")
    await here.sees("")


async def test_a_collection_without_images_redraws_all_it_may_concern(worker: Worker, db: Database) -> None:
    await db.remarks.insert_one({"_id": "r", "note_id": "one", "text": "first"})
    watcher = await worker.watch("ws", regions.remarks("one"))
    await db.remarks.update_one({"_id": "r"}, {"$set": {"text": "second"}})
    await watcher.sees("second")


async def test_a_dropped_collection_is_seen(worker: Worker, db: Database) -> None:
    await db.notes.insert_one({"_id": "one", "text": "1"})
    watcher = await worker.watch("ws", regions.note("one"), regions.all_notes())
    await db.notes.drop()
    await watcher.sees("gone")
    await watcher.sees("0")


async def test_two_workers_show_the_same(start: Start, db: Database) -> None:
    one, two = await start("pair"), await start("pair")
    watchers = [await one.watch("ws", regions.note("n")), await two.watch("sse", regions.note("n"))]
    await db.notes.insert_one({"_id": "n", "text": "for both"})
    for watcher in watchers:
        await watcher.sees("for both")
    assert watchers[0].shown == watchers[1].shown


async def test_a_region_that_fails_to_draw_keeps_what_is_shown(worker: Worker, db: Database) -> None:
    await db.notes.insert_many([{"_id": "bad", "text": "1"}, {"_id": "good", "text": "2"}])
    watcher = await worker.watch("ws", regions.note("bad"), regions.note("good"))
    regions.refuse_to_load.add("bad")
    await db.notes.update_many({}, {"$set": {"text": "new"}})
    await watcher.sees("new", "note-good")
    assert "note-bad" not in watcher.shown
    regions.refuse_to_load.clear()
    await watcher.sees("new", "note-bad")


class Line:
    """A visitor's side of another server, who takes nothing yet."""

    def __init__(self) -> None:
        self.is_taking = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await self.is_taking.wait()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.is_taking.wait()
        self.sent.append(message)


async def test_who_takes_the_first_bytes_late_is_sent_what_changed_since(worker: Worker, db: Database) -> None:
    await db.notes.insert_one({"_id": "one", "text": "before"})
    asked = await worker.asked_for(regions.note("one"))
    line, hub = Line(), worker.engine.hub
    scope = {
        "type": "http", "method": "GET", "path": "/live/sse", "query_string": f"r={asked}".encode(),
        "http_version": "2", "headers": [], "state": {}, "client": ("127.0.0.1", 1),
    }  # fmt: skip
    stream = asyncio.create_task(worker.engine.around(_nothing)(scope, line.receive, line.send))
    async with asyncio.timeout(5):
        while not hub.rooms:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    for room in hub.rooms:
        room.kept_until = 0
    hub.sweep()
    line.is_taking.set()
    await db.notes.update_one({"_id": "one"}, {"$set": {"text": "after"}})
    async with asyncio.timeout(10):
        while not any(b">after<" in message.get("body", b"") for message in line.sent):
            await asyncio.sleep(0.02)
    assert [message["type"] for message in line.sent][:2] == ["http.response.start", "http.response.body"]
    stream.cancel()
    await asyncio.gather(stream, return_exceptions=True)


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("Only the stream is asked for")
