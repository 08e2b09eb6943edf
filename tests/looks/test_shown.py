"""Looks where they are read: in the funnel of the dashboard, in its replay, and by programs."""

from datetime import UTC, datetime, timedelta

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.api.conftest import program_of
from tests.door.making import text
from tests.registrations.making import event_with, registers
from tests.team import somebody
from webapp import when
from webapp.looks import store
from webapp.looks.look import spot
from webapp.ticket_types.store import Offered

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


async def looked(offered: Offered, count: int, at: datetime = NOW) -> None:
    await store.add({spot(offered.event.id, offered.event.organiser_id, at): count})


async def test_the_funnel_begins_with_looks(client: Client) -> None:
    offered = await event_with(80)
    page = await text(await client.get(f"{offered.event.path}/dashboard"))
    assert "Looked at 0 " in page
    assert "Of a hundred looks" not in page
    await looked(offered, 1_200)
    await registers(offered, "ana", 2)
    page = await text(await client.get(f"{offered.event.path}/dashboard"))
    assert "Looked at 1,200 Asked for 2 Confirmed 2" in page
    assert "Of a hundred looks, 0.1 led to a registration." in page


async def test_a_replay_shows_looks_at_the_hour_they_were(client: Client) -> None:
    offered = await event_with(80)
    noon = (NOW - timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)
    for hours, count in ((-1, 10), (0, 100), (1, 1_000)):
        await looked(offered, count, noon + hours * HOUR)
    for at, count in ((noon - HOUR, "10"), (noon + HOUR / 3, "110"), (noon + HOUR, "1,110")):
        wall = when.wall(at, offered.event.zone)
        asked = f"{offered.event.path}/dashboard/replay?day={wall:%Y-%m-%d}&clock={wall:%H:%M}"
        assert f"Looked at {count} " in await text(await client.get(asked))


async def test_programs_read_looks(app: Quart, client: Client) -> None:
    offered = await event_with(80)
    await looked(offered, 12)
    program = await program_of(app, await somebody("olive"), "read")
    told = await program.reads(f"/api/v1/events/{offered.event.slug}/statistics")
    assert told.said["looks"] == 12
