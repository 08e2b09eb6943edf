"""What programs get for what they show, and what they may do with it."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from quart import Quart

from tests.programs.conftest import CURRENT, PASSWORD, TICKETS, TOKENS, Make, Program
from tests.team import acting, browser, founded, house, joined, somebody
from webapp.admin import people as administration
from webapp.database import Database
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.people import second, sessions
from webapp.people import store as people
from webapp.people.person import Account


async def test_a_password_gets_a_short_and_a_long_token(program: Program, ana: Account) -> None:
    answer = await program.signs_in(ana, name="Backup")
    assert (answer.status, answer.said["token_type"], answer.said["expires_in"]) == (200, "Bearer", 600)
    assert answer.said["scope"] == "read write checkin"
    assert answer.headers["Cache-Control"] == "no-store"
    current = await program.asks("GET", CURRENT)
    assert (current.said["id"], current.said["name"]) == (ana.id, "Ana")
    (session,) = await sessions.of(ana.id, now=datetime.now(UTC))
    assert session.device == "Backup (a program)"


async def test_a_refresh_token_gets_the_next_two(program: Program, ana: Account) -> None:
    first = (await program.signs_in(ana, scope="read")).said
    second_ = (await program.refreshes()).said
    assert await program.is_in()
    assert first["refresh_token"] != second_["refresh_token"]
    assert second_["scope"] == "read"


async def test_an_api_token_gets_a_short_one_with_no_more_than_it_has(
    program: Program, ana: Account, token_of: Make
) -> None:
    token = await token_of(ana, "read", "checkin")
    answer = await program.gets_tokens(api_token=token, scope="read write")
    assert answer.said["scope"] == "read"
    assert "refresh_token" not in answer.said
    assert await program.is_in()
    program.token = ""
    assert (await program.gets_tokens(api_token=token, scope="write")).status == 422


async def test_an_api_token_is_shown_as_it_is(program: Program, ana: Account, token_of: Make, db: Database) -> None:
    program.token = await token_of(ana)
    assert (await program.asks("GET", CURRENT)).said["id"] == ana.id
    kept = await db.api_tokens.find_one()
    assert kept["seen_at"]
    assert program.token not in str(kept)


async def test_when_it_was_last_used_is_written_once_a_minute(
    program: Program, ana: Account, token_of: Make, db: Database
) -> None:
    program.token = await token_of(ana)
    await program.is_in()
    first = (await db.api_tokens.find_one())["seen_at"]
    await program.is_in()
    assert (await db.api_tokens.find_one())["seen_at"] == first
    await db.api_tokens.update_one({}, {"$set": {"seen_at": first - timedelta(seconds=70)}})
    await program.is_in()
    assert (await db.api_tokens.find_one())["seen_at"] > first


async def test_signing_out_ends_both_tokens_at_once(program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    assert (await program.asks("DELETE", CURRENT)).status == 204
    assert not await program.is_in()
    program.token = ""
    assert (await program.refreshes()).status == 401


async def test_a_program_can_give_its_api_token_back(program: Program, ana: Account, token_of: Make) -> None:
    program.token = await token_of(ana)
    assert (await program.asks("DELETE", CURRENT)).status == 204
    assert not await program.is_in()


async def test_who_has_a_second_step_shows_a_code_too(program: Program, ana: Account) -> None:
    secret, at = second.new_secret(), datetime.now(UTC)
    await people.turn_second_step_on(ana, secret, 0, [], now=at)
    refused = await program.signs_in(ana)
    assert (refused.status, refused.said["errors"][0]["field"]) == (401, "code")
    assert (await program.signs_in(ana, code="000000")).status == 401
    code = pyotp.TOTP(secret).at(at)
    assert (await program.signs_in(ana, code=code)).status == 200
    program.token = ""
    assert (await program.signs_in(ana, code=code)).status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"email": "ana@example.org"}, "password"),
        ({"email": "ana@example.org", "password": "x", "api_token": "to_x"}, ""),
        ({"email": "nobody", "password": "x"}, "email"),
        ({"refresh_token": "tr_x", "scope": "everything"}, "scope"),
        ({"refresh_token": "x" * 300}, "refresh_token"),
        ({"refresh_token": ["tr_x"]}, "refresh_token"),
        ({"email": {"$gt": ""}, "password": "x"}, "email"),
    ],
)
async def test_a_body_that_does_not_fit_is_told_by_field(program: Program, body: object, field: str) -> None:
    answer = await program.asks("POST", TOKENS, body)
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.said["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"email": "ana@example.org", "password": "\\ud800"}', "application/json", 400),
        (b"email=ana@example.org", "application/x-www-form-urlencoded", 415),
    ],
)
async def test_what_is_no_json_is_refused(program: Program, body: bytes, kind: str, status: int) -> None:
    answer = await program.client.post(TOKENS, data=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_no_token_is_said_the_way_programs_know(program: Program) -> None:
    refused = await program.asks("GET", CURRENT)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    program.token = "to_x"
    refused = await program.asks("GET", CURRENT)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


async def test_a_scope_that_is_too_small_is_named(program: Program, ana: Account, token_of: Make) -> None:
    program.token = await token_of(ana, "write")
    refused = await program.asks("POST", TICKETS)
    assert refused.status == 403
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="read"'


async def test_a_cookie_opens_no_api_and_a_token_no_page(app: Quart, ana: Account, token_of: Make) -> None:
    hers, token = await browser(app, ana), await token_of(ana, "read", "write")
    assert (await hers.get("/me")).status_code == 200
    assert (await hers.get(CURRENT)).status_code == 401
    page = await app.test_client().get("/me", headers={"Authorization": f"Bearer {token}"})
    assert page.headers["Location"].startswith("/sign-in")


async def test_an_organisers_token_acts_with_its_role_and_not_as_its_maker(
    program: Program, organisers_token: Make
) -> None:
    olive, organiser = await somebody("olive"), await house()
    program.token = await organisers_token(olive, Role.EDITOR)
    said = (await program.asks("GET", CURRENT)).said
    assert said["roles"] == {organiser.id: "editor"}
    assert (said["name"], said["id"] != olive.id) == ("Till", True)


async def test_an_organisers_token_never_has_more_than_its_maker(program: Program, organisers_token: Make) -> None:
    organiser = await house()
    ben = await joined(organiser, await somebody("ben"), Role.MANAGER)
    program.token = await organisers_token(ben, Role.MANAGER)
    await organisers.appoint(organiser.id, ben.id, Role.DOOR, by=acting(await somebody("olive")), now=datetime.now(UTC))
    assert (await program.asks("GET", CURRENT)).said["roles"] == {organiser.id: "door"}
    await organisers.remove(organiser.id, ben.id, by=acting(await somebody("olive")), now=datetime.now(UTC))
    assert not await program.is_in()


async def test_a_person_of_two_teams_lends_one_of_them(program: Program, organisers_token: Make) -> None:
    olive = await somebody("olive")
    await founded("Another House", by=olive)
    program.token = await organisers_token(olive, Role.OWNER)
    assert list((await program.asks("GET", CURRENT)).said["roles"].values()) == ["owner"]


async def test_what_is_kept_of_a_person_tells_their_tokens(ana: Account, token_of: Make) -> None:
    token = await token_of(ana)
    told = await people.everything(ana, now=datetime.now(UTC))
    assert [one["name"] for one in told["api_tokens"]] == ["Scanner"]
    assert token not in str(told)
    assert PASSWORD not in str(told)


async def test_the_public_keys_are_published(program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    (key,) = (await program.asks("GET", f"{TOKENS}/keys")).said["keys"]
    assert {**key, "kid": "", "x": ""} == {
        **{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"},
        **{"kid": "", "x": ""},
    }


async def test_a_disabled_person_gets_no_tokens_and_is_recognised_nowhere(
    program: Program, another: Program, ana: Account, token_of: Make, db: Database
) -> None:
    api_token = await token_of(ana, "read")
    await program.signs_in(ana)
    another.token = api_token
    assert await program.is_in()
    assert await another.is_in()
    ada = acting(await somebody("ada"))
    await administration.disable(await administration.get(ana.id), by=ada, now=datetime.now(UTC))
    assert not await program.is_in()
    assert not await another.is_in()
    program.token = another.token = ""
    shown = [{"email": ana.email, "password": PASSWORD}, {"refresh_token": program.refresh_token}]
    answers = [await another.gets_tokens(**one) for one in (*shown, {"api_token": api_token})]
    assert [one.status for one in answers] == [403, 401, 401]
    assert not any("access_token" in one.said for one in answers)
    assert await db.sessions.count_documents({"person_id": ana.id}) == 0
