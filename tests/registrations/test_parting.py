"""What becomes of somebody's registrations when the account goes: told before, given back after, names gone at once."""

import json
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import team as teams
from tests.events.making import NOW
from tests.registrations.making import ANA, EVE, audited, comes, event_with, left, registers, state_of, wanted
from tests.registrations.test_pages import html
from webapp.people import store as people
from webapp.people.person import Account
from webapp.registrations import confirming, ending, parting, taking, team
from webapp.registrations.registration import Attendee, Entry, Registration
from webapp.ticket_types.store import Offered


@pytest.fixture
async def ana(db: Any) -> Account:
    return await teams.somebody("ana")


async def has_places(offered: Offered, ana: Account, tickets: int = 1) -> Registration:
    held = await taking.take(offered, wanted(offered, "ana", tickets), by=ana.id, now=NOW, person_id=ana.id)
    return await confirming.confirm(held.id, ANA, answers={"food": "Soup"}, by=ana.id, now=NOW)


async def test_my_data_has_my_registrations_and_my_places_in_lines(ana: Account) -> None:
    jazz, choir = await event_with(2), await event_with(1, title="Choir")
    await has_places(jazz, ana)
    await comes(choir, "ben")
    await taking.take(choir, wanted(choir, "ana"), by=ana.id, now=NOW, person_id=ana.id)
    told = json.loads(json.dumps(await people.everything(ana, now=NOW)))
    assert [(one["event"], one["email"], one["answers"]) for one in told["registrations"]] == [
        ("Jazz", "ana@example.org", {"food": "Soup"})
    ]
    assert [(one["event"], one["state"]) for one in told["waiting"]] == [("Choir", "waiting")]
    assert await parting.warn(ana.id, NOW) == [
        "You have places at “Jazz”. They are given back, also those that you passed on.",
        "You wait for places at “Choir”. You leave the line.",
    ]


async def test_the_names_go_with_the_account_and_the_places_to_those_who_wait(ana: Account, db: Any) -> None:
    jazz = await event_with(2)
    mine, ben = await has_places(jazz, ana, 2), await comes(jazz, "ben")
    await team.change(mine, ANA, {mine.tickets[1].id: Attendee(name="Zoe")}, by=EVE, now=NOW)
    await people.delete(ana, now=NOW)
    names = {*await db.list_collection_names()} - {"mails"}
    everything = [str(await db[name].find().to_list(None)) for name in names]
    assert not [kept for kept in everything if "Zoe" in kept or "ana@example.org" in kept]
    assert await state_of(ben) == "waiting"
    assert await parting.depart(NOW) == 1
    assert [await state_of(mine), await state_of(ben)] == ["cancelled", "offered"]
    assert await parting.depart(NOW) == 0
    assert not (await audited(jazz)).findings


async def test_what_was_seen_at_the_door_stays_without_a_name(ana: Account, db: Any) -> None:
    jazz = await event_with(2)
    mine = await has_places(jazz, ana)
    seen = {"event_id": jazz.event.id, "ticket_id": mine.tickets[0].id, "name": "Ana", "answers": {"food": "Soup"}}
    await db.checkins.insert_many([{**seen, "step": 1}, {**seen, "step": 0, "is_refusal": True}])
    await db.presence.insert_one({"_id": seen["ticket_id"], "event_id": jazz.event.id, "step": 1, "answers": {"a": 1}})
    await people.delete(ana, now=NOW)
    kept = [*await db.checkins.find().to_list(None), *await db.presence.find().to_list(None)]
    assert [one.get("name", "") for one in kept] == ["", "", ""]
    assert not any("answers" in one for one in kept)


async def test_what_is_over_stays_in_the_numbers_without_a_name(ana: Account, db: Any) -> None:
    jazz = await event_with(5)
    mine, ben = await has_places(jazz, ana), await registers(jazz, "ben")
    after = jazz.event.ends_at
    assert await parting.warn(ana.id, after) == []
    await people.delete(ana, now=after)
    await parting.depart(after)
    assert [await state_of(mine), await state_of(ben)] == ["confirmed", "confirmed"]
    assert sorted([one["name"] async for one in db.tickets.find({"state": "valid"})]) == ["", "ben"]
    assert await left(jazz) == 3
    assert not (await audited(jazz)).findings


async def test_a_worker_that_dies_on_the_way_is_followed_by_another(ana: Account, db: Any) -> None:
    jazz, choir = await event_with(2), await event_with(2)
    first, second = await has_places(jazz, ana), await has_places(choir, ana)
    await people.delete(ana, now=NOW)
    await ending.cancel(first.id, by=ana.id, now=NOW)
    await parting.depart(NOW)
    assert [await state_of(first), await state_of(second)] == ["cancelled", "cancelled"]
    assert await db.departures.count_documents({}) == 0
    assert not (await audited(jazz)).findings


async def test_somebody_who_waits_leaves_the_line(ana: Account) -> None:
    jazz = await event_with(1)
    await comes(jazz, "ben")
    mine = await taking.take(jazz, wanted(jazz, "ana"), by=ana.id, now=NOW, person_id=ana.id)
    assert isinstance(mine, Entry)
    await people.delete(ana, now=NOW)
    await parting.depart(NOW)
    assert await state_of(mine) == "left"
    assert not (await audited(jazz)).findings


async def test_the_page_says_what_is_lost_before_it_is(app: Quart, ana: Account) -> None:
    browser: Browser = await teams.browser(app, ana)
    jazz = await event_with(2)
    await has_places(jazz, ana)
    assert "You have places at “Jazz”" in await html(browser, "/me/delete")
