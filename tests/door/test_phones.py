"""Door links and the phones they were opened on, without JavaScript."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, linked, phone, text
from tests.events.making import NOW
from tests.team import browser, house, joined, somebody
from webapp.database import db
from webapp.door import counts, devices
from webapp.organisers.organiser import Role


async def scanned(client: Client, **form: str) -> str:
    page = await (await client.get("/door")).get_data(as_text=True)
    nonce = re.search(r'name="nonce" value="(\w+)"', page)
    assert nonce
    return await text(await client.post("/door/scan", form={"nonce": nonce[1], **form}))


async def test_a_helper_scans_without_an_account(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket("Ines Ober"), await phone(app, await linked(at_the_door))
    assert "Welcome Ines Ober" in await scanned(client, code=ines.secret)
    other = await phone(app, await linked(at_the_door), "Ben's phone")
    told = await scanned(other, code=ines.secret)
    assert re.search(r"Already in Ines Ober \d s ago, by Ana's phone", told)


async def test_sending_the_page_again_is_the_same_scan(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    form = {"code": ines.secret, "nonce": "sent-twice"}
    answers = [await text(await client.post("/door/scan", form=form)) for _ in range(2)]
    assert all("Welcome" in answer for answer in answers)
    assert await db().checkins.count_documents({}) == 1


async def test_a_helper_lets_somebody_in_by_name_and_takes_it_back(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket("Ines Ober"), await phone(app, await linked(at_the_door))
    assert "Ines Ober" in await text(await client.get("/door?q=obe"))
    assert "Welcome" in await scanned(client, ticket_id=ines.id)
    check_in = await db().checkins.find_one({})
    assert check_in
    undone = await client.post("/door/undo", form={"check_in_id": check_in["_id"], "reason": "Her sister"})
    assert "Taken back" in await text(undone)
    assert (await counts.numbers(at_the_door.event.id)).inside == 0
    assert await db().checkins.find_one({"kind": "undo", "reason": "Her sister"})


async def test_a_phone_stands_somewhere_and_lets_people_out(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    await scanned(client, code=ines.secret)
    place = {"list_id": at_the_door.everybody.id, "gate_id": "", "kind": "exit"}
    assert (await client.post("/door/place", form=place)).status_code == 303
    assert "Goodbye" in await scanned(client, code=ines.secret)
    assert (await client.post("/door/place", form={**place, "list_id": "other"})).status_code == 404


async def test_a_link_that_is_taken_back_shuts_its_phones_out(app: Quart, at_the_door: AtTheDoor) -> None:
    link = await linked(at_the_door)
    client = await phone(app, link)
    owner = await browser(app, await somebody("olive"))
    setup = f"{at_the_door.event.path}/door"
    assert (await owner.post(f"{setup}/links/{link.id}/revoke")).status_code == 303
    assert (await client.get("/door")).status_code == 404
    assert (await client.get(link.path)).status_code == 404
    assert (await client.post(link.path, form={"name": "Again"})).status_code == 404


async def test_a_link_ends_by_itself(app: Quart, at_the_door: AtTheDoor) -> None:
    link = await linked(at_the_door, hours=1)
    client = await phone(app, link)
    await db().door_devices.update_many({}, {"$set": {"expires_at": NOW - timedelta(hours=1)}})
    await db().door_links.update_many({}, {"$set": {"expires_at": NOW - timedelta(hours=1)}})
    assert [(await client.get(path)).status_code for path in ("/door", link.path)] == [404, 404]


@pytest.mark.parametrize("path", ["", "/edit", "/door", "/door/setup"])
async def test_a_phone_sees_nothing_else(app: Quart, at_the_door: AtTheDoor, path: str) -> None:
    client = await phone(app, await linked(at_the_door))
    await db().events.update_one({"_id": at_the_door.event.id}, {"$set": {"state": "draft"}})
    assert (await client.get(f"{at_the_door.event.path}{path}")).status_code in {302, 303, 404}


@pytest.mark.parametrize("path", ["/door", "/door?q=ines", "/door/here"])
async def test_who_has_no_link_is_at_no_door(visitor: Client, path: str) -> None:
    assert (await visitor.get(path)).status_code == 404


async def test_a_changed_link_opens_nothing(app: Quart, at_the_door: AtTheDoor) -> None:
    link = await linked(at_the_door)
    before, _, token = link.path.rpartition("/")
    changed = f"{before}/{'b' if token[0] == 'a' else 'a'}{token[1:]}"
    assert (await app.test_client().get(changed)).status_code == 404


async def test_a_phone_is_good_for_the_lists_of_its_link(app: Quart, at_the_door: AtTheDoor) -> None:
    balcony = await at_the_door.list_of("Balcony")
    client = await phone(app, await linked(at_the_door, list_ids=[balcony.id]))
    place = {"list_id": at_the_door.everybody.id, "kind": "entry"}
    assert (await client.post("/door/place", form=place)).status_code == 404
    await scanned(client, code=(await at_the_door.ticket()).secret)
    assert await db().checkins.count_documents({"list_id": balcony.id}) == 1


@pytest.mark.parametrize(
    ("rule", "told"),
    [({"opens": "2199-05-03T20:00"}, "Not yet Ines Ober From 3 May, 20:00"), ({"closes": "2001-05-03T20:00"}, "Until")],
)
async def test_a_phone_says_when_the_list_lets_in(
    app: Quart, at_the_door: AtTheDoor, rule: dict[str, str], told: str
) -> None:
    evening = await at_the_door.list_of("Evening", **rule)
    client = await phone(app, await linked(at_the_door, list_ids=[evening.id]))
    assert told in await scanned(client, code=(await at_the_door.ticket("Ines Ober")).secret)


async def test_only_who_may_overrules_and_says_why(app: Quart, at_the_door: AtTheDoor) -> None:
    ines = await at_the_door.ticket()
    await at_the_door.scans(ines)
    steward = await phone(app, await linked(at_the_door))
    assert "Let in all the same" not in await scanned(steward, code=ines.secret)
    form = {"ticket_id": ines.id, "nonce": "overruling", "force": "I know her"}
    assert (await steward.post("/door/scan", form=form)).status_code == 403
    leader = await phone(app, await linked(at_the_door, may_force="true"))
    assert "Let in all the same" in await scanned(leader, code=ines.secret)
    assert "Welcome" in await text(await leader.post("/door/scan", form=form))


@pytest.mark.parametrize("form", [{}, {"code": "x" * 500, "nonce": "long-enough"}, {"code": "x", "nonce": "<>"}])
async def test_what_is_missing_is_said(app: Quart, at_the_door: AtTheDoor, form: dict[str, str]) -> None:
    client = await phone(app, await linked(at_the_door))
    answer = await client.post("/door/scan", form=form)
    assert answer.status_code == 422
    assert "Scan again" in await text(answer)


async def test_somebody_of_the_team_scans_with_their_own_phone(app: Quart, at_the_door: AtTheDoor) -> None:
    dora = await browser(app, await joined(await house(), await somebody("dora"), Role.DOOR))
    link = (await dora.post(f"{at_the_door.event.path}/door/my-phone")).headers["Location"]
    await dora.post(link, form={"name": "Dora's phone"})
    assert "Welcome" in await scanned(dora, code=(await at_the_door.ticket()).secret)


async def test_a_phone_that_stops_is_not_at_the_door(app: Quart, at_the_door: AtTheDoor) -> None:
    client = await phone(app, await linked(at_the_door))
    assert (await client.post("/door/leave")).status_code == 303
    assert (await client.get("/door")).status_code == 404
    assert await devices.at(at_the_door.event.id) == []


async def test_a_phone_that_falls_silent_is_marked(app: Quart, at_the_door: AtTheDoor) -> None:
    client = await phone(app, await linked(at_the_door))
    assert await devices.fall_silent(datetime.now(UTC) + timedelta(minutes=5)) == 1
    owner = await browser(app, await somebody("olive"))
    assert "Silent" in await text(await owner.get(f"{at_the_door.event.path}/door"))
    assert (await client.get("/door/here")).status_code == 204
    assert [one.is_silent for one in await devices.at(at_the_door.event.id)] == [False]
