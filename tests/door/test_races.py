"""One ticket and two scanners, two workers, and one that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.door.making import AtTheDoor, door
from webapp import embedded
from webapp.database import Database, IndexModel, db, new_id
from webapp.door import writing
from webapp.door.checkin import Result, Scan, Ticket, Verdict
from webapp.door.turnstile import Turnstiles

ROOT = Path(__file__).resolve().parents[2]
ALL = [f"Guest {number}" for number in range(100)]


async def at_once(at_the_door: AtTheDoor, ticket: Ticket, *workers: Turnstiles) -> list[Verdict]:
    devices = [at_the_door.device(f"Phone {number}") for number, _ in enumerate(workers)]
    scanning = zip(workers, devices, strict=True)
    return await asyncio.gather(*(at_the_door.scans(ticket, turnstiles=one, door=device) for one, device in scanning))


async def test_two_scanners_on_one_ticket_get_one_ok_a_hundred_times(at_the_door: AtTheDoor) -> None:
    one, other = Turnstiles(), Turnstiles()
    for ticket in await at_the_door.sold(*ALL):
        verdicts = await at_once(at_the_door, ticket, one, other)
        assert sorted(verdict.result for verdict in verdicts) == [Result.ALREADY_IN, Result.OK]
        refused = next(verdict for verdict in verdicts if not verdict.is_ok)
        assert refused.standing.device in {"Phone 0", "Phone 1"}


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who scan a ticket read the same; the second writes when the first has written."""
    read, reads = writing.read, Counter[str]()

    async def read_and_wait(*args: Any) -> Any:
        case = await read(*args)
        (ticket_id,) = case.by_id
        reads[ticket_id] += 1
        is_second = reads[ticket_id] == 2
        while reads[ticket_id] < 2:
            await asyncio.sleep(0.005)
        while is_second and not await db().checkins.find_one({"ticket_id": ticket_id}):
            await asyncio.sleep(0.005)
        return case

    monkeypatch.setattr(writing, "read", read_and_wait)


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "presence_as_seen", lambda ticket_id, _: {"_id": ticket_id})


async def let_in(at_the_door: AtTheDoor) -> list[int]:
    """How many of two scanners were told ok, for each of ten tickets."""
    one, other = Turnstiles(), Turnstiles()
    found = [await at_once(at_the_door, ticket, one, other) for ticket in await at_the_door.sold(*ALL[:10])]
    return [sum(verdict.is_ok for verdict in verdicts) for verdicts in found]


async def test_who_writes_late_sees_who_was_first(at_the_door: AtTheDoor, late: None) -> None:
    assert await let_in(at_the_door) == [1] * 10


async def test_the_index_alone_lets_only_one_in(at_the_door: AtTheDoor, late: None, unguarded: None) -> None:
    assert await let_in(at_the_door) == [1] * 10


async def test_without_guard_and_index_both_are_let_in(db: Database, late: None, unguarded: None) -> None:
    at_the_door = await door()
    await db.checkins.drop_index("one_history")
    try:
        assert await let_in(at_the_door) == [2] * 10
    finally:
        for name in ("checkins", "presence", "door_counts", "door_minutes"):
            await db[name].delete_many({})
        kept = {"unique": True, "partialFilterExpression": {"step": {"$gt": 0}}, "name": "one_history"}
        await db.checkins.create_indexes([IndexModel([("ticket_id", 1), ("step", 1)], **kept)])


async def test_a_crowd_on_few_tickets_over_two_workers(at_the_door: AtTheDoor) -> None:
    workers = Turnstiles(), Turnstiles()
    sold = await at_the_door.sold(*ALL[:20])
    scans = [at_once(at_the_door, ticket, *workers) for ticket in sold for _ in range(10)]
    verdicts = [verdict for both in await asyncio.gather(*scans) for verdict in both]
    assert sum(verdict.is_ok for verdict in verdicts) == 20
    assert {verdict.result for verdict in verdicts} == {Result.OK, Result.ALREADY_IN}


async def test_the_same_upload_twice_at_once_is_one_check_in(at_the_door: AtTheDoor) -> None:
    one, other, ticket = Turnstiles(), Turnstiles(), await at_the_door.ticket()
    scans = (at_the_door.scans(ticket, turnstiles=worker, nonce="uploaded-twice") for worker in (one, other))
    first, second = await asyncio.gather(*scans)
    assert first == second
    assert await db().checkins.count_documents({}) == 1


async def test_a_worker_that_is_killed_leaves_no_half(at_the_door: AtTheDoor, servers: embedded.Addresses) -> None:
    sold = await at_the_door.sold(*[f"Guest {number}" for number in range(400)])
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.door.worker",
            servers.mongodb_uri,
            at_the_door.event.id,
            at_the_door.everybody.id,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        while await db().checkins.count_documents({}) < 60:
            await asyncio.sleep(0.005)
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.communicate()
    await at_the_door.is_counted_right()
    verdicts = await asyncio.gather(*(_again(at_the_door, ticket) for ticket in sold))
    assert all(verdict.is_ok for verdict in verdicts)
    assert await db().checkins.count_documents({}) == 400


async def _again(at_the_door: AtTheDoor, ticket: Ticket) -> Any:
    return await at_the_door.scans(ticket, door=at_the_door.device("The killed one"), nonce=f"nonce-{ticket.id}")


def test_a_scan_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="nonce"):
        Scan.model_validate({"list_id": "x", "nonce": "short", "code": new_id()})
