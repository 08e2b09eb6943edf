"""What the team sees of a door, and what everybody sees of a ticket."""

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, text
from tests.team import browser, house, joined, somebody
from webapp.database import db
from webapp.door import lists
from webapp.organisers.organiser import Role


@pytest.fixture
async def owner(app: Quart, at_the_door: AtTheDoor) -> Client:
    return await browser(app, await somebody("olive"))


async def test_a_ticket_has_a_page_with_its_code(visitor: Client, at_the_door: AtTheDoor) -> None:
    ines = await at_the_door.ticket("Ines Ober")
    page = await (await visitor.get(f"/tickets/{ines.secret}")).get_data(as_text=True)
    assert "Ines Ober" in page
    assert "<svg" in page
    assert "ines@example.org" not in page


async def test_a_cancelled_ticket_shows_no_code(visitor: Client, at_the_door: AtTheDoor) -> None:
    ines = await at_the_door.ticket(state="cancelled")
    page = await (await visitor.get(f"/tickets/{ines.secret}")).get_data(as_text=True)
    assert "This ticket is cancelled." in page
    assert "QR code" not in page


async def test_a_secret_that_nobody_has_is_no_page(visitor: Client, at_the_door: AtTheDoor) -> None:
    assert (await visitor.get("/tickets/2345")).status_code == 404


async def test_the_team_sees_who_is_inside_and_who_was_refused(owner: Client, at_the_door: AtTheDoor) -> None:
    ines = await at_the_door.ticket("Ines Ober")
    await at_the_door.scans(ines)
    await at_the_door.scans(ines)
    told = await text(await owner.get(f"{at_the_door.event.path}/door"))
    assert "Inside now 1" in told
    assert "Everybody 1 of 1 came" in told
    assert "Already in Ines Ober" in told


async def test_the_limit_is_shown_and_warned_of(owner: Client, at_the_door: AtTheDoor) -> None:
    path = f"{at_the_door.event.path}/door"
    assert (await owner.post(f"{path}/limit", form={"limit": "1"})).status_code == 303
    await at_the_door.scans(await at_the_door.ticket())
    told = await text(await owner.get(path))
    assert "Inside now 1 of 1" in told
    assert "Let nobody in before somebody leaves" in told


@pytest.mark.parametrize(
    ("limit", "fill", "told"),
    [
        ("2", "free", "Inside now 1 of 2"),
        ("1", "full", "Let nobody in before somebody leaves"),
    ],
)
async def test_the_limit_turns_red_when_it_is_reached(
    owner: Client, at_the_door: AtTheDoor, limit: str, fill: str, told: str
) -> None:
    path = f"{at_the_door.event.path}/door"
    await owner.post(f"{path}/limit", form={"limit": limit})
    await at_the_door.scans(await at_the_door.ticket())
    page = await owner.get(path)
    assert f'data-fill="{fill}"' in await page.get_data(as_text=True)
    assert told in await text(page)


async def test_the_limit_turns_amber_before(owner: Client, at_the_door: AtTheDoor) -> None:
    path = f"{at_the_door.event.path}/door"
    await owner.post(f"{path}/limit", form={"limit": "10"})
    sold = await at_the_door.sold(*[f"Guest {number}" for number in range(11)])
    for ticket in sold[:9]:
        await at_the_door.scans(ticket)
    assert "Nearly full: room for 1 more." in await text(await owner.get(path))
    for ticket in sold[9:]:
        await at_the_door.scans(ticket)
    assert "1 more than may be inside" in await text(await owner.get(path))


async def test_lists_and_gates_are_made_and_changed(owner: Client, at_the_door: AtTheDoor) -> None:
    path = f"{at_the_door.event.path}/door"
    form = {"name": "Balcony", "entries": "after_exit", "opens": "2030-05-03T20:00", "closes": "2030-05-03T22:00"}
    assert (await owner.post(f"{path}/lists", form=form)).status_code == 303
    await owner.post(f"{path}/gates", form={"name": "North"})
    made = (await lists.of(at_the_door.event))[1]
    assert (made.name, made.entries, (await lists.gates(at_the_door.event))[0].name) == (
        "Balcony",
        "after_exit",
        "North",
    )
    assert "2030-05-03T20:00" in await (await owner.get(f"{path}/lists/{made.id}")).get_data(as_text=True)
    await owner.post(f"{path}/lists/{made.id}", form={**form, "name": "Gallery"})
    assert (await lists.get(at_the_door.event, made.id)).name == "Gallery"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"name": "Everybody"}, "choose another name"),
        ({"name": "X", "opens": "2030-05-03T20:00", "closes": "2030-05-03T19:00"}, "This must be later"),
        ({"name": "X", "opens": "whenever"}, "Write a date and a time"),
    ],
)
async def test_a_list_that_does_not_fit_is_explained(
    owner: Client, at_the_door: AtTheDoor, form: dict[str, str], told: str
) -> None:
    answer = await owner.post(f"{at_the_door.event.path}/door/lists", form=form)
    page = await answer.get_data(as_text=True)
    assert (answer.status_code, told in page) == (422, True)
    assert all(f'value="{typed}"' in page for typed in form.values() if typed)


async def test_a_link_is_made_and_shown(owner: Client, at_the_door: AtTheDoor) -> None:
    path = f"{at_the_door.event.path}/door"
    made = await owner.post(f"{path}/links", form={"name": "Evening shift", "hours": "5"})
    page = await (await owner.get(made.headers["Location"])).get_data(as_text=True)
    assert "/door/" in page
    assert "<svg" in page
    kept = await db().door_links.find_one({})
    assert kept
    assert all(str(value) not in page.split("/door/")[-1][:60] for value in [kept["by"]])


async def test_another_team_knows_nothing_of_it(app: Quart, at_the_door: AtTheDoor) -> None:
    ben = await browser(app, await somebody("ben"))
    paths = ("/door", "/door/setup")
    assert [(await ben.get(f"{at_the_door.event.path}{path}")).status_code for path in paths] == [404, 404]


async def test_helpers_of_the_team_see_the_door_and_set_up_nothing(app: Quart, at_the_door: AtTheDoor) -> None:
    dora = await browser(app, await joined(await house(), await somebody("dora"), Role.DOOR))
    paths = ("/door", "/door/setup")
    assert [(await dora.get(f"{at_the_door.event.path}{path}")).status_code for path in paths] == [200, 403]
