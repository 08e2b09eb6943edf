"""What an event's team sees and does with its registrations and what it sets up, in a browser without JavaScript."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import team
from tests.events.making import NOW
from tests.registrations.making import EVE, comes, event_with, left, registers, state_of
from tests.registrations.test_pages import html
from webapp.organisers.organiser import Role
from webapp.registrations import ending, store
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Kind, Per, Question
from webapp.ticket_types.ticket_type import Offering


async def test_the_list_shows_searches_and_filters(client: Browser) -> None:
    jazz = await event_with(3)
    await registers(jazz, "ana")
    await registers(jazz, "ben")
    path = f"{jazz.event.path}/registrations"
    page = await html(client, path)
    assert "ana@example.org" in page
    assert "2 taken of 3, 1 left" in page
    assert "ben@example.org" not in await html(client, f"{path}?text=an")
    assert "Nobody fits" in await html(client, f"{path}?state=cancelled")


async def test_adding_by_hand_never_goes_beyond_unless_told_to(client: Browser) -> None:
    jazz = await event_with(1)
    await registers(jazz, "ana")
    path, form = f"{jazz.event.path}/registrations/new", {"name": "Eve", "email": "eve@example.org"}
    form[f"n.{jazz.types[0].id}"] = "1"
    refused = await client.post(path, form=form)
    assert refused.status_code == 422
    assert "Sold out" in await refused.get_data(as_text=True)
    assert (await client.post(path, form=form | {"beyond": "yes"})).status_code == 303
    assert "1 more than there are" in await html(client, f"{jazz.event.path}/registrations")


async def test_changing_cancelling_and_sending_again(client: Browser, db: Any) -> None:
    jazz = await event_with(2)
    mine = await registers(jazz, "ana")
    path = f"{jazz.event.path}/registrations/{mine.id}"
    await client.post(path, form={"name": "Anna", "email": "anna@example.org", "t1.name": "Ben"})
    page = await html(client, path)
    assert 'value="Anna"' in page
    assert 'value="Ben"' in page
    await client.post(f"{path}/resend")
    assert await db.mails.count_documents({"to": "anna@example.org"}) == 1
    await client.post(f"{path}/cancel")
    assert await left(jazz) == 2


async def test_the_team_edits_answers_by_the_same_rules_and_two_of_them_are_told(client: Browser, db: Any) -> None:
    jazz = await event_with(2)
    food = Question(id="food", label="Food", kind=Kind.CHOICE, options=["Soup", "Bread"], is_required=True)
    mine = await registers(jazz, "ana")
    await ticket_types.save_form(jazz.event, Form(questions=[food]), by=EVE, now=NOW)
    path, typed = f"{jazz.event.path}/registrations/{mine.id}", {"name": "Ana", "email": "ana@example.org"}
    assert "Not answered yet:" in await html(client, path)
    assert (await client.post(path, form=typed)).status_code == 303
    typed |= {"q.food": "Soup", "step": str((await store.get(mine.id)).step)}
    assert (await client.post(path, form=typed)).status_code == 303
    assert 'value="Soup" checked' in await html(client, path)
    assert (await client.post(path, form=typed | {"q.food": ""})).status_code == 422
    refused = await client.post(path, form=typed | {"q.food": "Bread"})
    assert refused.status_code == 409
    assert "Somebody else wrote “Soup” meanwhile" in await refused.get_data(as_text=True)
    records = [one["after"] async for one in db.records.find({"subject.kind": "registration"}).sort("at", 1)]
    assert records == [{"name": "Ana"}, {"answer to “Food”": "Soup"}]


async def test_the_team_adds_tickets_and_gives_single_ones_back(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    mine = await registers(jazz, "ana")
    path, count = f"{jazz.event.path}/registrations/{mine.id}", f"n.{jazz.event.id}"
    await client.post(f"{path}/more", form={"key": "one form", count: "2"})
    await client.post(f"{path}/more", form={"key": "other form", count: "1"})
    assert await left(jazz) == 0
    last = (await store.get(mine.id)).live_tickets[-1]
    await client.post(f"{path}/tickets/{last.id}/give-back")
    assert await left(jazz) == 1
    assert [one["action"] async for one in db.records.find({"subject.id": mine.id}).sort("at", 1)] == [
        "enlarged",
        "reduced",
    ]
    page = await html(client, path)
    assert "Ticket 2: Ticket" in page
    assert "Ticket 3: Ticket" not in page


async def with_food(jazz: Any, *more: Question) -> None:
    """Everybody who comes is asked what they eat."""
    food = Question(id="food", label="Food", kind=Kind.CHOICE, options=["Soup", "Bread"], per=Per.TICKET)
    asked = [food.model_copy(update={"is_required": True}), *more]
    await ticket_types.save_form(jazz.event, Form(questions=asked), by=EVE, now=NOW)


async def test_the_team_answers_for_tickets_that_it_adds_or_leaves_that_to_the_person(client: Browser, db: Any) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana")
    rules = Question(id="rules", label="House rules", kind=Kind.CONSENT, per=Per.TICKET)
    await with_food(jazz, rules)
    path, counts = f"{jazz.event.path}/registrations/{mine.id}", {f"n.{jazz.event.id}": "2"}
    page = await html(client, f"{path}/more?{urlencode(counts)}")
    assert "Ticket 2: Ticket" in page
    assert "House rules" not in page
    await db.mails.delete_many({})
    typed = counts | {"key": "one form", "t1.name": "Ben", "t1.q.food": "Soup", "t2.q.food": "Cake"}
    wrong = await client.post(f"{path}/more", form=typed)
    assert wrong.status_code == 422
    page = await wrong.get_data(as_text=True)
    assert "Choose one of these." in page
    assert 'value="Ben"' in page
    added = await client.post(f"{path}/more", form=typed | {"t2.q.food": ""}, follow_redirects=True)
    assert "ana is asked by mail for what is not answered yet." in await added.get_data(as_text=True)
    tickets = (await store.get(mine.id)).live_tickets
    assert [(one.name, one.answers) for one in tickets[1:]] == [("Ben", {"food": "Soup"}), ("", {})]
    mail = await db.mails.find_one({"what": "question"})
    assert (mail["to"], mail["letter"]["subject"]) == ("ana@example.org", "Please answer: Jazz")
    page = await html(client, store.path_of(mine.id))
    assert "The organiser still needs an answer:" in page
    assert 'href="#t3.q.food">Ticket 3: Food' in page


async def test_whoever_is_registered_by_hand_is_asked_as_well(client: Browser, db: Any) -> None:
    jazz = await event_with(5)
    await with_food(jazz)
    form = {"name": "Ida", "email": "ida@example.org", f"n.{jazz.event.id}": "1"}
    await client.post(f"{jazz.event.path}/registrations/new", form=form)
    mail = await db.mails.find_one({"what": "confirmation"})
    assert "needs an answer from you" in mail["letter"]["paragraphs"][-1]


async def test_whoever_has_answered_everything_is_asked_nothing(client: Browser, db: Any) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana")
    await with_food(jazz)
    await db.mails.delete_many({})
    typed = {f"n.{jazz.event.id}": "1", "key": "one form", "t1.q.food": "Bread"}
    await client.post(f"{jazz.event.path}/registrations/{mine.id}/more", form=typed)
    assert [one["what"] async for one in db.mails.find()] == ["change"]
    typed = {"name": "Ana", "email": "ana@new.example.org", "t2.q.food": "Bread"}
    saved = await client.post(f"{jazz.event.path}/registrations/{mine.id}", form=typed)
    assert saved.status_code == 303, "the team can correct an address although the first ticket has no answer"


async def test_full_houses_keep_what_the_team_typed(client: Browser) -> None:
    jazz = await event_with(1)
    mine = await registers(jazz, "ana")
    typed = {f"n.{jazz.event.id}": "1", "key": "one form", "t1.name": "Ben"}
    refused = await client.post(f"{jazz.event.path}/registrations/{mine.id}/more", form=typed)
    assert refused.status_code == 422
    page = await refused.get_data(as_text=True)
    assert "Sold out" in page
    assert 'value="Ben"' in page


async def test_whoever_is_turned_down_is_told_so_in_those_words(client: Browser, db: Any) -> None:
    jazz = await event_with(5)
    needs_a_yes = Offering(name="Ticket", pools=[jazz.event.id], needs_approval=True)
    await ticket_types.edit(jazz.event, jazz.types[0].id, needs_a_yes, by=EVE, now=NOW)
    jazz = await ticket_types.offered(jazz.event)
    assert "The organiser looks at every registration first." in await html(client, jazz.event.path)
    mine = await registers(jazz, "ana")
    await client.post(f"{jazz.event.path}/registrations/{mine.id}/cancel")
    assert "The organiser could not give you these places." in await html(client, store.path_of(mine.id))
    mail = await db.mails.find_one({"what": "refusal"})
    assert mail["letter"]["paragraphs"] == ["The organiser cannot give you places for “Jazz”."]


async def test_the_line_can_be_stopped_and_served_by_hand(client: Browser) -> None:
    jazz = await event_with(1)
    first = await registers(jazz, "ana")
    ben, eve = await comes(jazz, "ben"), await comes(jazz, "eve")
    path = f"{jazz.event.path}/line"
    await client.post(f"{path}/{jazz.types[0].id}/pause")
    assert "Stopped" in await html(client, path)
    await ending.cancel(first.id, by="ana", now=first.created_at)
    await client.post(f"{path}/entries/{eve.id}/offer")
    await client.post(f"{path}/entries/{ben.id}/remove")
    assert [await state_of(ben), await state_of(eve)] == ["removed", "offered"]


async def test_the_exports_hold_every_ticket_and_calculate_nothing(client: Browser) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana", 2)
    evil = {"name": '=HYPERLINK("https://example.org")', "email": "ana@example.org", "t1.name": "<b>&", "t2.name": "+1"}
    await client.post(f"{jazz.event.path}/registrations/{mine.id}", form=evil)
    path = f"{jazz.event.path}/registrations"
    text = await (await client.get(f"{path}.csv")).get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row[4:6] for row in rows[1:]] == [["<b>&", "'" + evil["name"]], ["'+1", "'" + evil["name"]]]
    book = zipfile.ZipFile(io.BytesIO(await (await client.get(f"{path}.xlsx")).get_data(as_text=False)))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    found = ["".join(cell.itertext()) for cell in sheet.iter() if cell.tag.endswith("}c")]
    assert evil["name"] in found
    assert len(found) == 3 * len(rows[0])


async def test_an_export_follows_the_filter_and_says_how_each_ticket_stands(client: Browser) -> None:
    jazz = await event_with(5)
    await registers(jazz, "ana", 2)
    gone = await registers(jazz, "ben")
    await ending.cancel(gone.id, by="ben", now=NOW)
    path = f"{jazz.event.path}/registrations"
    rows = await exported(client, f"{path}.csv")
    assert rows[0][2] == "State"
    assert [(row[2], row[5]) for row in rows[1:]] == [("confirmed", "ana"), ("confirmed", "ana"), ("cancelled", "ben")]
    page = await html(client, f"{path}?state=confirmed")
    assert f'href="{path}.csv?state=confirmed"' in page
    assert "Download the confirmed:" in page
    assert {row[5] for row in (await exported(client, f"{path}.csv?state=confirmed"))[1:]} == {"ana"}


async def exported(client: Browser, path: str) -> list[list[str]]:
    text = await (await client.get(path)).get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))


@pytest.mark.parametrize(("days", "ended", "said"), [(0, 900, "Soup"), (30, 29, "Soup"), (30, 31, "")])
async def test_answers_of_what_has_ended_are_exported_as_long_as_their_organiser_keeps_them(
    client: Browser, db: Any, days: int, ended: int, said: str
) -> None:
    jazz = await event_with(5)
    await with_food(jazz)
    gone, mine = await registers(jazz, "ben"), await registers(jazz, "ana")
    await db.registrations.update_many({}, {"$set": {"tickets.0.answers": {"food": "Soup"}}})
    ended_at = datetime.now(UTC) - timedelta(days=ended)
    await ending.cancel(gone.id, by="ben", now=ended_at)
    await db.organisers.update_one({"_id": jazz.event.organiser_id}, {"$set": {"personal_days": days}})
    rows = await exported(client, f"{jazz.event.path}/registrations.csv")
    assert [(row[0], row[7]) for row in rows[1:]] == [(gone.id, said), (mine.id, "Soup")]


async def test_ticket_types_pools_and_questions_are_set_up(client: Browser) -> None:
    jazz = await event_with(5)
    path = jazz.event.path
    await client.post(f"{path}/pools", form={"name": "Lunch", "capacity": "2"})
    lunch = next(pool.id for pool in await ticket_types.pools(jazz.event.id) if pool.name == "Lunch")
    form = {
        "name": "With lunch",
        "least": "1",
        "most": "4",
        "pools": [jazz.event.id, lunch],
        "opens_at": "2030-01-01T10:00",
    }
    refused = await sent(client, f"{path}/tickets", form | {"most": "0"})
    assert refused.status_code == 422
    assert 'value="With lunch"' in await refused.get_data(as_text=True)
    assert (await sent(client, f"{path}/tickets", form)).status_code == 303
    page = await html(client, f"{path}/tickets")
    assert "With lunch" in page
    assert "Not open yet" in page
    options = {"label": "Food", "kind": "choice", "options": "Soup\nBread", "is_required": "true"}
    assert (await client.post(f"{path}/questions", form=options | {"options": "Soup"})).status_code == 422
    await client.post(f"{path}/questions", form=options)
    assert "Soup, Bread" in await html(client, f"{path}/tickets")
    await client.post(f"{path}/form", form={"hold_minutes": "5", "offer": "36", "offer_unit": "hours"})
    assert (await ticket_types.form(jazz.event.id)).offer_minutes == 36 * 60
    wrong = await client.post(f"{path}/form", form={"hold_minutes": "5", "offer": "8", "offer_unit": "days"})
    page = await wrong.get_data(as_text=True)
    assert "between 5 minutes and 7 days" in page
    assert 'value="days" selected' in page
    assert "Registration is closed" in await html(client, path)


async def test_a_question_is_asked_otherwise_and_stays_the_same_question(client: Browser) -> None:
    jazz = await event_with(5)
    path, drink = jazz.event.path, {"label": "Drink", "kind": "choice", "options": "Tea\nWater"}
    await client.post(f"{path}/questions", form=drink)
    await client.post(f"{path}/questions", form={"label": "Food", "kind": "text"})
    first, second = (await ticket_types.form(jazz.event.id)).questions
    page = await html(client, f"{path}/questions/{first.id}")
    assert "Tea\nWater</textarea>" in page
    assert 'name="if_question"' not in page  # none is asked before it
    other = drink | {"label": "Drinks", "is_required": "true"}
    assert (await client.post(f"{path}/questions/{first.id}", form=other)).status_code == 303
    after = (await ticket_types.form(jazz.event.id)).questions
    assert [(one.id, one.label, one.is_required) for one in after] == [
        (first.id, "Drinks", True),
        (second.id, "Food", False),
    ]
    refused = await client.post(f"{path}/questions/{first.id}", form=other | {"options": "Tea"})
    assert (refused.status_code, "Drinks" in await refused.get_data(as_text=True)) == (422, True)
    assert (await client.get(f"{path}/questions/none")).status_code == 404


async def test_an_event_asks_forty_questions_and_no_more(client: Browser) -> None:
    jazz = await event_with(5)
    path, many = jazz.event.path, [Question(id=str(n), label=f"Q{n}") for n in range(40)]
    await ticket_types.save_form(jazz.event, Form(questions=many), by=EVE, now=NOW)
    full = await client.post(f"{path}/questions", form={"label": "One more", "kind": "text"})
    assert (full.status_code, "One more" in await full.get_data(as_text=True)) == (409, True)
    assert len((await ticket_types.form(jazz.event.id)).questions) == 40


async def sent(client: Browser, path: str, form: dict[str, Any]) -> Any:
    """A form with a field that has several values."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await client.post(path, data=urlencode(form, doseq=True), headers=headers)


@pytest.mark.parametrize("page", ["registrations", "registrations.csv", "line", "tickets"])
async def test_only_editors_of_the_team_see_it(app: Quart, db: Any, page: str) -> None:
    jazz = await event_with(5)
    house = await team.house()
    door = await team.browser(app, await team.joined(house, await team.somebody("ben"), Role.DOOR))
    stranger = await team.browser(app, await team.somebody("eve"))
    path = f"{jazz.event.path}/{page}"
    assert [(await one.get(path)).status_code for one in (door, stranger)] == [403, 404]


async def test_a_registration_of_another_event_is_not_there(client: Browser) -> None:
    jazz, choir = await event_with(5), await event_with(5)
    mine = await registers(jazz, "ana")
    assert (await client.get(f"{choir.event.path}/registrations/{mine.id}")).status_code == 404


@pytest.mark.parametrize(
    ("typed", "opens", "told"),
    [
        ("2027-03-28T02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "02:30 does not exist on 28 March 2027"),
        ("2027-10-31T02:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "02:30 happens twice on 31 October 2027"),
        ("2027-03-28T01:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "can be had."),
    ],
)
async def test_a_sale_opens_by_the_clock_on_the_wall_where_clocks_are_turned(
    client: Browser, typed: str, opens: datetime, told: str
) -> None:
    jazz = await event_with(5)
    form = {"name": "Late", "least": "1", "most": "4", "pools": jazz.event.id, "opens_at": typed}
    await client.post(f"{jazz.event.path}/tickets", form=form)
    assert told in await html(client, f"{jazz.event.path}/tickets")
    late = (await ticket_types.offered(jazz.event)).types[-1]
    assert late.opens_at == late.turns_at == opens
    assert [late.is_open(opens - timedelta(microseconds=1)), late.is_open(opens)] == [False, True]
    assert await ticket_types.turn(opens - timedelta(microseconds=1)) == 0
    assert await ticket_types.turn(opens) == 1


async def test_the_team_sees_the_last_audit_and_what_it_found(client: Browser, db: Any) -> None:
    jazz = await event_with(2)
    await registers(jazz, "ana")
    path = f"{jazz.event.path}/registrations"
    assert "Nothing was counted again yet" in await html(client, path)
    await client.post(f"{path}/audit")
    assert "0 drift: every one of 1 places was found again in 3 notes" in await html(client, path)
    await db.pools.update_one({}, {"$inc": {"taken": 1, "left": -1}})
    await client.post(f"{path}/audit")
    assert "1 drift:" in await html(client, path)
