"""What somebody tries who wants to sign in with a passkey that is not theirs, each refused."""

import asyncio
import json
import random
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from tests.people.authenticator import PRESENT, VERIFIED, Authenticator, decoded, encoded
from tests.people.conftest import Somebody
from webapp.database import Database
from webapp.people import ceremony, passkey_store, passkeys

FAULTS: dict[str, dict[str, Any]] = {
    "another origin": {"said": {"origin": "https://evil.example"}},
    "another port": {"said": {"origin": "http://localhost:8001"}},
    "another scheme": {"said": {"origin": "https://localhost"}},
    "another site": {"site": "evil.example"},
    "another challenge": {"said": {"challenge": encoded(b"x" * 40)}},
    "another ceremony": {"said": {"type": "webauthn.create"}},
    "its owner not verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "another key": {"key": generate_private_key(SECP256R1())},
    "another owner": {"owner": encoded(b"somebody else")},
    "no owner": {"owner": None},
    "a count that does not grow": {"count": 1},
    "a count that went back to none": {"count": 0},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_with_one_fault_is_refused(ana: Somebody, stranger: Somebody, fault: str) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.send("/sign-out")
    await ana.shows(device)
    await stranger.shows(device, 422, **FAULTS[fault])
    assert not await stranger.is_signed_in()
    await stranger.shows(device)
    assert await stranger.is_signed_in()


CHECKS: dict[str, dict[str, Any]] = {
    "another origin": {"expected_origin": "https://evil.example"},
    "another site": {"expected_rp_id": "evil.example"},
    "its owner not verified": {"require_user_verification": False},
    "a count that does not grow": {"credential_current_sign_count": 0},
}


@pytest.mark.parametrize("fault", CHECKS)
async def test_without_its_check_the_fault_would_pass(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.send("/sign-out")
    await ana.shows(device)
    verify = passkeys.verify_authentication_response
    monkeypatch.setattr(
        passkeys, "verify_authentication_response", lambda **given: verify(**{**given, **CHECKS[fault]})
    )
    await stranger.shows(device, **FAULTS[fault])
    assert await stranger.is_signed_in()


MADE = ("another origin", "another site", "another challenge", "its owner not verified")


@pytest.mark.parametrize("fault", MADE)
async def test_a_new_passkey_with_one_fault_is_not_kept(ana: Somebody, db: Database, fault: str) -> None:
    await ana.adds(Authenticator(), status=422, **FAULTS[fault])
    assert await db.passkeys.count_documents({}) == 0
    await ana.adds(Authenticator())


async def test_an_answer_counts_once(ana: Somebody, stranger: Somebody) -> None:
    device = Authenticator(count=None)
    await ana.adds(device)
    shown = device.show(await stranger.asks("/sign-in/passkey"))
    answers = await asyncio.gather(
        *(stranger.client.post("/sign-in/passkey", form={"credential": shown}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422, 422]
    assert "sent twice" in await stranger.send("/sign-in/passkey", 422, credential=shown)


async def test_without_the_note_of_used_challenges_an_answer_counts_again(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unnoted(*_: Any, **__: Any) -> None: ...

    monkeypatch.setattr(passkey_store, "use_challenge", unnoted)
    device = Authenticator(count=None)
    await ana.adds(device)
    shown = device.show(await stranger.asks("/sign-in/passkey"))
    for _ in range(2):
        await stranger.send("/sign-in/passkey", credential=shown)


async def test_an_answer_counts_only_from_the_browser_that_was_asked(ana: Somebody, stranger: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.send("/sign-out")
    shown = device.show(await ana.asks("/sign-in/passkey"))
    await stranger.send("/sign-in/passkey", 422, credential=shown)
    await stranger.asks("/sign-in/passkey")
    await stranger.send("/sign-in/passkey", 422, credential=shown)
    await ana.send("/sign-in/passkey", credential=shown)


async def test_unbound_challenges_would_be_answered_from_any_browser(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ceremony, "_anonymous", lambda mark: "anybody")
    device = Authenticator()
    await ana.adds(device)
    shown = device.show(await ana.asks("/sign-in/passkey"))
    await stranger.send("/sign-in/passkey", credential=shown)
    assert await stranger.is_signed_in()


async def test_a_challenge_is_good_for_five_minutes(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Authenticator()
    await ana.adds(device)
    monkeypatch.setattr(passkey_store, "CHALLENGE_LASTS", timedelta(seconds=-1))
    assert "took too long" in await stranger.shows(device, 422)
    monkeypatch.undo()
    await stranger.shows(device)


async def test_a_challenge_is_for_one_purpose(ana: Somebody, stranger: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.waits()
    to_sign_in = device.show(await ana.asks("/sign-in/passkey"))
    await ana.send("/me/confirm/passkey", 422, credential=to_sign_in)
    to_confirm = device.show(await ana.asks("/me/confirm/passkey"))
    await ana.send("/sign-in/passkey", 422, credential=to_confirm)
    await ana.send("/me/confirm/passkey", credential=device.show(await ana.asks("/me/confirm/passkey")))


async def test_nobody_confirms_with_anothers_passkey(ana: Somebody, stranger: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    await stranger.joins()
    await stranger.waits()
    shown = device.show(await stranger.asks("/me/confirm/passkey"))
    await stranger.send("/me/confirm/passkey", 422, credential=shown)
    assert (await stranger.sees("/me/delete", 303)).startswith("/me/confirm")


async def test_nobody_sees_names_or_removes_anothers_passkey(ana: Somebody, stranger: Somebody, db: Database) -> None:
    await ana.adds(Authenticator())
    path = f"/me/passkeys/{(await db.passkeys.find_one())['_id']}"
    await stranger.joins()
    await stranger.sees(path, 404)
    await stranger.send(path, 404, name="Mine")
    await stranger.send(f"{path}/remove", 404)
    assert (await db.passkeys.find_one())["name"] == "Phone"


async def test_one_passkey_belongs_to_one_account(ana: Somebody, stranger: Somebody, db: Database) -> None:
    device = Authenticator()
    await ana.adds(device)
    await stranger.joins()
    await stranger.adds(device, status=409)
    assert await db.passkeys.count_documents({}) == 1


async def test_an_account_has_so_many_passkeys_and_no_more(
    ana: Somebody, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkey_store, "MOST", 2)
    await ana.adds(Authenticator())
    await ana.adds(Authenticator())
    await ana.adds(Authenticator(), status=409)
    assert await db.passkeys.count_documents({}) == 2


async def test_passkeys_are_added_and_shown_by_our_own_pages_only(ana: Somebody, db: Database) -> None:
    device = Authenticator()
    made = device.make(await ana.asks("/me/passkeys/offer"))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
        given = {"form": {"name": "Evil", "credential": made}, "headers": headers}
        assert (await ana.client.post("/me/passkeys", **given)).status_code == 403
    assert await db.passkeys.count_documents({}) == 0


def without_signature(shown: str) -> str:
    given = json.loads(shown)
    return json.dumps({**given, "response": {**given["response"], "signature": ""}})


def broken_data(shown: str) -> str:
    given = json.loads(shown)
    data = encoded(decoded(given["response"]["authenticatorData"])[:20])
    return json.dumps({**given, "response": {**given["response"], "authenticatorData": data}})


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 3_000, "x" * 30_000, '{"id": {"$gt": ""}}'])
async def test_nonsense_is_refused(ana: Somebody, stranger: Somebody, text: str) -> None:
    await stranger.send("/sign-in/passkey", 422, credential=text)
    await ana.send("/me/passkeys", 422, name="Phone", credential=text)


@pytest.mark.parametrize("spoil", [without_signature, broken_data])
async def test_a_spoilt_answer_is_refused(ana: Somebody, stranger: Somebody, spoil: Any) -> None:
    device = Authenticator()
    await ana.adds(device)
    shown = device.show(await stranger.asks("/sign-in/passkey"))
    await stranger.send("/sign-in/passkey", 422, credential=spoil(shown))


def flipped(answer: str, field: str, dice: random.Random) -> str:
    given = json.loads(answer)
    raw = bytearray(decoded(given["response"][field]))
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return json.dumps({**given, "response": {**given["response"], field: encoded(bytes(raw))}})


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
async def test_an_answer_with_a_flipped_bit_opens_nothing(ana: Somebody, stranger: Somebody, field: str) -> None:
    device, dice = Authenticator(), random.Random(field)
    await ana.adds(device)
    for _ in range(20):
        shown = device.show(await stranger.asks("/sign-in/passkey"))
        await stranger.send("/sign-in/passkey", 422, credential=flipped(shown, field, dice))


async def test_a_new_passkey_with_a_flipped_bit_breaks_nothing(ana: Somebody, db: Database) -> None:
    dice = random.Random(1)
    for _ in range(60):
        made = Authenticator().make(await ana.asks("/me/passkeys/offer"))
        given = {"name": "Phone", "credential": flipped(made, "attestationObject", dice)}
        # Who makes a passkey may make it as they like: some bits of it mean nothing to us.
        assert (await ana.client.post("/me/passkeys", form=given)).status_code in {303, 422}
        await db.passkeys.delete_many({})


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://events.example.org", "events.example.org"),
        ("https://events.example.org:8443", "events.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://events.example.org", None),
        ("https://192.0.2.7", None),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]", None),
        ("https://localhost.evil.example", "localhost.evil.example"),
    ],
)
def test_passkeys_are_for_the_name_of_an_origin(origin: str, name: str | None) -> None:
    site = passkeys.site_of(origin)
    assert (site and site.name) == name
