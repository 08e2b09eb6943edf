"""The real product with two workers, one of which is killed while two hundred people want fifty places."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.bench.rush import Client, Rush
from tests.product import processes, running
from tests.registrations.making import elsewhere, event_with
from webapp import database, embedded
from webapp.places.audit import audit
from webapp.ticket_types.store import Offered

NAME = "turnout_two_workers"
PLACES, PEOPLE = 50, 200


@pytest.fixture
async def jazz(servers: embedded.Addresses) -> AsyncIterator[Offered]:
    """An event in a database of its own, which the test looks into beside the product."""
    async with elsewhere(servers.mongodb_uri, NAME):
        yield await event_with(PLACES)


async def test_a_worker_dies_in_the_rush_and_everybody_is_answered(
    jazz: Offered, servers: embedded.Addresses, tmp_path: Path
) -> None:
    given = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url, "TURNOUT_DATABASE": NAME}
    with running(tmp_path, **given, WORKERS="2") as (_, address):
        port, rush = int(address.rsplit(":", 1)[1]), Rush()
        people = [Client(port, rush) for _ in range(PEOPLE)]
        rushing = asyncio.gather(*(one.ask(jazz.event, f"person-{number:04}") for number, one in enumerate(people)))
        while len(rush.taken) < 20:
            await asyncio.sleep(0.01)
        worker = next(pid for pid in processes(tmp_path) if is_worker(pid))
        os.kill(worker, signal.SIGKILL)
        await rushing
        for one in people:
            one.close()
    assert rush.statuses == {303: PEOPLE}
    db = database.db()
    assert await db.registrations.count_documents({"state": "held"}) == PLACES
    assert await db.entries.count_documents({"state": "waiting"}) == PEOPLE - PLACES
    found = await audit(jazz.event.id, now=datetime.now(UTC))
    assert (found.taken, found.findings) == (PLACES, [])


def is_worker(pid: int) -> bool:
    return b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
