"""A redraw reads a few documents through indexes, however many there are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from tests.dashboard.day import begun
from tests.door.making import AtTheDoor
from tests.events.making import NOW
from webapp.dashboard.live import PARTS
from webapp.database import Database
from webapp.door import lists

MOST = 200
"""Documents that one read looks at here: an hour of minutes, a week of hours."""


@asynccontextmanager
async def profiled(db: Database) -> AsyncIterator[list[dict[str, Any]]]:
    """Every read that the database was asked for meanwhile, with its plan."""
    found: list[dict[str, Any]] = []
    await db.command("profile", 2)
    try:
        yield found
    finally:
        await db.command("profile", 0)
        query = {"op": {"$in": ["query", "command"]}, "planSummary": {"$exists": True}}
        found += await db["system.profile"].find(query).to_list(None)
        await db.drop_collection("system.profile")


async def test_no_part_scans_a_collection(db: Database) -> None:
    day = await begun(80)
    for number in range(30):
        await day.registers(f"guest{number}")
        day.at += timedelta(minutes=number)
    door = AtTheDoor(day.event, (await lists.of(day.event))[0])
    for number, ticket in enumerate(await day.tickets()):
        await door.scans(ticket, now=NOW + timedelta(minutes=number))
    for until in (None, day.at):
        async with profiled(db) as reads:
            for part in PARTS.values():
                await part(day.event, until)
        assert reads
        assert [f"{one['ns']} {one['command']}" for one in reads if "COLLSCAN" in one["planSummary"]] == []
        assert max(one.get("docsExamined", 0) for one in reads) < MOST


async def test_a_crowd_costs_no_more_than_its_minutes(db: Database) -> None:
    day = await begun()
    for number in range(40):
        await day.asks(f"guest{number}")
    assert await db.place_marks.count_documents({"event_id": day.event.id}) == 3
