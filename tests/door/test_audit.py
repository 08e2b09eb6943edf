"""The door is counted again from its check-ins: what somebody broke by hand is found and said."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.door.making import AtTheDoor, door
from tests.product import ROOT
from webapp import embedded
from webapp.database import Database, db
from webapp.door import audit

MEDDLES = True
BREAKS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "who is inside": ("door_counts", {}, {"$inc": {"inside": 1}}, "inside: counted 2, by the check-ins 1"),
    "who came": ("door_counts", {}, {"$inc": {"lists.LIST.entered": -1}}, "entered: counted 1, by the check-ins 2"),
    "who is on a list": (
        "door_counts",
        {},
        {"$inc": {"lists.LIST.inside": 4}},
        "inside: counted 5, by the check-ins 1",
    ),
    "the scans": ("door_counts", {}, {"$inc": {"scans": 1}}, "scans: counted 5, by the check-ins 4"),
    "a minute": (
        "door_minutes",
        {},
        {"$inc": {"gates.gate b.entry": 1}},
        "gate b entry: counted 3, by the check-ins 2",
    ),
    "a ticket": ("presence", {"is_inside": True}, {"$set": {"lists.LIST.is_inside": False}}, "does not stand on list"),
    "an entry of a ticket": ("presence", {}, {"$set": {"lists.LIST.entries": 7}}, "does not stand on list"),
    "a mark of a ticket": ("presence", {"is_inside": True}, {"$set": {"is_inside": False}}, "is not marked as"),
    "a check-in": ("checkins", {"kind": "exit"}, {"$set": {"kind": "entry"}}, "does not stand on list"),
    "a step": ("checkins", {"kind": "exit"}, {"$set": {"step": 5}}, "has gaps or forks"),
}


@pytest.fixture
async def evening(db: Database) -> AtTheDoor:
    """Two came, one left, one was refused."""
    made = await door()
    ines, ben = await made.sold("Ines", "Ben")
    await made.scans(ines)
    await made.scans(ben)
    await made.leaves(ben)
    await made.scans(ines)
    return made


async def test_nothing_is_wrong_while_nobody_meddles(evening: AtTheDoor) -> None:
    assert await audit.differences(evening.event.id) == []
    assert await audit.events() == [evening.event.id]


@pytest.mark.parametrize("what", BREAKS)
async def test_what_was_broken_by_hand_is_found(evening: AtTheDoor, what: str) -> None:
    collection, which, change, said = BREAKS[what]
    change = {verb: {_named(name, evening): to for name, to in named.items()} for verb, named in change.items()}
    assert (await db()[collection].update_one(which, change)).modified_count == 1
    assert any(said in finding for finding in await audit.differences(evening.event.id))


def _named(field: str, made: AtTheDoor) -> str:
    return field.replace("LIST", made.everybody.id)


@pytest.mark.parametrize("collection", ["checkins", "presence", "door_counts", "door_minutes"])
async def test_what_is_gone_is_missed(evening: AtTheDoor, collection: str) -> None:
    await db()[collection].delete_one({})
    assert await audit.differences(evening.event.id)


async def test_the_command_says_it_with_its_status(
    evening: AtTheDoor, servers: embedded.Addresses, connection: Database
) -> None:
    known = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url, "TURNOUT_DATABASE": connection.name}

    def command() -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "-m", "webapp", "audit"]
        return subprocess.run(run, cwd=ROOT, env=os.environ | known, capture_output=True, text=True, check=False)

    fine = command()
    assert (fine.returncode, fine.stdout[:7]) == (0, "0 drift")
    await db().door_counts.update_one({}, {"$inc": {"inside": 1}})
    broken = command()
    assert broken.returncode == 1
    assert f"door of event {evening.event.id}: inside: counted 2, by the check-ins 1." in broken.stdout
