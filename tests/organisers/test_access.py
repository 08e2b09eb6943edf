"""The table of docs/access.md, held against what the running application does."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart

from realtime import all_regions, region
from realtime.drawing import Pen
from realtime.region import regions
from tests.conftest import SECRET
from tests.organisers.world import ADMIN, World, filled, made, parts
from webapp import access, responses
from webapp.access import Person, Team, allowed, editor, handlers
from webapp.database import Database
from webapp.routes import PEOPLE, outcome, sees

LOW = "This takes "
NEVER = "You may not do this; ask whoever looks after"


@pytest.fixture
async def world(app: Quart, db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    settings = app.extensions["settings"].model_copy(update={"admins": f"root@example.org, {ADMIN}"})
    monkeypatch.setitem(app.extensions, "settings", settings)
    yield await made()
    for moving in app.background_tasks:
        moving.cancel()


async def told(app: Quart, world: World, name: str, method: str, path: str) -> str:
    """What somebody is told at an address, in the words of the table."""
    client = await world.client(app, name)
    headers = {"Accept": "application/json", **await world.headers(name, path)}
    answer = await client.open(path, method=method, headers=headers)
    said = (await answer.get_data(as_text=False)).decode(errors="replace")
    if answer.status_code == 401:
        return "sign in"
    if answer.status_code == 403 and (LOW in said or NEVER in said):
        return "403"
    if answer.status_code == 404 and access.NOTHING in said:
        return "404"
    if method != "GET":
        await world.restore()
    return "yes"


async def differences(app: Quart, world: World, name: str) -> list[str]:
    found = []
    for rule, methods, who in handlers(app):
        for method in methods.split():
            is_told = await told(app, world, name, method, filled(rule, world.ids))
            if is_told != outcome(who, PEOPLE[name]):
                found.append(f"{method} {rule} as {name}: {is_told}")
    return found


@pytest.mark.parametrize("name", PEOPLE)
async def test_every_route_answers_everybody_as_the_table_says(app: Quart, world: World, name: str) -> None:
    assert await differences(app, world, name) == []


async def test_without_the_check_everybody_would_be_let_in(
    app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "check", lambda *_: None)
    is_told = await told(app, world, "signed in", "GET", filled("/events/<slug>/edit", world.ids))
    assert is_told == "yes"


async def asked(app: Quart, world: World, name: str, bound: Any) -> int:
    signed = f"{bound.key}.{Pen(responses.render, SECRET).sign(bound.key)}."
    return int((await (await world.client(app, name)).get(f"/live/poll?r={signed}")).status_code)


@pytest.mark.parametrize("name", PEOPLE)
async def test_every_region_is_streamed_to_whom_the_table_says(app: Quart, world: World, name: str) -> None:
    me, role = world.people.get(name), PEOPLE[name].roles.get("this", "")
    ids = {**world.ids, "organiser_id": world.ours.id, "person_id": me.id if me else "x", "seen_as": str(role)}
    ids |= {"version": "1", "query": "", "month": "2199-05", "day": "2199-05-03"}
    found = {}
    for one in all_regions():
        if one.loader.__module__.startswith("webapp"):
            bound = one(*(ids.get(parameter, "x") for parameter in one.parameters))
            found[one.name] = await asked(app, world, name, bound) == 200
    assert found == {one: sees(regions[one], PEOPLE[name]) for one in found}


def test_somebody_else_sees_neither_what_is_mine_nor_another_roles_team() -> None:
    olive = Person("olive", "Olive", PEOPLE["owner"].known, {"this": PEOPLE["manager"].roles["this"]})
    assert not regions["organiser_team"].visible_to(olive, "this", "owner")
    assert not regions["my_organisers"].visible_to(olive, "ben")


async def test_an_id_of_another_organiser_is_not_found_on_any_route(app: Quart, world: World) -> None:
    """Nell asks below her own organiser, and her own event, for what belongs to the other one."""
    asked = 0
    for rule, methods, who in handlers(app):
        named = set(parts(rule))
        if not isinstance(who, Team) or not named - {"slug", "organiser_slug"}:
            continue
        assert named <= set(world.foreign), f"Say in tests/organisers/world.py what {named} of {rule} can be"
        client = await world.client(app, "other owner")
        for method in methods.split():
            path = filled(rule, world.foreign)
            headers = await world.headers("other owner", path)
            answer = await client.open(path, method=method, form={"role": "door"}, headers=headers)
            assert answer.status_code == 404, (method, rule)
            asked += 1
    assert asked >= 6
    before, world.kept = world.kept, {}
    await world.remember()
    mine = {name: [one for one in kept if str(world.ours.id) in str(one)] for name, kept in world.kept.items()}
    assert mine == {name: [one for one in kept if str(world.ours.id) in str(one)] for name, kept in before.items()}


async def test_what_is_not_there_and_what_is_anothers_look_the_same(app: Quart, world: World) -> None:
    client = await world.client(app, "other owner")
    pages = [await client.get(path) for path in (f"/events/{world.ids['slug']}/edit", "/events/no-such-thing/edit")]
    assert [page.status_code for page in pages] == [404, 404]
    first, second = [str(await page.get_data(as_text=True)) for page in pages]
    assert first.replace(world.ids["slug"], "no-such-thing") == second


async def test_a_draft_is_there_for_its_editors_only(app: Quart, world: World) -> None:
    owner = await world.client(app, "owner")
    await owner.post(f"/events/{world.ids['slug']}/unpublish")
    found = {
        name: (await (await world.client(app, name)).get(f"/events/{world.ids['slug']}")).status_code for name in PEOPLE
    }
    assert [name for name, status in found.items() if status == 200] == ["editor", "manager", "owner"]
    assert set(found.values()) == {200, 404}


async def test_a_handler_that_does_not_say_who_may_use_it_is_refused() -> None:
    app = Quart(__name__, static_folder=None)

    @app.get("/forgotten")
    async def forgotten() -> str:
        return ""

    with pytest.raises(TypeError, match="do not say who may use them: forgotten"):
        access.guard(app, "")


async def test_a_teams_handler_that_does_not_say_whose_team_is_refused() -> None:
    app = Quart(__name__, static_folder=None)

    @app.get("/nobodys")
    @allowed(editor)
    async def nobodys() -> str:
        return ""

    with pytest.raises(TypeError, match="do not name whose: /nobodys"):
        access.guard(app, "")


def test_a_region_that_does_not_say_who_may_see_it_is_refused() -> None:
    with pytest.raises(TypeError, match="visible_to"):
        region("events/day.html", watches={})  # type: ignore[call-arg]
