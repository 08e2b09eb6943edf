"""Nobody slows the others; a frame is drawn and encoded once; bursts and storms are bounded. Asserted by counting."""

import asyncio
from typing import Any

from realtime import metrics
from tests.realtime import regions
from tests.realtime.conftest import Worker
from tests.realtime.watching import Watcher
from webapp.database import Database


def count(metric: Any, *labels: str) -> float:
    return float((metric.labels(*labels) if labels else metric)._value.get())


async def test_a_frame_is_drawn_and_encoded_once_for_all_viewers(worker: Worker, db: Database) -> None:
    asked = await worker.asked_for(regions.note("n"))
    watchers = [await worker.watch("ws" if number % 2 else "sse", asked=asked) for number in range(40)]
    regions.drawn.clear()
    encoded = count(metrics.encoded)
    await db.notes.insert_one({"_id": "n", "text": "new"})
    await asyncio.gather(*(watcher.sees("new") for watcher in watchers))
    assert regions.drawn == ["note-n"]
    assert count(metrics.encoded) - encoded == 1


async def test_what_nobody_watches_is_never_drawn(worker: Worker, db: Database) -> None:
    watcher = await worker.watch("ws", regions.note("seen"))
    regions.drawn.clear()
    await db.notes.insert_one({"_id": "unseen", "text": "x"})
    await db.notes.insert_one({"_id": "seen", "text": "last"})
    await watcher.sees("last")
    assert set(regions.drawn) == {"note-seen"}


async def test_a_burst_is_bounded_and_its_end_arrives(worker: Worker, db: Database) -> None:
    watcher = await worker.watch("ws", regions.note("n"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await db.notes.insert_one({"_id": "n", "text": "0"})
    for number in range(1, 301):
        await db.notes.update_one({"_id": "n"}, {"$set": {"text": str(number)}})
    await watcher.sees("300")
    frames = (loop.time() - began) / 0.02
    assert len(watcher.frames) <= frames + 1
    texts = [int(html.partition(">")[2].partition("<")[0]) for _, html in watcher.history]
    assert texts == sorted(texts)


async def test_what_changes_all_the_time_keeps_its_own_pace(worker: Worker, db: Database) -> None:
    paced, other = regions.number_of_notes(), regions.all_notes()
    watcher = await worker.watch("ws", paced, other)
    loop = asyncio.get_running_loop()
    regions.drawn.clear()
    began = loop.time()
    for number in range(60):
        await db.notes.insert_one({"_id": str(number)})
        await asyncio.sleep(0.02)
    for bound in (paced, other):
        await watcher.sees("60", bound.key)
    halves = (loop.time() - began) / 0.5
    assert regions.drawn.count(paced.key) <= halves + 2
    assert regions.drawn.count(other.key) > 2 * regions.drawn.count(paced.key)


async def test_a_reader_that_stops_is_not_waited_for_and_gets_the_last_state(worker: Worker, db: Database) -> None:
    keen, slow = await worker.watch("ws", regions.note("n")), await worker.watch("sse", regions.note("n"))
    await db.notes.insert_one({"_id": "n", "text": "0"})
    await slow.until(lambda: slow.frames)
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await stop_reading(slow)
    (room,) = worker.engine.hub.rooms
    number = 0
    while not room.behind:
        number += 1
        await db.notes.update_one({"_id": "n"}, {"$set": {"text": f"{number} " + "x" * 500_000}})
        await keen.until(lambda: keen.shown["note-n"].partition(">")[2].startswith(f"{number} "))  # noqa: B023
    (client,) = room.behind
    waiting = client.wire.get_write_buffer_size()  # type: ignore[attr-defined]
    for last in range(3):
        await db.notes.update_one({"_id": "n"}, {"$set": {"text": f"last {last} " + "y" * 500_000}})
        await keen.until(lambda: f"last {last} " in keen.shown["note-n"])  # noqa: B023
    assert client.wire.get_write_buffer_size() <= waiting  # type: ignore[attr-defined]
    read_on(slow)
    await slow.until(lambda: "last 2 " in slow.shown["note-n"])
    assert slow.shown == keen.shown
    assert "last 1 " not in str(slow.history)


async def stop_reading(watcher: Watcher) -> None:
    assert watcher._reading is not None
    watcher._reading.cancel()
    await asyncio.gather(watcher._reading, return_exceptions=True)


def read_on(watcher: Watcher) -> None:
    watcher.writer.transport.resume_reading()  # type: ignore[attr-defined]
    watcher._reading = asyncio.create_task(watcher._read_events())


async def asked_so_far(db: Database) -> int:
    """Reads that this database was ever asked for, by mongod's own count; others on the same mongod do not matter."""
    totals = (await db.client.admin.command("top"))["totals"]
    return sum(one["queries"]["count"] for name, one in totals.items() if name.startswith(f"{db.name}."))


async def test_a_storm_of_reconnects_asks_the_database_nothing_per_client(worker: Worker, db: Database) -> None:
    await db.notes.insert_one({"_id": "n", "text": "old"})
    outdated = await worker.asked_for(regions.note("n"))
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "new"}})
    current = await worker.asked_for(regions.note("n"))
    await worker.watch("ws", asked=current)
    before = await asked_so_far(db)
    right = await asyncio.gather(*(worker.watch("ws", asked=current) for _ in range(60)))
    assert await asked_so_far(db) == before
    wrong = await asyncio.gather(*(worker.watch("sse", asked=outdated) for _ in range(60)))
    await asyncio.gather(*(watcher.sees("new") for watcher in wrong))
    assert not any(watcher.frames for watcher in right)
    assert await asked_so_far(db) - before < 20
