"""A walk over every form of the application: what is typed is text, nothing runs, and only what is asked for is set."""

import json
from typing import Any

import pytest
from pydantic import BaseModel
from quart import Quart

from tests.organisers.world import ADMIN, World, filled, made
from tests.walls.forms import FORMS, PASSWORD, REGISTERING, filled_in, prepared
from tests.walls.hostile import SCRIPTS, alike, everything, harm, inside
from webapp.admin.retention import AT_FIRST
from webapp.database import Database
from webapp.door import cookie
from webapp.door.checkin import CheckInList
from webapp.door.devices import Device, Link
from webapp.door.lists import Gate
from webapp.events.event import Event
from webapp.organisers.organiser import Invitation, Member, Organiser
from webapp.people.person import Account
from webapp.programs.token import ApiToken
from webapp.registrations.registration import Entry, Registration, Ticket
from webapp.ticket_types.question import Form, Question
from webapp.ticket_types.ticket_type import Pool, TicketType

# Places are decided beside the requests, at their own pace; what they write is not compared.
STILL = {"people", "events", "revisions", "organisers", "members", "invitations", "settings", "api_tokens", "passkeys"}
STILL |= {"records", "sessions", "links", "ticket_types", "forms"}
STILL |= {"check_in_lists", "door_clashes", "gates", "doors", "door_links", "door_devices"}
STILL |= {"registrations", "entries", "pools", "checkins"}
OPERATOR = '{"$gt": ""}'
MODELS: tuple[type[BaseModel], ...] = (Event, Organiser, Member, Invitation, Account, ApiToken)
MODELS += (Registration, Entry, Ticket, TicketType, Pool, Form, Question)
MODELS += (CheckInList, Gate, Link, Device)
KEPT = {name for model in MODELS for name in model.model_fields}
PRIVILEGES = {"is_admin", "disabled_at", "email_key", "_id", "roles", "team_version", "changed_by", "is_public", "by"}
PRIVILEGES |= {"key", "secret", "words", "taken", "lines", "created_at", "revoked_by", "has_ended"}
PROTECTED = sorted(KEPT | PRIVILEGES | set(AT_FIRST.model_dump()))
TYPED = [rule for rule, form in FORMS.items() if form.fields]
# Development only; it takes no field.
DEMO = {"/demo/traffic"}
# Programs send JSON there.
API = {
    "/api/v1/tickets": ("ticket", "scope"),
    "/api/v1/tokens": ("email", "password", "code", "refresh_token", "api_token", "scope", "name"),
    "/api/v1/tokens/current": ("id", "scope"),
}


@pytest.fixture
async def world(app: Quart, db: Database, monkeypatch: pytest.MonkeyPatch) -> World:
    settings = app.extensions["settings"].model_copy(update={"admins": ADMIN})
    monkeypatch.setitem(app.extensions, "settings", settings)
    return await prepared(await made())


async def sent(app: Quart, world: World, rule: str, fields: dict[str, str], **more: Any) -> tuple[int, str, str]:
    """Sends a form: the status, the page, and where it leads."""
    client = await world.client(app, FORMS[rule].by)
    if FORMS[rule].by == "phone":
        client.set_cookie("localhost", cookie.PLAIN, world.ids["phone"])
    given = more or {"form": fields}
    answer = await client.post(filled(rule, world.ids), **given)
    page = (await answer.get_data(as_text=False)).decode(errors="replace")  # a phone's pack is no text
    return answer.status_code, page, answer.headers.get("Location", "")


async def nothing_unreadable_is_kept() -> None:
    for name, value in [pair for kept in (await everything()).values() for pair in inside(kept)]:
        assert not name.startswith("$"), name
        assert "\0" not in name
        assert not (isinstance(value, str) and "\0" in value), (name, value)


def test_every_form_is_walked_over(app: Quart) -> None:
    writing = [one for one in app.url_map.iter_rules() if (one.methods or set()) - {"GET", "HEAD", "OPTIONS"}]
    # Those with an operation take bodies that refuse what they do not know: tests/api/test_document.py.
    posted = {one.rule for one in writing if not hasattr(app.view_functions[one.endpoint], "operation")}
    assert posted - DEMO - set(API) == set(FORMS), "Say in tests/walls/forms.py who fills these in, and with what"


async def test_what_is_in_the_list_is_accepted(app: Quart, world: World) -> None:
    """Otherwise the walk would only ever meet the first check of a form."""
    found = {}
    for rule in set(TYPED) - set(REGISTERING):
        found[rule] = (await sent(app, world, rule, filled_in(FORMS[rule], world)))[0]
        await world.restore()
    no_passkey = dict.fromkeys(("/me/confirm/passkey", "/me/passkeys", "/sign-in/passkey"), 422)
    refused = {**no_passkey, "/manage/<organiser_slug>/import": 422, "/admin/organisers/<owned_slug>/transfer": 409}
    assert {rule: status for rule, status in found.items() if status not in {200, 303}} == refused


async def test_an_operator_in_any_field_is_text_or_refused(app: Quart, world: World) -> None:
    for rule in TYPED:
        good = filled_in(FORMS[rule], world)
        for name in good:
            rest = {one: value for one, value in good.items() if one != name}
            for fields in ({**good, name: OPERATOR}, {**rest, f"{name}[$gt]": "", f"{name}.$ne": "x"}):
                status, page, _ = await sent(app, world, rule, fields)
                assert status < 500, (rule, name, page)
                await nothing_unreadable_is_kept()
        await world.restore()


async def test_json_in_place_of_a_form_is_nothing_typed(app: Quart, world: World) -> None:
    before = await everything()
    for rule in TYPED:
        for body in ({name: {"$gt": ""} for name in FORMS[rule].fields}, [], {"$where": "sleep(1000)"}):
            headers = {"Content-Type": "application/json"}
            status, page, _ = await sent(app, world, rule, {}, data=json.dumps(body), headers=headers)
            assert status < 500, (rule, page)
    after = await everything()
    for name in ("people", "events", "organisers", "members", "settings"):
        assert after.get(name) == before.get(name)


@pytest.mark.parametrize("rule", API)
async def test_an_operator_in_a_programs_json_is_refused(app: Quart, world: World, rule: str) -> None:
    client, kept = await world.client(app, "anonymous"), await everything()
    good = {"email": "ben@example.org", "password": PASSWORD} if rule.endswith("tokens") else {}
    method = "DELETE" if rule.endswith("current") else "POST"
    for name in API[rule]:
        for value in ({"$gt": ""}, {"$ne": None}, [{"$where": "sleep(1000)"}], OPERATOR, "x\0y"):
            status = (await client.open(rule, method=method, json={**good, name: value})).status_code
            assert status in {400, 401, 422} or (isinstance(value, str) and status < 500), (name, value)
    await nothing_unreadable_is_kept()
    after = await everything()
    for name in ("people", "events", "organisers", "members", "api_tokens"):
        assert after.get(name) == kept.get(name)


async def test_nul_and_a_megabyte_break_nothing(app: Quart, world: World) -> None:
    for rule in TYPED:
        good = filled_in(FORMS[rule], world)
        for name in good:
            for value in ("x\0y", "x" * 300_000):
                status, page, _ = await sent(app, world, rule, {**good, name: value})
                assert status < 500, (rule, name, page[:300])
        await nothing_unreadable_is_kept()
        await world.restore()


async def ended(app: Quart, world: World, rule: str, more: dict[str, str]) -> dict[str, list[str]]:
    """The database after a form with these fields besides, from one and the same beginning."""
    assert (await sent(app, world, rule, {**more, **filled_in(FORMS[rule], world)}))[0] < 500
    kept = await everything()
    await world.restore()
    return {name: sorted(map(repr, map(alike, kept[name]))) for name in STILL & set(kept)}


@pytest.mark.parametrize("third", range(3))
async def test_only_the_fields_of_a_form_are_set(app: Quart, world: World, third: int) -> None:
    """Every name that a document has is sent along: the database ends as it does without."""
    for rule, form in list(FORMS.items())[third::3]:
        plain = await ended(app, world, rule, {})
        for value in ("owned", "true", "2000-01-01T00:00:00Z", "owner"):
            more = dict.fromkeys(set(PROTECTED) - set(form.fields), value)
            assert await ended(app, world, rule, more) == plain, (rule, value)


async def shown(app: Quart, world: World, more: set[str]) -> dict[str, str]:
    """Every page that somebody can look at, as the one who sees the most of it, and the pages `more`."""
    found = {}
    for name in ("anonymous", "signed in", "owner", "admin"):
        client = await world.client(app, name)
        rules = [one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())]
        paths = {filled(rule, world.ids) for rule in rules if not rule.startswith(("/static", "/metrics"))}
        tokens = {f"/{name}?token={world.ids[link]}" for name, link in LINKS.items()}
        for path in paths | tokens | more:
            answer = await client.get(path)
            assert answer.status_code < 500, path
            if answer.mimetype == "text/html":
                found[f"{path} as {name}"] = str(await answer.get_data(as_text=True))
    return found


LINKS = {"join": "joining", "new-password": "password", "new-address": "address", "invitation": "invitation"}


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_script_in_any_field_is_shown_and_not_run(app: Quart, world: World, script: str) -> None:
    pages, more = {}, {f"/?text={script}", f"/?tag={script}", f"/sign-in?next={script}"}
    for rule in TYPED:
        good = filled_in(FORMS[rule], world)
        for name in good:
            _, page, leads_to = await sent(app, world, rule, {**good, name: script})
            pages[f"{rule} {name}"] = page
            more |= {leads_to} if leads_to.startswith("/") else set()
    pages |= await shown(app, world, more)
    found = {where: harm(page) for where, page in pages.items() if harm(page)}
    assert found == {}
    assert any("owned" in page for page in pages.values()), "nothing of it was shown, so nothing was tried"


def test_the_walk_would_see_what_is_not_escaped() -> None:
    for script in SCRIPTS[:3]:
        assert harm(f'<!DOCTYPE html><title>x</title><textarea>{script}</textarea><p title="{script}">{script}</p>')
    assert harm('<a href=" JavaScript:owned()">x</a>')
    assert harm("<p>133700021</p>")
    assert not harm("<!DOCTYPE html><title>x</title><script src=/static/a.js></script><a href=/x>x</a>")


async def test_the_walk_would_see_a_field_that_is_set(
    app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with a store that keeps whatever is sent, the ends differ."""
    from webapp.organisers import organiser

    before = await everything()
    monkeypatch.setattr(organiser.Profile, "model_dump", lambda self, **_: {"name": "x", "about": "", "slug": "owned"})
    rule = "/manage/<organiser_slug>/settings"
    await sent(app, world, rule, {**filled_in(FORMS[rule], world), "slug": "owned"})
    after = await everything()
    ends = [sorted(map(repr, map(alike, kept["organisers"]))) for kept in (before, after)]
    assert ends[0] != ends[1]
