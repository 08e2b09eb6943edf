"""What a screen showed at any minute of the day, a replay shows again; and every number is what the documents say."""

from collections import Counter

import pytest

from tests.dashboard.day import Day, begun, lived
from tests.events.making import NOW
from webapp.dashboard.recount import differences
from webapp.database import Database
from webapp.places import audit


@pytest.fixture
async def day(db: Database) -> Day:
    return await begun()


async def test_a_replay_shows_what_was_shown_then(day: Day) -> None:
    shown = {}
    async for what in lived(day):
        shown[what] = day.at, await day.parts()
    for what, (at, parts) in shown.items():
        again = await day.parts(at)
        assert {name: again[name] for name in parts if again[name] != parts[name]} == {}, what
    assert len({html["places"] for _, html in shown.values()}) > 8


async def test_every_number_is_what_the_documents_say_all_day(day: Day) -> None:
    async for what in lived(day):
        assert await differences(day.event) == [], what
    assert (await audit.audit(day.event.id, now=NOW)).findings == []


@pytest.mark.parametrize(
    ("collection", "change", "said"),
    [
        ("registrations", {"$set": {"state": "cancelled"}}, "confirmed"),
        ("entries", {"$set": {"state": "left"}}, "entries:"),
        ("place_marks", {"$inc": {"tally.tickets:confirmed": 1}}, "tickets:confirmed"),
        ("door_marks", {"$inc": {"inside": 1}}, "inside"),
        ("door_counts", {"$inc": {"came": 1}}, "came"),
    ],
)
async def test_the_recount_finds_what_was_broken_by_hand(
    day: Day, db: Database, collection: str, change: dict[str, Counter[str]], said: str
) -> None:
    async for _ in lived(day):
        pass
    await db[collection].update_many({"event_id": day.event.id}, change)
    assert any(said in found for found in await differences(day.event))
