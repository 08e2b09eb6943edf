"""A backup is taken while people register and scan; put back, nobody is missing, doubled or half there."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.door.making import AtTheDoor, door
from tests.registrations.making import event_with, registers
from webapp import database, embedded
from webapp.backup import archive, store
from webapp.door import audit as door_audit
from webapp.errors import Misconfigured
from webapp.migrations import store as migrations
from webapp.migrations.migration import Schema
from webapp.places import audit
from webapp.ticket_types.store import Offered
from webapp.walls import sealing

THERE = "turnout_put_back"
PEOPLE = 60


@pytest.fixture
def client(servers: embedded.Addresses) -> Iterator[store.Client]:
    sealing.use("a secret for the tests, long enough to be one")
    with MongoClient[Any](servers.mongodb_uri, tz_aware=True) as client:
        yield client
        client.drop_database(THERE)


@pytest.fixture
async def jazz(db: database.Database) -> Offered:
    return await event_with(10 * PEOPLE)


async def busy(jazz: Offered, done: asyncio.Event) -> int:
    """People who register, one after another, until it is enough."""
    number = 0
    while not done.is_set():
        await asyncio.gather(*(registers(jazz, f"guest-{number + one}", 2) for one in range(5)))
        number += 5
    return number


async def taken_while_busy(client: store.Client, jazz: Offered, file: Path) -> int:
    """A backup in the middle of it; answers how many had registered by its end."""
    await asyncio.gather(*(registers(jazz, f"early-{number}") for number in range(PEOPLE)))
    done = asyncio.Event()
    writing = asyncio.create_task(busy(jazz, done))
    await asyncio.sleep(0.2)
    with file.open("wb") as opened:
        await asyncio.to_thread(store.take, client, "turnout_test", opened)
    await asyncio.sleep(0.2)
    done.set()
    return PEOPLE + await writing


def until_more_have_registered(client: store.Client, name: str) -> None:
    before = client[name].ledger.count_documents({})
    while client[name].ledger.count_documents({}) == before:
        time.sleep(0.01)


async def drift(uri: str) -> list[str]:
    with database.connected(uri, THERE):
        await migrations.bring_up_to_date()
        audits = await audit.audit_all(datetime.now(UTC))
        return [finding for one in audits for finding in one.findings]


async def test_a_backup_taken_while_people_register_is_one_instant(
    client: store.Client, jazz: Offered, servers: embedded.Addresses, tmp_path: Path
) -> None:
    file = tmp_path / "turnout.backup"
    in_the_end = await taken_while_busy(client, jazz, file)
    counts = store.put_back(client, THERE, file, replaces=False)
    assert PEOPLE < counts["registrations"] < in_the_end
    assert await drift(servers.mongodb_uri) == []


async def test_collections_read_one_after_another_are_not_one_instant(
    client: store.Client, jazz: Offered, servers: embedded.Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, read = tmp_path / "torn.backup", store._batches

    def slowly(client: store.Client, name: str, collection: str, _: Any) -> Iterator[bytes]:
        if collection in {"pools", "tickets"}:
            until_more_have_registered(client, name)
        with client.start_session() as apart:
            yield from read(client, name, collection, apart)

    monkeypatch.setattr(store, "_batches", slowly)
    await taken_while_busy(client, jazz, file)
    store.put_back(client, THERE, file, replaces=False)
    assert await drift(servers.mongodb_uri)


async def test_the_door_is_as_it_was(
    client: store.Client, db: database.Database, servers: embedded.Addresses, tmp_path: Path
) -> None:
    at_the_door: AtTheDoor = await door()
    for ticket in await at_the_door.sold(*(f"Guest {number}" for number in range(20))):
        await at_the_door.scans(ticket)
    file = tmp_path / "door.backup"
    with file.open("wb") as opened:
        store.take(client, "turnout_test", opened)
    assert store.put_back(client, THERE, file, replaces=False)["checkins"] == 20
    with database.connected(servers.mongodb_uri, THERE):
        assert not await door_audit.differences(at_the_door.event.id)


async def test_what_is_there_is_not_written_over_unless_that_is_meant(
    client: store.Client, jazz: Offered, tmp_path: Path
) -> None:
    file = tmp_path / "turnout.backup"
    with file.open("wb") as opened:
        store.take(client, "turnout_test", opened)
    client[THERE].events.insert_one({"_id": "there already"})
    with pytest.raises(Misconfigured, match="is not empty; add --replace"):
        store.put_back(client, THERE, file, replaces=False)
    assert client[THERE].events.find_one({"_id": "there already"})
    store.put_back(client, THERE, file, replaces=True)
    assert [one["_id"] for one in client[THERE].events.find()] == [jazz.event.id]


@pytest.mark.parametrize("harm", ["cut", "changed", "other", "missing"])
async def test_a_damaged_file_changes_nothing(client: store.Client, jazz: Offered, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "turnout.backup"
    with file.open("wb") as opened:
        store.take(client, "turnout_test", opened)
    plain = gzip.decompress(file.read_bytes())
    match harm:
        case "cut":
            file.write_bytes(file.read_bytes()[:-200])
        case "changed":
            file.write_bytes(gzip.compress(plain.replace(jazz.event.id.encode(), b"another-event-id", 1)))
        case "other":
            file.write_bytes(b"a picture of somebody")
        case "missing":
            file.unlink()
    client[THERE].events.insert_one({"_id": "there already"})
    with pytest.raises(Misconfigured, match=r"no whole backup|There is no file"):
        store.put_back(client, THERE, file, replaces=True)
    assert client[THERE].events.find_one({"_id": "there already"})


async def test_a_backup_of_a_newer_version_is_refused(
    client: store.Client, db: database.Database, tmp_path: Path
) -> None:
    await db.schema.insert_one({"_id": "schema", **Schema(number=9, runs_from=9, version="9.0.0").model_dump()})
    file = tmp_path / "newer.backup"
    with file.open("wb") as opened:
        store.take(client, "turnout_test", opened)
    with pytest.raises(Misconfigured, match="schema 9"):
        store.put_back(client, THERE, file, replaces=False)


async def test_a_restore_that_was_not_finished_does_not_serve(
    client: store.Client, jazz: Offered, servers: embedded.Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "turnout.backup"
    with file.open("wb") as opened:
        store.take(client, "turnout_test", opened)

    begun = list(archive.read(file))[:3]

    def stumbling(_: Path) -> Iterator[tuple[str, bytes]]:
        yield from begun
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(store.archive, "read", stumbling)
        patched.setattr(store.archive, "check", lambda _: {})
        with pytest.raises(ConnectionError):
            store.put_back(client, THERE, file, replaces=False)
    with pytest.raises(Misconfigured, match="was not finished"):
        await drift(servers.mongodb_uri)
    store.put_back(client, THERE, file, replaces=True)
    assert await drift(servers.mongodb_uri) == []
