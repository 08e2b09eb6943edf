"""The dashboard in a browser without JavaScript: with nothing to show, with one registration, and for whom."""

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import text
from tests.registrations.making import event_with, registers
from tests.team import browser, house, joined, somebody
from webapp.organisers.organiser import Role


async def test_an_event_that_nobody_knows_yet_has_a_dashboard(client: Client) -> None:
    offered = await event_with(80)
    page = await text(await client.get(f"{offered.event.path}/dashboard"))
    for said in ("Nothing needs you just now", "0 of 80", "Nobody has registered yet", "Nobody was scanned yet"):
        assert said in page


async def test_the_first_registration_is_there(client: Client) -> None:
    offered = await event_with(80)
    await registers(offered, "ana", 2)
    page = await text(await client.get(f"{offered.event.path}/dashboard"))
    for said in ("2 of 80", "78 free", "ana has 2 places", "Tickets confirmed so far"):
        assert said in page


async def test_it_is_for_those_who_edit(app: Quart, client: Client) -> None:
    offered = await event_with(80)
    for role, status in ((Role.DOOR, 403), (Role.EDITOR, 200)):
        theirs = await browser(app, await joined(await house(), await somebody(role.value), role))
        for path in ("dashboard", "dashboard/replay"):
            assert (await theirs.get(f"{offered.event.path}/{path}")).status_code == status


async def test_any_moment_can_be_asked_for_without_javascript(client: Client) -> None:
    offered = await event_with(80)
    await registers(offered, "ana", 2)
    path = f"{offered.event.path}/dashboard/replay"
    assert "2 of 80" in await text(await client.get(path))
    assert "0 of 80" in await text(await client.get(f"{path}?day=2020-01-01&clock=14:03"))
    for nonsense in ("day=x&clock=25:99", "day=0001-01-01&minute=99999", "day=9999-12-31&clock=00:00", "minute=-1"):
        assert (await client.get(f"{path}?{nonsense}")).status_code == 200
