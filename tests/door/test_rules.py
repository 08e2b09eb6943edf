"""The rules of a door: areas, and lists and gates that are renamed or taken away while their numbers stay."""

import asyncio
from datetime import timedelta

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, text
from tests.events.making import ANA, NOW
from tests.team import browser, somebody
from webapp.database import db
from webapp.door import counts, lists
from webapp.door.checkin import CheckInList, Result
from webapp.door.making import GateForm
from webapp.errors import Conflict, NotFound

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def areas(at_the_door: AtTheDoor) -> tuple[CheckInList, CheckInList]:
    """A hall and a garden; a way back is always open."""
    rules = {"is_area": "true", "entries": "after_exit"}
    return await at_the_door.list_of("Hall", **rules), await at_the_door.list_of("Garden", **rules)


@pytest.fixture
async def owner(app: Quart, at_the_door: AtTheDoor) -> Client:
    return await browser(app, await somebody("olive"))


async def inside(made: AtTheDoor, *where: CheckInList) -> list[int]:
    """Everybody inside, then on each list."""
    numbers = await counts.numbers(made.event.id)
    return [numbers.inside, *(numbers.on(one.id, "inside") for one in where)]


async def test_entering_one_area_leaves_the_other(
    at_the_door: AtTheDoor, areas: tuple[CheckInList, CheckInList]
) -> None:
    hall, garden = areas
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket, on=hall)
    assert (await at_the_door.scans(ticket, on=garden)).is_ok
    assert await inside(at_the_door, hall, garden) == [1, 0, 1]
    assert (await at_the_door.leaves(ticket, on=hall)).result is Result.NOT_INSIDE
    assert (await at_the_door.scans(ticket, on=hall)).is_ok
    assert await inside(at_the_door, hall, garden) == [1, 1, 0]


async def test_a_list_that_is_no_area_keeps_whom_it_let_in(
    at_the_door: AtTheDoor, areas: tuple[CheckInList, CheckInList]
) -> None:
    hall, _ = areas
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    await at_the_door.scans(ticket, on=hall)
    assert await inside(at_the_door, at_the_door.everybody, hall) == [1, 1, 1]


async def test_an_entry_that_is_taken_back_leads_back_to_the_other_area(
    at_the_door: AtTheDoor, areas: tuple[CheckInList, CheckInList]
) -> None:
    hall, garden = areas
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket, on=hall)
    await at_the_door.takes_back(await at_the_door.scans(ticket, on=garden))
    assert await inside(at_the_door, hall, garden) == [1, 1, 0]


async def test_an_entry_learnt_of_late_moves_nobody_back(
    at_the_door: AtTheDoor, areas: tuple[CheckInList, CheckInList]
) -> None:
    hall, garden = areas
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket, on=garden)
    assert (await at_the_door.scans(ticket, on=hall, happened_at=NOW - MINUTE)).is_ok
    assert await inside(at_the_door, hall, garden) == [1, 0, 1]
    assert (await counts.numbers(at_the_door.event.id)).on(hall.id, "entered") == 1


async def test_a_list_is_deleted_and_its_numbers_stay(owner: Client, at_the_door: AtTheDoor) -> None:
    balcony, path = await at_the_door.list_of("Balcony"), f"{at_the_door.event.path}/door"
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket, on=balcony)
    assert (await owner.post(f"{path}/lists/{balcony.id}/remove")).status_code == 303
    with pytest.raises(NotFound, match="gone"):
        await at_the_door.scans(ticket, on=balcony)
    assert "Balcony 1 of 1 came" in await text(await owner.get(path))
    assert f"/lists/{balcony.id}" not in await (await owner.get(f"{path}/setup")).get_data(as_text=True)
    assert (await owner.get(f"{path}/lists/{balcony.id}")).status_code == 404


async def test_who_is_inside_of_a_deleted_list_can_leave(at_the_door: AtTheDoor) -> None:
    balcony, ticket = await at_the_door.list_of("Balcony"), await at_the_door.ticket()
    await at_the_door.scans(ticket, on=balcony)
    await lists.remove(at_the_door.event, balcony.id, by=ANA, now=NOW)
    assert (await at_the_door.leaves(ticket)).headline == "Goodbye"
    assert await inside(at_the_door, balcony) == [0, 0]
    assert (await at_the_door.leaves(ticket)).result is Result.NOT_INSIDE


async def test_a_deleted_list_comes_back_by_its_name(at_the_door: AtTheDoor) -> None:
    balcony = await at_the_door.list_of("Balcony")
    await at_the_door.scans(await at_the_door.ticket(), on=balcony)
    await lists.remove(at_the_door.event, balcony.id, by=ANA, now=NOW)
    again = await at_the_door.list_of("Balcony", entries="many")
    assert (again.id, again.entries, again.archived_at) == (balcony.id, "many", None)
    assert (await counts.numbers(at_the_door.event.id)).on(again.id, "entered") == 1


async def test_the_last_list_stays_whoever_deletes_at_once(at_the_door: AtTheDoor) -> None:
    both = at_the_door.everybody, await at_the_door.list_of("Balcony")
    removing = [lists.remove(at_the_door.event, one.id, by=ANA, now=NOW) for one in both]
    told = await asyncio.gather(*removing, return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in told) == 1
    assert len(await lists.of(at_the_door.event)) == 1


async def test_a_gate_is_renamed_and_deleted_and_its_numbers_stay(owner: Client, at_the_door: AtTheDoor) -> None:
    path = f"{at_the_door.event.path}/door"
    gate = await lists.add_gate(at_the_door.event, GateForm(name="North"), by=ANA, now=NOW)
    door = at_the_door.device()
    door = type(door)(door.organiser_id, door.event_id, door.device_id, door.device, gate.id, gate.name)
    await at_the_door.scans(await at_the_door.ticket(), door=door)
    assert (await owner.post(f"{path}/gates/{gate.id}", form={"gate": "Northern gate"})).status_code == 303
    assert "Northern gate 1" in await text(await owner.get(path))
    assert (await owner.post(f"{path}/gates/{gate.id}/remove")).status_code == 303
    assert "Northern gate 1" in await text(await owner.get(path))
    assert "None: a door needs no gates" in await text(await owner.get(f"{path}/setup"))
    assert (await owner.post(f"{path}/gates/{gate.id}/remove")).status_code == 404


async def test_two_gates_are_not_called_the_same(owner: Client, at_the_door: AtTheDoor) -> None:
    for name in ("North", "South"):
        await lists.add_gate(at_the_door.event, GateForm(name=name), by=ANA, now=NOW)
    north = (await lists.gates(at_the_door.event))[0]
    answer = await owner.post(f"{at_the_door.event.path}/door/gates/{north.id}", form={"gate": "South"})
    assert (answer.status_code, "choose another name" in await text(answer)) == (422, True)


async def test_what_is_done_with_lists_and_gates_is_recorded(at_the_door: AtTheDoor) -> None:
    gate = await lists.add_gate(at_the_door.event, GateForm(name="North"), by=ANA, now=NOW)
    await lists.rename_gate(at_the_door.event, gate.id, GateForm(name="South"), by=ANA, now=NOW)
    await lists.remove_gate(at_the_door.event, gate.id, by=ANA, now=NOW)
    await lists.add_gate(at_the_door.event, GateForm(name="South"), by=ANA, now=NOW)
    kept = await db().records.find({"subject.id": gate.id}).sort("_id", 1).to_list(None)
    assert sorted(one["action"] for one in kept) == ["added", "deleted", "edited", "edited"]
