"""A worker that is killed while it takes people out of an event, and the one that goes on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.events.making import ANA
from tests.product import ROOT
from tests.registrations.making import event_with, registers
from tests.retention.making import AFTER, carried_out, drift
from webapp import database, embedded
from webapp.retention import store

PEOPLE = 60
WORKER = """
import asyncio, sys
from datetime import datetime
from webapp import database
from webapp.registrations import shredding
from webapp.retention import store

async def work(now):
    database.connect(sys.argv[1], sys.argv[2])
    shredding.BATCH = 1
    while await store.go_on(now):
        pass

asyncio.run(work(datetime.fromisoformat(sys.argv[3])))
"""


@contextmanager
def a_worker(servers: embedded.Addresses, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that does one person at a time."""
    asked = [sys.executable, "-c", WORKER, servers.mongodb_uri, name, AFTER.isoformat()]
    with subprocess.Popen(asked, cwd=ROOT, env={**os.environ}) as process:
        yield process
        process.kill()


async def test_it_is_done_to_the_end_and_counted_once(servers: embedded.Addresses, db: Any) -> None:
    jazz = await event_with(PEOPLE)
    await asyncio.gather(*(registers(jazz, f"guest{number}") for number in range(PEOPLE)))
    await store.shred(jazz.event, by=ANA, now=AFTER)
    with a_worker(servers, db.name):
        async with asyncio.timeout(30):
            while await store.known_by(jazz.event) > PEOPLE - 10:
                await asyncio.sleep(0.002)
    left = await store.known_by(jazz.event)
    assert 0 < left < PEOPLE
    assert await drift() == []
    await database.end_abandoned(0)
    await carried_out(AFTER + store.CLAIM)
    one = await store.of_event(jazz.event.id)
    assert one
    assert (one.people, one.is_over, await store.known_by(jazz.event)) == (PEOPLE, True, 0)
    assert await drift() == []
