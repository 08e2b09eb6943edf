"""What has to be asked before somebody is let in."""

from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, linked, phone, text
from tests.events.making import ANA, NOW
from tests.team import browser, somebody
from webapp.database import Database, db
from webapp.door import counts, lists, store
from webapp.door.checkin import CheckInList, Result
from webapp.door.making import ListForm

WAIVER = {"id": "waiver", "label": "Has signed the waiver", "kind": "consent", "per": "door", "is_required": True}
SHIRT = {"id": "shirt", "label": "Shirt", "kind": "choice", "options": ["S", "M"], "per": "ticket"}
GUEST = {"id": "guest", "label": "Whose guest", "kind": "text", "per": "door"}


@pytest.fixture
async def asking(at_the_door: AtTheDoor) -> AtTheDoor:
    """A door whose list asks for the waiver and the shirt."""
    at_the_door.everybody = await asks(at_the_door, WAIVER, SHIRT)
    return at_the_door


async def asks(made: AtTheDoor, *questions: dict[str, Any], **rules: Any) -> CheckInList:
    await db().forms.update_one({"_id": made.event.id}, {"$set": {"questions": list(questions)}}, upsert=True)
    ids = [one["id"] for one in questions]
    form = ListForm.model_validate({"name": "Everybody", "question_ids": ids, **rules})
    return await lists.change(made.event, made.everybody.id, form, by=ANA, now=NOW)


async def test_nobody_is_let_in_before_the_questions_are_answered(asking: AtTheDoor) -> None:
    verdict = await asking.scans(await asking.ticket(), nonce="one-scan-only")
    assert (verdict.result, [one.id for one in verdict.questions]) == (Result.INCOMPLETE, ["waiver", "shirt"])
    assert await db().checkins.count_documents({}) == 0
    assert (await counts.numbers(asking.event.id)).inside == 0


async def test_with_the_answers_the_same_scan_lets_in(asking: AtTheDoor) -> None:
    ticket = await asking.ticket()
    await asking.scans(ticket, nonce="one-scan-only")
    answers = {"waiver": ["true"], "shirt": ["M"]}
    verdict = await asking.scans(ticket, nonce="one-scan-only", answers=answers)
    assert verdict.is_ok
    assert await store.answers_at(asking.event.id) == {ticket.id: {"waiver": True, "shirt": "M"}}
    assert await asking.scans(ticket, nonce="one-scan-only", answers=answers) == verdict
    kept = await db().checkins.find_one({})
    assert kept
    assert kept["answers"] == {"waiver": True, "shirt": "M"}


async def test_what_is_missing_or_wrong_is_said_by_field(asking: AtTheDoor) -> None:
    verdict = await asking.scans(await asking.ticket(), answers={"shirt": ["XXL"]})
    assert verdict.result is Result.INCOMPLETE
    assert verdict.wrong == {"waiver": "Please agree, or it cannot go on.", "shirt": "Choose one of these."}


async def test_what_was_answered_in_registering_is_not_asked_again(asking: AtTheDoor) -> None:
    ticket = await asking.ticket()
    registered = {"event_id": asking.event.id, "tickets": [{"id": ticket.id, "answers": {"shirt": "S"}}]}
    await db().registrations.insert_one({"_id": "r", "answers": {}, **registered})
    assert [one.id for one in (await asking.scans(ticket)).questions] == ["waiver"]


async def test_nobody_is_asked_twice(asking: AtTheDoor) -> None:
    asked = await asks(asking, WAIVER, SHIRT, entries="many")
    ticket = await asking.ticket()
    assert (await asking.scans(ticket, on=asked, answers={"waiver": ["true"]})).is_ok
    assert (await asking.leaves(ticket, on=asked)).is_ok
    assert (await asking.scans(ticket, on=asked)).is_ok


async def test_a_refusal_comes_before_the_questions(asking: AtTheDoor) -> None:
    assert (await asking.scans(await asking.ticket(state="cancelled"))).result is Result.CANCELLED


async def test_what_happened_already_is_not_asked(asking: AtTheDoor) -> None:
    assert (await asking.scans(await asking.ticket(), force="Scanned without network")).is_ok


async def test_a_question_that_follows_from_another_is_asked_where_it_does(at_the_door: AtTheDoor) -> None:
    size = {**SHIRT, "id": "size", "only_if": {"question": "guest", "answer": "Ana"}, "is_required": True}
    asked, ticket = await asks(at_the_door, GUEST, size), await at_the_door.ticket()
    verdict = await at_the_door.scans(ticket, on=asked, answers={"guest": ["Ana"]})
    assert verdict.wrong == {"size": "Please choose."}
    assert (await at_the_door.scans(ticket, on=asked, answers={"guest": ["Ben"]})).is_ok


async def test_a_helper_asks_and_lets_in(app: Quart, asking: AtTheDoor) -> None:
    client, ines = await phone(app, await linked(asking)), await asking.ticket("Ines Ober")
    told = await text(await client.post("/door/scan", form={"code": ines.secret, "nonce": "first-scan"}))
    assert "Ask first Ines Ober" in told
    assert "Has signed the waiver" in told
    form = {"ticket_id": ines.id, "nonce": "first-scan", "answering": "yes", "q.shirt": "M"}
    assert "Please agree" in await text(await client.post("/door/scan", form=form))
    assert "Welcome Ines Ober" in await text(await client.post("/door/scan", form={**form, "q.waiver": "true"}))


async def test_a_team_makes_a_question_for_the_door(app: Quart, at_the_door: AtTheDoor) -> None:
    owner: Client = await browser(app, await somebody("olive"))
    path = at_the_door.event.path
    await owner.post(f"{path}/questions", form={"label": "Age seen", "kind": "yes_no", "at_door": "true"})
    page = await (await owner.get(f"{path}/door/setup")).get_data(as_text=True)
    assert "Age seen" in page
    form = await db().forms.find_one({"_id": at_the_door.event.id})
    assert form
    assert [one["per"] for one in form["questions"]] == ["door"]


async def test_questions_that_no_list_asks_cost_a_scan_nothing(db: Database, at_the_door: AtTheDoor) -> None:
    await db.forms.insert_one({"_id": at_the_door.event.id, "questions": [WAIVER]})
    assert (await at_the_door.scans(await at_the_door.ticket())).is_ok
