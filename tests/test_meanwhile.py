"""Forms that are open in two browsers: who saves second is shown what the first one wrote, and loses nothing."""

import re
from html import unescape
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.registrations.making import event_with
from tests.team import MANAGE, acting, browser, house, joined, somebody
from webapp import meanwhile
from webapp.database import Database
from webapp.door import lists
from webapp.door.making import GateForm
from webapp.events.event import Event
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.responses import now
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Question

SHOWN = {"name": "Standing", "price": "5", "pools": ["a", "b"], "needs_approval": ""}
TYPE = dict.fromkeys(("description", "price", "code", "opens_at", "closes_at"), "")
TYPE |= {"name": "Adults", "least": "1", "most": "4", "pools": "{event_id}"}
LIST = {"name": "Everybody", "entries": "once"}


def test_what_nobody_changed_is_saved() -> None:
    meanwhile.check({**meanwhile.opening(SHOWN), "price": "6", "pools": ["b", "a"]}, SHOWN)
    meanwhile.check({"price": "6"}, {"price": "7"})
    meanwhile.check({"price": "6", "opened": "nonsense"}, {"price": "7"})


def test_what_only_the_other_changed_is_taken_over_and_a_clash_is_left_as_typed() -> None:
    mine = {**meanwhile.opening(SHOWN), "name": "Front", "price": "9"}
    theirs = {**SHOWN, "price": "7", "pools": ["a"], "needs_approval": "true"}
    with pytest.raises(Meanwhile) as told:
        meanwhile.check(mine, theirs, {"a": "Places", "b": "Beds"})
    values, fields = told.value.values, told.value.fields
    assert [values[name] for name in SHOWN] == ["Front", "9", ["a"], "true"]
    assert fields["price"] == "Somebody else wrote “7” meanwhile."
    assert fields["pools"] == "Somebody else changed this from “Places”, “Beds” to “Places”."
    assert fields["needs_approval"] == "Somebody else changed this from nothing to “yes”."
    meanwhile.check(values, theirs)


async def _ticket_type(event: Event) -> tuple[str, str]:
    await ticket_types.open_places(event)
    return f"{event.path}/tickets/{event.id}", f"{event.path}/tickets/{event.id}"


async def _pool(event: Event) -> tuple[str, str]:
    pool_id = await ticket_types.add_pool(event, "Balcony", 4, by=acting(await somebody("olive")), now=now())
    return f"{event.path}/tickets", f"{event.path}/pools/{pool_id}"


async def _keeping(event: Event) -> tuple[str, str]:
    return f"{event.path}/tickets", f"{event.path}/form"


async def _question(event: Event) -> tuple[str, str]:
    form = Form(questions=[Question(id="food", label="Food", help="Any?")])
    await ticket_types.save_form(event, form, by=acting(await somebody("olive")), now=now())
    return f"{event.path}/questions/food", f"{event.path}/questions/food"


async def _list(event: Event) -> tuple[str, str]:
    [one] = await lists.of(event)
    return f"{event.path}/door/lists/{one.id}", f"{event.path}/door/lists/{one.id}"


async def _gate(event: Event) -> tuple[str, str]:
    gate = await lists.add_gate(event, GateForm(gate="North"), by=acting(await somebody("olive")), now=now())
    return f"{event.path}/door/gates/{gate.id}", f"{event.path}/door/gates/{gate.id}"


async def _limit(event: Event) -> tuple[str, str]:
    return f"{event.path}/door/setup", f"{event.path}/door/limit"


async def _profile(_: Event) -> tuple[str, str]:
    return f"{MANAGE}/settings", f"{MANAGE}/settings"


async def _role(_: Event) -> tuple[str, str]:
    eva = await joined(await house(), await somebody("eva"), Role.DOOR)
    return f"{MANAGE}/team/{eva.id}", f"{MANAGE}/team/{eva.id}/role"


FORMS = [
    (_ticket_type, TYPE, "price", ("7 euros", "9 euros")),
    (_pool, {"name": "Balcony"}, "capacity", ("5", "6")),
    (_keeping, {"is_open": "true", "offer": "12", "offer_unit": "hours"}, "hold_minutes", ("15", "20")),
    (_question, {"help": "Any?", "kind": "text"}, "label", ("Meals", "Diet")),
    (_list, LIST, "name", ("Evening", "Night")),
    (_gate, {}, "gate", ("East", "West")),
    (_limit, {}, "limit", ("300", "400")),
    (_profile, {"name": "The House", "email": ""}, "about", ("By the water.", "On the hill.")),
    (_role, {}, "role", ("editor", "manager")),
]


def opened_in(page: str, action: str) -> str:
    """What the form with this action carries of what it shows."""
    of_form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    [found] = re.findall(r'name="opened" value="([^"]*)"', of_form)
    return unescape(found)


async def sends(client: Client, action: str, fields: dict[str, Any]) -> tuple[int, str]:
    answer = await client.post(action, form=fields)
    return answer.status_code, await answer.get_data(as_text=True)


async def page_of(client: Client, path: str) -> str:
    return str(await (await client.get(path)).get_data(as_text=True))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0].__name__)
async def test_who_saves_second_is_shown_both(
    app: Quart, client: Client, db: Database, form: tuple[Any, dict[str, str], str, tuple[str, str]]
) -> None:
    made, known, field, (first, second) = form
    event = (await event_with(10)).event
    path, action = await made(event)
    ben = await browser(app, await joined(await house(), await somebody("ben"), Role.OWNER))
    fields = {name: value.format(event_id=event.id) for name, value in known.items()}
    opened = opened_in(await page_of(client, path), action)
    assert (await sends(ben, action, {**fields, field: first, "opened": opened}))[0] == 303
    status, shown = await sends(client, action, {**fields, field: second, "opened": opened})
    assert (status, f"Somebody else wrote “{first}” meanwhile." in unescape(shown)) == (409, True)
    assert second in shown
    again = opened_in(shown, action)
    assert (await sends(client, action, {**fields, field: second, "opened": again}))[0] == 303
    assert (await sends(ben, action, {**fields, field: first, "opened": opened}))[0] == 409


async def test_without_what_was_opened_the_second_would_win(client: Client, db: Database) -> None:
    event = (await event_with(10)).event
    path, action = await _gate(event)
    for name in ("East", "West"):
        assert (await sends(client, action, {"gate": name}))[0] == 303
    assert "West" in await page_of(client, path)


async def test_what_only_the_other_changed_is_kept_when_it_is_saved_again(
    app: Quart, client: Client, db: Database
) -> None:
    opened = opened_in(await page_of(client, f"{MANAGE}/settings"), f"{MANAGE}/settings")
    house_now = await house()
    about = house_now.model_copy(update={"about": "By the water."})
    profile = organisers.Profile.model_validate(organisers.said(about))
    await organisers.describe(house_now.id, profile, by=acting(await somebody("olive")), now=now())
    mine = {"name": "The Old House", "about": "", "email": "", "opened": opened}
    status, shown = await sends(client, f"{MANAGE}/settings", mine)
    assert (status, "By the water.</textarea>" in shown, "The Old House" in shown) == (409, True, True)
    mine |= {"about": "By the water.", "opened": opened_in(shown, f"{MANAGE}/settings")}
    assert (await sends(client, f"{MANAGE}/settings", mine))[0] == 303
    assert organisers.said(await house()) == {"name": "The Old House", "about": "By the water.", "email": ""}
