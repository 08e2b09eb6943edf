"""The audit finds what somebody broke by hand, says it exactly, and is quiet otherwise."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.events.making import NOW
from tests.product import ROOT
from tests.registrations.making import audited, comes, event_with, registers
from webapp import embedded
from webapp.places import audit
from webapp.ticket_types.store import Offered

BREAKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a counter": ("pools", {"$inc": {"taken": 1}}, "taken places are 3 counted, 2 in the ledger, 2 on tickets"),
    "what is left": ("pools", {"$inc": {"left": 1}}, "1 are said to be left of 2"),
    "a capacity": ("pools", {"$set": {"capacity": 1, "left": -1}}, "2 of 1 places are taken. It is oversold"),
    "a registration": ("registrations", {"$set": {"state": "cancelled"}}, "2 counted, 2 in the ledger, 1 on tickets"),
    "an entry": ("entries", {"$set": {"state": "left"}}, "1 for 1 places are said to wait, 0 for 0 do"),
    "a ticket": ("tickets", {"$set": {"state": "cancelled"}}, "1 tickets are confirmed, 0 valid ones exist"),
    "the book": ("books", {"$inc": {"number": 1}}, "The book is at note 6, the ledger at 5 with 5 notes"),
}


@pytest.fixture
async def jazz(db: Any) -> Offered:
    offered = await event_with(2)
    await registers(offered, "ana")
    await comes(offered, "ben")
    await comes(offered, "eve")
    return offered


async def test_nothing_is_wrong_while_nobody_meddles(jazz: Offered) -> None:
    found = await audited(jazz)
    assert (found.taken, found.notes, found.findings) == (2, 5, [])
    kept = await audit.last(jazz.event.id)
    assert kept is not None
    assert kept.at == NOW


@pytest.mark.parametrize("what", BREAKS)
async def test_what_was_broken_by_hand_is_found(jazz: Offered, db: Any, what: str) -> None:
    collection, change, said = BREAKS[what]
    await db[collection].update_one({}, change)
    assert any(said in finding for finding in (await audited(jazz)).findings)


async def test_a_note_that_is_missing_is_found(jazz: Offered, db: Any) -> None:
    await db.ledger.delete_one({"number": 2})
    found = (await audited(jazz)).findings
    assert any("with 4 notes" in finding for finding in found)
    assert any("2 counted, 1 in the ledger" in finding for finding in found)


async def test_an_audit_in_the_middle_of_a_rush_is_exact(jazz: Offered) -> None:
    rush = asyncio.gather(*(comes(jazz, f"guest {n}") for n in range(300)))
    while not rush.done():
        assert not (await audited(jazz)).findings
    assert (await audited(jazz)).notes == 305


async def test_the_command_says_what_is_wrong_and_fails(jazz: Offered, db: Any, servers: embedded.Addresses) -> None:
    environment = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url, "TURNOUT_DATABASE": db.name}

    def command() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "webapp", "audit"]
        return subprocess.run(
            words, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
        )

    fine = await asyncio.to_thread(command)
    assert (fine.returncode, fine.stdout[:7]) == (0, "0 drift")
    await db.pools.update_one({}, {"$inc": {"taken": 1, "left": -1}})
    wrong = await asyncio.to_thread(command)
    assert wrong.returncode == 1
    assert "3 counted, 2 in the ledger" in wrong.stdout
