import asyncio
from datetime import UTC, datetime

from quart.typing import TestClientProtocol as Client

from webapp import database
from webapp.demo import command, traffic
from webapp.demo.city import events
from webapp.events import finding
from webapp.events.search import Search

PASSWORD = "seven blue herons"
NOW = datetime(2036, 11, 22, 9, tzinfo=UTC)


def test_the_city_has_some_forty_events_in_several_zones() -> None:
    planned = events(NOW)
    assert 35 <= len(planned) <= 45
    assert len({one.zone for one in planned}) >= 4
    assert events(NOW) == planned


async def test_a_fresh_database_is_filled_once(db: database.Database) -> None:
    made = await command.fill(NOW, PASSWORD)
    assert made == len((await finding.upcoming(Search())).events)
    assert await command.fill(NOW, PASSWORD) == 0


async def test_traffic_changes_what_people_see(db: database.Database) -> None:
    await command.fill(datetime.now(UTC), PASSWORD)
    before = {one.id: one for one in (await finding.upcoming(Search())).events}
    async with asyncio.timeout(60):
        async for happened in traffic.happenings():
            assert happened
            if {one.id: one for one in (await finding.upcoming(Search())).events} != before:
                break


async def test_the_button_answers_at_once_and_then_things_happen(client: Client) -> None:
    await command.fill(datetime.now(UTC), PASSWORD)
    answer = await client.post("/demo/traffic")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    changed = {"$or": [{"version": {"$gt": 1}}, {"state": "cancelled"}, {"tags": "pop-up"}]}
    async with asyncio.timeout(20):
        while not await database.db().events.count_documents(changed):
            await asyncio.sleep(0.1)
