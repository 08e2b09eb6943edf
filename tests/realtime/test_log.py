"""The log is the database's history: every change once, in order, whoever writes it and whatever Redis forgets."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
import redis.asyncio as redis

from realtime.change import Change, Position
from realtime.relay import Relay
from realtime.shared import Shared
from realtime.source import Lost
from tests.realtime import regions
from tests.realtime.conftest import NAME, Start, Worker
from webapp import database, embedded
from webapp.change_stream import ChangeStream
from webapp.database import Database


@pytest.fixture
async def source(servers: embedded.Addresses, db: Database) -> AsyncIterator[ChangeStream]:
    regions.prepare()
    await database.prepare()
    # The newest write is part of now: without one elsewhere, that would be what the emptying of the database deleted.
    await db.client.turnout_elsewhere.notes.insert_one({})
    stream = ChangeStream(servers.mongodb_uri, NAME)
    yield stream
    stream.close()


@pytest.fixture
async def shared(servers: embedded.Addresses, source: ChangeStream) -> AsyncIterator[Shared]:
    found = Shared(servers.redis_url, f"log-{database.new_id()}", source.fingerprint)
    yield found
    await found.close()


@pytest.fixture
async def raw(servers: embedded.Addresses) -> AsyncIterator["redis.Redis"]:
    client = redis.Redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


async def history(source: ChangeStream, after: Position, last: str) -> list[Change]:
    """The database's own history up to the change of the document `last`."""
    found: list[Change] = []
    async with aclosing(source.follow(after)) as batches:
        async for batch in batches:
            found += batch
            if any(change.document == last for change in batch):
                break
    return _up_to(found, last)


async def logged(shared: Shared, after: Position, last: str) -> list[Change]:
    """The log up to the change of the document `last`."""
    found: list[Change] = []
    async with asyncio.timeout(30):
        while not any(change.document == last for change in found):
            changes, _, _ = await shared.read(found[-1].id if found else after)
            found += changes
    return _up_to(found, last)


def _up_to(found: list[Change], last: str) -> list[Change]:
    """Without what came after in the same batch, such as another worker's heartbeat."""
    ends = [number for number, change in enumerate(found, 1) if change.document == last]
    return found[: ends[0]] if ends else found


@asynccontextmanager
async def relaying(source: ChangeStream, shared: Shared) -> AsyncIterator[None]:
    """A relay that asks for no lease, until it is cut off."""
    task = asyncio.create_task(Relay(source, shared).relay())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.done(), "the relay did not end"


async def write_many(db: Database, count: int) -> None:
    for number in range(count):
        await db.notes.insert_many([{"_id": f"{number}-{part}"} for part in range(3)])
    await db.notes.insert_one({"_id": "last"})


async def test_changes_are_numbered_within_one_cluster_time(source: ChangeStream, db: Database) -> None:
    async def three(session: database.Session) -> None:
        for name in "abc":
            await db.notes.insert_one({"_id": name}, session=session)

    start = await source.now()
    await database.transaction(three)
    found = await history(source, start, "c")
    assert [(change.document, change.id.part) for change in found] == [("a", 1), ("b", 2), ("c", 3)]
    again = await history(source, found[0].id, "c")
    assert again == found[1:]


async def publish_plainly(raw: "redis.Redis", key: str, changes: list[Change]) -> None:
    for change in changes:
        try:
            await raw.xadd(key, {"c": change.to_json()}, id=str(change.id))
        except redis.ResponseError:
            continue


async def test_a_publisher_that_starts_late_loses_entries_with_ids_alone_and_none_with_the_chain(
    source: ChangeStream, shared: Shared, raw: "redis.Redis", db: Database
) -> None:
    start = await source.now()
    epoch = await shared.begin((await shared.state())[0], start)
    await write_many(db, 3)
    changes = await history(source, start, "last")
    early, late = changes[:5], changes[5:]

    await publish_plainly(raw, "plain", late)
    await publish_plainly(raw, "plain", early)
    assert await raw.xlen("plain") == len(late)
    await raw.delete("plain")

    assert await shared.append(epoch, late[0].id, late[1:]) == ("tip", start)
    assert await shared.append(epoch, start, early) == ("ok", early[-1].id)
    assert await shared.append(epoch, start, changes) == ("tip", early[-1].id)
    assert await shared.append(epoch, early[-1].id, late) == ("ok", late[-1].id)
    assert await logged(shared, start, "last") == changes


async def test_relays_that_all_believe_they_hold_the_lease_write_everything_once(
    source: ChangeStream, shared: Shared, db: Database
) -> None:
    start = await source.now()
    await shared.begin((await shared.state())[0], start)

    over = asyncio.Event()

    async def relay_with_crashes() -> None:
        while not over.is_set():
            async with relaying(source, shared):
                await asyncio.sleep(random.uniform(0.02, 0.3))

    relays = [asyncio.create_task(relay_with_crashes()) for _ in range(3)]
    await write_many(db, 600)
    written = await logged(shared, start, "last")
    over.set()
    await asyncio.gather(*relays)
    assert written == await history(source, start, "last")


async def test_a_redis_restored_from_an_old_snapshot_is_filled_up_again(
    source: ChangeStream, shared: Shared, raw: "redis.Redis", db: Database
) -> None:
    start = await source.now()
    await shared.begin((await shared.state())[0], start)
    async with relaying(source, shared):
        await db.notes.insert_one({"_id": "early"})
        await logged(shared, start, "early")
        snapshot = await raw.dump(shared.log)
        await db.notes.insert_one({"_id": "late"})
        await logged(shared, start, "late")
        await raw.restore(shared.log, 0, snapshot or b"", replace=True)
        await db.notes.insert_one({"_id": "last"})
        written = await logged(shared, start, "last")
    assert [change.document for change in written] == ["early", "late", "last"]


async def test_a_log_from_the_future_is_begun_anew(source: ChangeStream, shared: Shared, db: Database) -> None:
    now = await source.now()
    await shared.begin((await shared.state())[0], Position(now.time + (3600 << 32), 0))
    async with relaying(source, shared):
        while (await shared.state())[0].base.time > now.time + (60 << 32):
            await asyncio.sleep(0.05)
        await db.notes.insert_one({"_id": "one"})
        assert (await logged(shared, now, "one"))[-1].document == "one"


@pytest.fixture
async def doomed(servers: embedded.Addresses, db: Database) -> AsyncIterator[ChangeStream]:
    """The changes of a database that will be dropped."""
    stream = ChangeStream(servers.mongodb_uri, "turnout_doomed")
    yield stream
    stream.close()


async def test_a_history_that_ends_is_said_to_be_lost(doomed: ChangeStream, db: Database) -> None:
    start = await doomed.now()
    await db.client.turnout_doomed.notes.insert_one({"_id": "one"})
    await db.client.drop_database("turnout_doomed")
    with pytest.raises(Lost):
        await history(doomed, start, "never")


async def test_a_log_whose_history_was_lost_is_begun_anew_once(
    doomed: ChangeStream, shared: Shared, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    start = await doomed.now()
    old = await shared.begin((await shared.state())[0], start)
    async with relaying(doomed, shared):
        await db.client.turnout_doomed.notes.insert_one({"_id": "one"})
        await db.client.drop_database("turnout_doomed")
        async with asyncio.timeout(20):
            while (await shared.state())[0] == old:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        await db.client.turnout_doomed.notes.insert_one({"_id": "two"})
        assert (await logged(shared, start, "two"))[-1].document == "two"
    assert caplog.text.count("a new log begins") == 1


async def test_a_reader_that_was_overtaken_by_trimming_is_told(
    source: ChangeStream, shared: Shared, raw: "redis.Redis", db: Database
) -> None:
    start = await source.now()
    await shared.begin((await shared.state())[0], start)
    async with relaying(source, shared):
        await write_many(db, 3)
        first = (await logged(shared, start, "last"))[0]
        assert not (await shared.read(first.id))[2]
        await raw.xtrim(shared.log, maxlen=2, approximate=False)
        assert (await shared.read(first.id))[2]


async def test_a_wiped_redis_costs_no_update(start: Start, servers: embedded.Addresses, db: Database) -> None:
    worker = await start()
    watcher = await worker.watch("ws", regions.note("n"))
    raw = redis.Redis.from_url(servers.redis_url)
    await db.notes.insert_one({"_id": "n", "text": "before"})
    await watcher.sees("before")
    await raw.delete(worker.engine.shared.log, worker.engine.shared.epoch)
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "after"}})
    await watcher.sees("after")
    await raw.aclose()


async def test_what_cannot_be_read_is_said_and_asked_for_again(
    servers: embedded.Addresses, source: ChangeStream, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = [{"$project": {"operationType": 1, "clusterTime": 1}}]
    stream = ChangeStream(servers.mongodb_uri, NAME, following=unreadable)
    async with aclosing(stream.follow(await stream.now())) as batches:
        reading = asyncio.ensure_future(anext(batches))
        await db.notes.insert_one({"_id": "one"})
        async with asyncio.timeout(20):
            while caplog.text.count("KeyError: 'documentKey'") < 2:
                await asyncio.sleep(0.05)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    stream.close()


async def test_a_stream_that_is_closed_ends_for_its_followers(source: ChangeStream, db: Database) -> None:
    following = asyncio.create_task(history(source, await source.now(), "never"))
    await asyncio.sleep(0.1)
    source.close()
    async with asyncio.timeout(20):
        assert {change.collection for change in await following} <= {"heartbeats"}


async def test_an_entry_that_nobody_can_read_stops_no_screen(
    start: Start, servers: embedded.Addresses, db: Database
) -> None:
    worker = await start()
    watcher = await worker.watch("ws", regions.note("n"))
    await reads_the_log(worker)
    async with redis.Redis.from_url(servers.redis_url) as raw:
        tip = Position.parse((await raw.xinfo_stream(worker.engine.shared.log))["last-generated-id"].decode())
        await raw.xadd(worker.engine.shared.log, {"c": "?"}, id=str(Position(tip.time, tip.part + 1)))
    await db.notes.insert_one({"_id": "n", "text": "after"})
    await watcher.sees("after")
    await reads_the_log(worker)
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "by the log again"}})
    await watcher.sees("by the log again")


async def reads_the_log(worker: Worker) -> None:
    async with asyncio.timeout(20):
        while not worker.engine.feed.reads_log:
            await asyncio.sleep(0.05)
