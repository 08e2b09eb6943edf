"""What somebody tries with tokens who means harm, each refused."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from quart import Quart

from tests.programs.conftest import CURRENT, PASSWORD, TICKETS, TOKENS, Make, Program
from webapp.database import Database
from webapp.people import allowances, sessions
from webapp.people import store as people
from webapp.people.person import Account
from webapp.programs import families, keys, recognition
from webapp.programs.keys import SigningKey

Forge = Callable[[dict[str, Any], dict[str, Any], SigningKey], str]
NOW = datetime.now(UTC)


def signed(payload: dict[str, Any], head: dict[str, Any], key: Any, algorithm: str | None = "EdDSA") -> str:
    return jwt.encode(payload, key, algorithm, headers=head)


def saying(**other: Any) -> Forge:
    """The real token, with other claims, signed with the real key; a timedelta is so long after the forging."""

    def forge(said: dict[str, Any], head: dict[str, Any], key: SigningKey) -> str:
        now = datetime.now(UTC)
        said_instead = {name: now + claim if isinstance(claim, timedelta) else claim for name, claim in other.items()}
        return signed({**said, **said_instead}, head, key.private)

    return forge


def lacking(*names: str) -> Forge:
    return lambda said, head, key: signed({k: v for k, v in said.items() if k not in names}, head, key.private)


def headed(**other: Any) -> Forge:
    return lambda said, head, key: signed(said, {**head, **other}, key.private)


def signed_by_the_public_key(said: dict[str, Any], head: dict[str, Any], key: SigningKey) -> str:
    """The confusion of algorithms: the public key as if it were a shared secret. By hand, PyJWT refuses to."""
    public = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps({**head, "alg": "HS256"}).encode(), json.dumps(said).encode()]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mark = base64.urlsafe_b64encode(hmac.digest(public, text, hashlib.sha256)).rstrip(b"=")
    return (text + b"." + mark).decode()


FORGED: dict[str, Forge] = {
    "no algorithm": lambda said, head, _: signed(said, {**head, "alg": "none"}, None, None),
    "the public key as a secret": signed_by_the_public_key,
    "another key": lambda said, head, _: signed(said, head, Ed25519PrivateKey.generate()),
    "another key's id": headed(kid="nobodyskey"),
    "no key's id": lambda said, head, key: signed(said, {"typ": head["typ"]}, key.private),
    "another type": headed(typ="JWT"),
    "an extension": headed(crit=["b64"], b64=True),
    "another audience": saying(aud="another"),
    "a list of audiences": saying(aud=["turnout", "another"]),
    "another issuer": saying(iss="https://evil.example"),
    "run out": saying(exp=-timedelta(minutes=1)),
    "not valid yet": saying(nbf=timedelta(minutes=1)),
    "made in the future": saying(iat=timedelta(minutes=1)),
    "no end": lacking("exp"),
    "no beginning": lacking("nbf"),
    "no id": lacking("jti"),
    "an empty id": saying(jti=""),
    "no audience": lacking("aud"),
    "no scope": lacking("scope"),
    "a scope that is none": saying(scope="everything"),
    "another person": saying(sub="somebodyelse"),
    "another session": saying(sid="anothersession"),
    "neither session nor token": lacking("sid"),
    "session and token": saying(tid="x"),
    "an id that is a query": saying(sid={"$gt": ""}),
    "a head of brackets": lambda *_: f"{base64.urlsafe_b64encode(b'[' * 1_400).decode().rstrip('=')}.e30.AA",
    "a tenth of a megabyte": saying(padding="x" * 100_000),
}


async def taken_apart(token: str) -> tuple[dict[str, Any], dict[str, Any], SigningKey]:
    said = jwt.decode(token, options={"verify_signature": False})
    return said, jwt.get_unverified_header(token), await keys.signing(now=NOW)


@pytest.mark.parametrize("forge", FORGED.values(), ids=list(FORGED))
async def test_a_forged_access_token_is_refused(program: Program, ana: Account, forge: Forge) -> None:
    await program.signs_in(ana)
    said, head, key = await taken_apart(program.token)
    program.token = signed(said, {"typ": head["typ"], "kid": head["kid"]}, key.private)
    assert await program.is_in(), "the forgery has to be the only difference"
    program.token = forge(said, {"typ": head["typ"], "kid": head["kid"]}, key)
    refused = await program.asks("GET", CURRENT)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize("harm", ["truncated", "changed", "two of them", "nonsense", "bytes", "a refresh token"])
async def test_a_damaged_access_token_is_refused(program: Program, ana: Account, harm: str) -> None:
    await program.signs_in(ana)
    token = program.token
    head, said, mark = token.split(".")
    program.token = {
        "truncated": token[:-5],
        "changed": f"{head}.{said[:-3]}AAA.{mark}",
        "two of them": f"{token}, Bearer {token}",
        "nonsense": "..",
        "bytes": "\xff.\xfe.\x01",
        "a refresh token": program.refresh_token,
    }[harm]
    assert (await program.asks("GET", CURRENT)).status == 401


async def test_a_token_in_the_address_opens_nothing(app: Quart, program: Program, ana: Account, token_of: Make) -> None:
    await program.signs_in(ana)
    for token in (program.token, await token_of(ana)):
        for name in ("access_token", "token", "api_token", "ticket"):
            assert (await app.test_client().get(f"{CURRENT}?{name}={token}")).status_code == 401


async def test_a_refresh_token_that_comes_twice_ends_its_family(
    program: Program, another: Program, ana: Account, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "RETRY", timedelta(0))
    await program.signs_in(ana)
    stolen = program.refresh_token
    await program.refreshes()
    assert (await another.refreshes(stolen)).status == 401
    assert not await program.is_in()
    program.token = ""
    assert (await program.refreshes()).status == 401
    assert await db.mails.count_documents({"letter.subject": "A program was signed out"}) == 1


async def test_a_thief_who_is_first_is_found_out_by_the_owner(
    program: Program, another: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "RETRY", timedelta(0))
    await program.signs_in(ana)
    assert (await another.refreshes(program.refresh_token)).status == 200
    assert await another.is_in()
    program.token = ""
    assert (await program.refreshes()).status == 401
    assert not await another.is_in()


async def test_within_the_time_for_lost_answers_there_is_still_one_line(
    program: Program, another: Program, ana: Account
) -> None:
    await program.signs_in(ana)
    stolen = program.refresh_token
    mine, theirs = (await program.refreshes()).said, (await another.refreshes(stolen)).said
    assert mine["refresh_token"] == theirs["refresh_token"]
    await program.refreshes()
    another.token = ""
    assert (await another.refreshes(stolen)).status == 401
    assert not await program.is_in(), "the second use of an old token ends the family also within that time"


async def test_a_lost_answer_is_given_again(program: Program, ana: Account, db: Database) -> None:
    await program.signs_in(ana)
    asked = program.refresh_token
    answers = await asyncio.gather(*(Program(program.app).refreshes(asked) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.said["refresh_token"] for answer in answers}) == 1
    assert await db.refresh_tokens.count_documents({}) == 2
    assert await program.is_in()


async def test_without_detection_a_copied_refresh_token_would_go_on(
    program: Program, another: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "_repeat", families._follow)
    await program.signs_in(ana)
    stolen = program.refresh_token
    await program.refreshes()
    assert (await another.refreshes(stolen)).status == 200
    assert await another.is_in()


@pytest.mark.parametrize("harm", ["truncated", "an access token", "an api token", "run out"])
async def test_what_is_no_refresh_token_is_refused(
    program: Program, ana: Account, token_of: Make, db: Database, harm: str
) -> None:
    await program.signs_in(ana)
    shown = {
        "truncated": program.refresh_token[:-1],
        "an access token": program.token[:200],
        "an api token": await token_of(ana),
        "run out": program.refresh_token,
    }[harm]
    if harm == "run out":
        await db.refresh_tokens.update_many({}, {"$set": {"expires_at": NOW}})
    program.token = ""
    assert (await program.refreshes(shown)).status == 401


async def test_a_refresh_token_is_no_cookie(app: Quart, program: Program, ana: Account, db: Database) -> None:
    await program.signs_in(ana)
    kept = await db.sessions.find_one()
    for secret in (program.refresh_token, kept["key"], kept["_id"]):
        assert await sessions.find(secret, now=NOW) is None


@pytest.mark.parametrize("ending", ["a new password", "a deleted account", "signed out on the account page"])
async def test_a_session_that_ends_takes_its_tokens_along(program: Program, ana: Account, ending: str) -> None:
    await program.signs_in(ana)
    if ending == "a new password":
        await people.change_password(ana, "another hash", now=datetime.now(UTC))
    elif ending == "a deleted account":
        await people.delete(ana, now=datetime.now(UTC))
    else:
        (session,) = await sessions.of(ana.id, now=datetime.now(UTC))
        await sessions.end(session.id, person_id=ana.id)
    assert not await program.is_in()
    program.token = ""
    assert (await program.refreshes()).status == 401


async def test_the_api_token_of_somebody_who_left_is_refused(
    program: Program, ana: Account, token_of: Make, db: Database
) -> None:
    token = await token_of(ana)
    await program.gets_tokens(api_token=token)
    await people.delete(ana, now=datetime.now(UTC))
    assert not await program.is_in()
    program.token = token
    assert not await program.is_in()
    assert await db.api_tokens.count_documents({}) == 0


async def test_an_api_token_ends_on_its_day(program: Program, ana: Account, token_of: Make, db: Database) -> None:
    program.token = await token_of(ana)
    await db.api_tokens.update_many({}, {"$set": {"expires_at": datetime.now(UTC)}})
    assert not await program.is_in()


async def test_what_is_stored_opens_nothing(program: Program, ana: Account, token_of: Make, db: Database) -> None:
    token = await token_of(ana)
    await program.signs_in(ana)
    await program.asks("POST", TICKETS)
    names = ("api_tokens", "refresh_tokens", "stream_tickets", "signing_keys", "sessions")
    kept = str([await db[name].find().to_list(None) for name in names])
    for secret in (token, program.token, program.refresh_token):
        assert secret not in kept
    (key,) = await db.signing_keys.find().to_list(None)
    private = (await keys.signing(now=NOW)).private.private_bytes_raw()
    assert base64.urlsafe_b64encode(private).rstrip(b"=").decode() not in str(key)


async def test_guessing_passwords_shares_the_count_of_the_sign_in_page(
    app: Quart, program: Program, ana: Account
) -> None:
    page = app.test_client()
    for turn in range(allowances.PER_ACCOUNT):
        if turn % 2:
            answer = await program.asks("POST", TOKENS, {"email": ana.email, "password": "a guess"})
            assert answer.status == 401
        else:
            form = {"email": ana.email, "password": "a guess"}
            assert (await page.post("/sign-in", form=form)).status_code == 422
    refused = await program.asks("POST", TOKENS, {"email": ana.email, "password": PASSWORD})
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900


async def test_an_unknown_address_is_answered_as_a_wrong_password(program: Program, ana: Account) -> None:
    known, unknown = [
        await program.asks("POST", TOKENS, {"email": email, "password": "x"})
        for email in (ana.email, "eve@example.org")
    ]
    assert (known.status, known.text) == (unknown.status, unknown.text)


FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


async def test_another_site_gets_nothing_by_a_browser(app: Quart, program: Program, ana: Account) -> None:
    shown = {"email": ana.email, "password": PASSWORD}
    assert (await program.asks("POST", TOKENS, shown, **FOREIGN)).status == 403
    answer = await program.client.options(TOKENS, headers={**FOREIGN, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_token_itself_is_proof_wherever_it_comes_from(program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    answer = await program.asks("POST", TICKETS, **FOREIGN)
    assert answer.status == 201
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_no_log_has_a_token(
    program: Program, ana: Account, token_of: Make, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = await token_of(ana)
        await program.signs_in(ana)
        good = program.token
        for bad in (token[:-1], f"{good}x", good):
            program.token = bad
            await program.asks("GET", CURRENT)
        ticket = (await program.asks("POST", TICKETS)).said["ticket"]
        await program.client.get(f"/live/poll?ticket={ticket}&token={token}")
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (token, good, program.refresh_token, ticket, PASSWORD):
        assert secret[:-1] not in told


async def test_without_its_check_the_role_of_a_maker_who_left_would_live_on(
    program: Program, ana: Account, token_of: Make, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of every test above that ends a token: what is recognised is asked of the database."""
    program.token = await token_of(ana)
    known = await recognition.bearer_of(program.token, issuer="")
    await people.delete(ana, now=datetime.now(UTC))

    async def as_before(*_: Any, **__: Any) -> recognition.Bearer:
        return known

    assert not await program.is_in()
    monkeypatch.setattr(recognition, "bearer_of", as_before)
    assert await program.is_in()
