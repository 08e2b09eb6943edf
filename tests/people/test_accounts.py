"""What people do with their accounts, from the first mail to the last."""

import json
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tests.people.conftest import PASSWORD, Somebody
from webapp.database import Database
from webapp.people import person, second, sessions, store
from webapp.people.devices import device


async def test_an_account_is_opened_from_a_mail(stranger: Somebody) -> None:
    assert "ben@example.org" in await stranger.send("/sign-up", 200, email=" ben@example.org ")
    assert await stranger.post.to("ben@example.org") == ["Confirm your e-mail address"]
    assert await stranger.follows("/join", name="Ben", new_password=PASSWORD) == "/"
    assert "Ben" in await stranger.sees("/")


async def test_signing_out_and_in_again(ana: Somebody) -> None:
    assert await ana.is_signed_in()
    await ana.send("/sign-out")
    assert not await ana.is_signed_in()
    assert await ana.signs_in(next="/calendar") == "/calendar"
    assert await ana.is_signed_in()


async def test_who_is_not_signed_in_is_sent_there_and_back(ana: Somebody) -> None:
    await ana.send("/sign-out")
    assert await ana.sees("/me/password", 303) == "/sign-in?next=%2Fme%2Fpassword"
    assert await ana.signs_in(next="/me/password") == "/me/password"


async def test_a_form_keeps_what_was_typed_but_never_a_password(stranger: Somebody) -> None:
    page = await stranger.signs_in(422, password="not the right one")
    assert "ben@example.org" in page
    assert "do not belong together" in page
    assert "not the right one" not in page


async def test_an_empty_form_says_what_is_missing(stranger: Somebody) -> None:
    page = await stranger.send("/sign-in", 422, email="", password="")
    assert "Please fill this in." in page
    assert "Write an e-mail address" in page


async def test_a_forgotten_password_is_replaced_and_every_device_signed_out(ana: Somebody, stranger: Somebody) -> None:
    stranger.email = ana.email
    await stranger.send("/forgotten-password", 200, email=ana.email)
    await stranger.follows("/new-password", new_password="nine green herons")
    assert await stranger.is_signed_in()
    assert not await ana.is_signed_in()
    await ana.signs_in(422)
    await ana.signs_in(password="nine green herons")
    assert (await ana.post.to(ana.email))[-1] == "Your password was changed"


async def test_a_changed_password_signs_out_every_other_device(ana: Somebody, stranger: Somebody) -> None:
    stranger.email = ana.email
    await stranger.signs_in()
    await ana.send("/me/password", 422, password="wrong", new_password="nine green herons")
    await ana.send("/me/password", password=PASSWORD, new_password="nine green herons")
    assert await ana.is_signed_in()
    assert not await stranger.is_signed_in()


async def test_a_new_address_counts_once_confirmed_and_the_old_is_told(ana: Somebody) -> None:
    await ana.send("/me/address", 200, email="ana@example.net")
    assert "ana@example.org" in await ana.sees("/me")
    ana.email = "ana@example.net"
    await ana.follows("/new-address")
    assert "ana@example.net" in await ana.sees("/me")
    assert (await ana.post.to("ana@example.org"))[-1] == "Your e-mail address was changed"


async def test_a_new_address_that_is_taken_changes_nothing_and_says_nothing(ana: Somebody, stranger: Somebody) -> None:
    await stranger.joins()
    await stranger.sees("/")
    free = await stranger.send("/me/address", 200, email="free@example.org")
    taken = await stranger.send("/me/address", 200, email=ana.email)
    assert taken == free.replace("free@example.org", ana.email)
    assert (await ana.post.to(ana.email))[-1] == "Your address stays yours"


async def test_devices_are_listed_and_signed_out_one_by_one(ana: Somebody, stranger: Somebody, db: Database) -> None:
    stranger.email = ana.email
    await stranger.signs_in()
    here, there = await sessions.of((await db.people.find_one())["_id"], now=datetime.now(UTC))
    page = await stranger.sees("/me")
    assert page.count("Last seen") == 2
    assert page.count("This device") == 1
    await stranger.send(f"/me/devices/{there.id}/end")
    assert not await ana.is_signed_in()
    assert await stranger.is_signed_in()
    assert here.id != there.id


async def test_an_account_can_be_taken_along_and_deleted(ana: Somebody, db: Database) -> None:
    taken = json.loads(await ana.sees("/me/data.json"))
    assert taken["account"]["email"] == ana.email
    assert "argon2" not in json.dumps(taken)
    await ana.send("/me/delete")
    assert not await ana.is_signed_in()
    assert (await ana.post.to(ana.email))[-1] == "Your account is deleted"
    for name in ("people", "sessions", "links"):
        assert await db[name].count_documents({}) == 0
    assert ana.email not in str(await db.mails.find().to_list(None))


async def test_two_steps_take_a_code_that_works_once(ana: Somebody, db: Database) -> None:
    codes = await two_steps(ana)
    sealed = (await db.people.find_one())["totp"]
    secret = await store.second_step_secret(await store.get((await db.people.find_one())["_id"]))
    assert secret
    assert secret not in sealed
    await ana.send("/sign-out")
    pending = hidden(await ana.signs_in(200), "pending")
    assert not await ana.is_signed_in()
    used = pyotp.TOTP(secret).now()
    await ana.send("/sign-in/code", 422, pending=pending, code=used)
    await db.people.update_one({}, {"$set": {"totp_step": 0}})
    await ana.send("/sign-in/code", pending=pending, code=used)
    assert await ana.is_signed_in()
    await ana.send("/sign-in/code", 422, pending=pending, code=used)
    await ana.send("/sign-in/code", pending=pending, code=codes[0])
    await ana.send("/sign-in/code", 422, pending=pending, code=codes[0])


async def test_a_new_password_by_mail_does_not_go_around_the_second_step(ana: Somebody) -> None:
    await two_steps(ana)
    await ana.send("/forgotten-password", 200, email=ana.email)
    assert await ana.follows("/new-password", new_password="nine green herons") == "/sign-in"
    assert not await ana.is_signed_in()


async def test_two_steps_can_be_turned_off(ana: Somebody) -> None:
    await two_steps(ana)
    await ana.send("/me/two-step/off")
    await ana.send("/sign-out")
    await ana.signs_in()
    assert await ana.is_signed_in()


@pytest.mark.parametrize(
    ("password", "is_common"),
    [("password123", True), ("Superman1234!", True), ("aaaaaaaaaaaa", True), ("qwertyuiop", True), (PASSWORD, False)],
)
def test_common_passwords_are_known(password: str, is_common: bool) -> None:
    assert person.is_common(password) is is_common


async def test_a_password_may_have_any_character_and_be_long(stranger: Somebody) -> None:
    await stranger.send("/sign-up", 200, email=stranger.email)
    await stranger.follows("/join", 422, name="Ben", new_password="short")
    await stranger.follows("/join", 422, name="Ben", new_password="x" * 1001)
    long = "пароль 🦩 \u00e9 <'\"&> " + "x" * 900 + " "
    await stranger.follows("/join", name="Ben", new_password=long)
    await stranger.send("/sign-out")
    await stranger.signs_in(422, password=long.strip())
    await stranger.signs_in(password=long.replace("\u00e9", "e\u0301"))


async def test_a_session_ends_after_two_weeks_unseen_and_after_ninety_days(db: Database) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    await db.people.insert_one(
        {"_id": "ana", "name": "Ana", "email": "a@b.cd", "email_key": "a@b.cd", "password": "", "created_at": start}
    )
    unseen = await sessions.begin("ana", agent="", now=start)
    assert await sessions.find(unseen, now=start + timedelta(days=14)) is None
    busy = await sessions.begin("ana", agent="", now=start)
    for day in range(1, 90):
        assert await sessions.find(busy, now=start + timedelta(days=day))
    assert await sessions.find(busy, now=start + timedelta(days=90)) is None


SENSITIVE = ("/me/address", "/me/two-step", "/me/two-step/off", "/me/passkeys", "/me/delete")


@pytest.mark.parametrize("path", SENSITIVE)
async def test_what_matters_takes_a_confirmation_of_the_last_ten_minutes(ana: Somebody, path: str) -> None:
    await ana.waits()
    told = await ana.send(path, email="eve@example.org")
    assert told.startswith("/me/confirm?next=%2Fme%2F")
    assert await ana.is_signed_in()
    assert "not your password" in await ana.send("/me/confirm", 422, password="a guess")
    assert (await ana.send(path)).startswith("/me/confirm")
    assert await ana.send("/me/confirm", password=PASSWORD, next="/me/address") == "/me/address"
    await ana.sees("/me/address")


async def test_a_confirmation_in_one_browser_is_none_in_another(ana: Somebody, stranger: Somebody) -> None:
    stranger.email = ana.email
    await stranger.signs_in()
    await ana.waits()
    await ana.send("/me/confirm", password=PASSWORD)
    await ana.sees("/me/delete")
    assert (await stranger.sees("/me/delete", 303)).startswith("/me/confirm")


def test_recovery_codes_have_eighty_bits_and_no_letter_that_looks_like_another() -> None:
    codes = "".join(second.recovery_codes()).replace("-", "")
    assert len(codes) == 10 * 16
    assert len(second.RECOVERY_LETTERS) == 32
    assert not set(codes) & set("ilou")


def test_devices_have_names_that_people_know() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile Safari/604"
    assert [device(agent) for agent in (chrome, f"{chrome} Edg/120.0", safari, "")] == [
        "Chrome on Windows",
        "Edge on Windows",
        "Safari on iPhone",
        "An unknown device",
    ]


def hidden(page: str, name: str) -> str:
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


async def two_steps(somebody: Somebody) -> list[str]:
    """Turns the second step on; answers the recovery codes."""
    offered = await somebody.sees("/me/two-step")
    secret = offered.partition('select-all">')[2].partition("<")[0]
    given = {"offered": hidden(offered, "offered")}
    await somebody.send("/me/two-step", 422, code="000000", **given)
    page = await somebody.send("/me/two-step", 200, code=pyotp.TOTP(secret).now(), **given)
    return [part.partition("<")[0] for part in page.split('select-all">')[1:]]
