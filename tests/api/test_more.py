"""What programs do with a registration later: more tickets, other answers; and with somebody who has none."""

from typing import Any

import pytest
from quart import Quart

from tests.api.conftest import Program, program_of
from tests.api.test_resources import CONTACT, holds, registered, type_of
from tests.team import house, joined, somebody
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.places.audit import audit
from webapp.responses import now

FOOD = {"label": "Food?", "per": "ticket", "is_required": True}


@pytest.fixture
async def jazz(olive: Program) -> str:
    """The address of a published event with four places."""
    return f"/api/v1/events/{(await olive.publishes(capacity=4))['slug']}"


async def test_more_tickets_are_asked_for_once(olive: Program, nobody: Program, jazz: str) -> None:
    mine, kind = await registered(nobody, jazz, 2), await type_of(nobody, jazz)
    path = f"/api/v1/registrations/{mine['token']}/tickets"
    wanted = {"tickets": {kind: 1}, "attendees": [{"name": "Eve"}], "key": "one-more-please"}
    first, again = [await nobody.posts(path, wanted) for _ in range(2)]
    assert [one["name"] for one in first.said["tickets"]] == ["", "", "Eve"]
    assert again.said["tickets"] == first.said["tickets"]
    assert (await nobody.posts(path, {"tickets": {kind: 2}})).problem == "sold-out"
    assert (await nobody.posts(path, {"tickets": {"x": 1}})).pointers == ["/tickets/x"]
    assert (await nobody.posts(path, {"tickets": {kind: 20}})).pointers == [f"/tickets/{kind}"]
    assert (await nobody.posts(path, {"tickets": {kind: 1}, "attendees": [{}, {}]})).pointers == ["/attendees/1"]
    assert (await audit((await olive.reads(jazz)).said["id"], now=now())).findings == []


async def test_who_comes_with_further_tickets_answers_too(olive: Program, nobody: Program, jazz: str) -> None:
    mine, kind = await registered(nobody, jazz), await type_of(nobody, jazz)
    food = (await olive.posts(f"{jazz}/questions", FOOD)).said["id"]
    path = f"/api/v1/registrations/{mine['token']}/tickets"
    assert (await nobody.posts(path, {"tickets": {kind: 1}})).pointers == [f"/attendees/0/answers/{food}"]
    told = await nobody.posts(path, {"tickets": {kind: 1}, "attendees": [{"answers": {food: "All"}}]})
    assert told.said["tickets"][1]["answers"] == {food: "All"}


async def test_a_hold_is_made_one_for_another_number(olive: Program, nobody: Program, jazz: str) -> None:
    held, kind = await holds(nobody, jazz, 3), await type_of(nobody, jazz)
    path = f"/api/v1/registrations/{held['token']}"
    assert (await nobody.posts(f"{path}/count", {"tickets": {kind: 1}})).said["state"] == "held"
    assert (await olive.reads(f"{jazz}/pools")).said["items"][0]["left"] == 3
    await nobody.posts(f"{path}/confirm", CONTACT)
    assert (await nobody.posts(f"{path}/count", {"tickets": {kind: 2}})).status == 409


async def test_the_team_adds_tickets(olive: Program, nobody: Program, jazz: str, db: Database) -> None:
    mine, kind = await registered(nobody, jazz), await type_of(nobody, jazz)
    path = f"{jazz}/registrations/{mine['id']}/tickets"
    assert len((await olive.posts(path, {"tickets": {kind: 3}})).said["tickets"]) == 4
    assert (await olive.posts(path, {"tickets": {kind: 1}})).problem == "sold-out"
    assert (await db.records.find_one({"subject.id": mine["id"]}))["action"] == "enlarged"


async def test_the_team_answers_for_those_who_come_or_leaves_it_open(
    olive: Program, nobody: Program, jazz: str, db: Database
) -> None:
    mine, kind = await registered(nobody, jazz), await type_of(nobody, jazz)
    food = (await olive.posts(f"{jazz}/questions", FOOD)).said["id"]
    path = f"{jazz}/registrations/{mine['id']}/tickets"
    told = await olive.posts(path, {"tickets": {kind: 1}, "attendees": [{"name": "Eve", "answers": {food: "All"}}]})
    assert [(one["name"], one["answers"]) for one in told.said["tickets"]] == [("", {}), ("Eve", {food: "All"})]
    assert (await olive.posts(path, {"tickets": {kind: 1}})).status == 200
    assert [one["what"] async for one in db.mails.find({"what": {"$in": ["change", "question"]}})] == [
        "change",
        "question",
    ]


async def test_answers_are_given_again_later(olive: Program, nobody: Program, jazz: str, db: Database) -> None:
    mine = await registered(nobody, jazz, 2)
    path, (first, second) = f"/api/v1/registrations/{mine['token']}", [one["id"] for one in mine["tickets"]]
    food = (await olive.posts(f"{jazz}/questions", FOOD)).said["id"]
    news = (await olive.posts(f"{jazz}/questions", {"label": "News?", "kind": "yes_no"})).said["id"]
    # What is asked since stands in nobody's way who changes something else.
    assert (await nobody.patches(path, {"name": "Ana B."})).said["name"] == "Ana B."
    told = await nobody.patches(path, {"answers": {news: True}, "attendees": {first: {"answers": {food: "Vegan"}}}})
    assert told.said["answers"] == {news: True}
    assert [one["answers"] for one in told.said["tickets"]] == [{food: "Vegan"}, {}]
    wrong = {"answers": {"x": 1}, "attendees": {first: {"answers": {food: None}}}}
    assert sorted((await nobody.patches(path, wrong)).pointers) == ["/answers/x", f"/attendees/{first}/answers/{food}"]
    theirs = f"{jazz}/registrations/{mine['id']}"
    told = await olive.patches(theirs, {"answers": {news: False}, "attendees": {second: {"answers": {food: "All"}}}})
    assert [one["answers"] for one in told.said["tickets"]] == [{food: "Vegan"}, {food: "All"}]
    noted = await db.records.find_one({"subject.id": mine["id"]})
    assert noted["after"]["answer to “News?”"] == "no"
    await olive.asks("DELETE", f"{jazz}/questions/{food}")
    assert (await nobody.patches(path, {"name": "Ana"})).said["tickets"][0]["answers"] == {food: "Vegan"}


async def a_door(app: Quart, olive: Program, jazz: str, **more: Any) -> tuple[Program, str]:
    """A helper's program, and a list that takes people without a ticket."""
    helper = await program_of(app, await joined(await house(), await somebody("dora"), Role.DOOR))
    made = await olive.posts(f"{jazz}/check-in-lists", {"name": "Desk", "takes_walk_ins": True, **more})
    return helper, str(made.said["id"])


async def test_who_has_no_ticket_is_registered_and_let_in(
    app: Quart, olive: Program, nobody: Program, jazz: str, db: Database
) -> None:
    question = (await olive.posts(f"{jazz}/questions", {"label": "Born?", "per": "door"})).said["id"]
    helper, desk = await a_door(app, olive, jazz, question_ids=[question])
    kind, path = await type_of(olive, jazz), f"{jazz}/walk-ins"
    guest = {"name": "Gus", "ticket_type_id": kind, "list_id": desk, "nonce": "nonce-0001", "answers": {question: "Ja"}}
    first, again = [await helper.posts(path, guest) for _ in range(2)]
    assert (first.said["status"], first.said["name"], again.said) == ("ok", "Gus", first.said)
    told = await helper.posts(path, {**guest, "nonce": "nonce-0002", "answers": {"x": 1}})
    assert told.pointers == ["/answers/x"]
    [seen] = (await helper.reads(f"{jazz}/check-ins?expand=ticket&fields=name")).said["items"]
    assert (seen["ticket"]["name"], seen["ticket"]["email"]) == ("Gus", None)
    noted = await db.records.find_one({"action": "walked in"})
    assert noted["actor"]["via"] == "api"
    plain = (await olive.posts(f"{jazz}/check-in-lists", {"name": "Seats"})).said["id"]
    assert (await helper.posts(path, {**guest, "list_id": plain, "answers": {}, "nonce": "nonce-0003"})).status == 403
    await registered(nobody, jazz, 3)
    assert (await helper.posts(path, {**guest, "nonce": "nonce-0004"})).problem == "sold-out"
