"""Keeps the schema of this version for the tests of the next ones: `python -m tests.migrations.release`, at a release.

A small Turnout with something of everything, as the stores of this version write it, as the backup of this version.
"""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient

import webapp.app  # noqa: F401 - every store declares what it keeps
from tests.door.making import door
from tests.registrations.making import comes, event_with, registers
from tests.team import house
from webapp import database, embedded
from webapp.backup import store
from webapp.migrations import store as migrations
from webapp.version import VERSION
from webapp.walls import sealing, signing

FOLDER = Path(__file__).parent / "released"
SECRET = "a secret for the tests, long enough to be one"
NAME = "turnout_released"


async def fill(uri: str) -> None:
    """An organiser, an event where some register and some wait, and a door where some come in."""
    database.connect(uri, NAME)
    await migrations.bring_up_to_date()
    await house()
    offered = await event_with(5)
    for who in ("ana", "ben", "cem", "dora", "eve"):
        await registers(offered, who)
    for who in ("fay", "gil"):
        await comes(offered, who)
    at_the_door = await door()
    for ticket in await at_the_door.sold("Ines Ober", "Juri Lang"):
        await at_the_door.scans(ticket)
    database.close()


def main() -> None:
    """Writes the file of this version."""
    sealing.use(SECRET)
    signing.use(SECRET)
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{VERSION}.backup"
    with tempfile.TemporaryDirectory() as folder, embedded.servers(Path(folder)) as servers:
        asyncio.run(fill(servers.mongodb_uri))
        with MongoClient[Any](servers.mongodb_uri, tz_aware=True) as client, file.open("wb") as opened:
            counts = store.take(client, NAME, opened)
    print(f"{file.name}: {sum(counts.values())} documents, {file.stat().st_size:,} bytes, {datetime.now(UTC):%F}")


if __name__ == "__main__":
    main()
