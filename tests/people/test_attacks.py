"""What somebody tries who means harm, each refused."""

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.people.conftest import COOKIE, PASSWORD, Post, Somebody
from webapp import signing
from webapp.app import create_app
from webapp.database import Database
from webapp.errors import TooMany
from webapp.mail.sending import LINK
from webapp.people import passwords, sessions, signing_in, tries


async def test_a_cookie_that_was_planted_is_worth_nothing_after_signing_in(ana: Somebody, stranger: Somebody) -> None:
    planted = ana.cookies[COOKIE].value
    stranger.carry(COOKIE, planted)
    await ana.send("/sign-in", email=ana.email, password=PASSWORD)
    assert ana.cookies[COOKIE].value != planted
    assert not await stranger.is_signed_in()


async def test_a_cookie_kept_from_before_signing_out_is_refused(ana: Somebody, stranger: Somebody) -> None:
    stranger.carry(COOKIE, ana.cookies[COOKIE].value)
    assert await stranger.is_signed_in()
    await ana.send("/sign-out")
    assert COOKIE not in ana.cookies
    assert await stranger.sees("/me", 303) == "/sign-in?next=%2Fme"


@pytest.mark.parametrize("forge", ["changed", "unsigned", "signed by another", "nonsense"])
async def test_a_forged_cookie_is_refused(ana: Somebody, stranger: Somebody, app: Quart, forge: str) -> None:
    real = ana.cookies[COOKIE].value
    other = app.extensions["QUART_AUTH"][0].serializer_class("another secret", "turnout session")
    forged = {
        "changed": f"{real[:-6]}AAAAAA",
        "unsigned": real.partition(".")[0],
        "signed by another": other.dumps("secret"),
        "nonsense": "\x01=~",
    }
    stranger.carry(COOKIE, forged[forge])
    assert not await stranger.is_signed_in()


async def test_a_mailed_link_works_once(stranger: Somebody) -> None:
    await stranger.send("/sign-up", 200, email=stranger.email)
    link = await stranger.post.link(stranger.email)
    await stranger.follows("/join", name="Ben", new_password=PASSWORD)
    assert "used already" in await stranger.sees(link, 404)
    given = {"token": link.partition("token=")[2], "name": "Eve", "new_password": "nine green herons"}
    await stranger.send("/join", 404, **given)


async def test_two_who_use_one_link_at_once_make_one_account(stranger: Somebody, db: Database) -> None:
    await stranger.send("/sign-up", 200, email=stranger.email)
    token = (await stranger.post.link(stranger.email)).partition("token=")[2]
    given = {"token": token, "name": "Ben", "new_password": PASSWORD}
    answers = await asyncio.gather(*(stranger.client.post("/join", form=given) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404]
    assert await db.people.count_documents({}) == 1


async def test_a_mailed_link_is_for_one_thing_and_two_hours(ana: Somebody, db: Database) -> None:
    await ana.send("/forgotten-password", 200, email=ana.email)
    link = await ana.post.link(ana.email)
    await ana.sees(link.replace("/new-password", "/join"), 404)
    await ana.sees(link.replace("/new-password", "/new-address"), 404)
    await db.links.update_many({}, {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}})
    await ana.sees(link, 404)


async def test_what_is_stored_opens_nothing(ana: Somebody, db: Database) -> None:
    await ana.send("/forgotten-password", 200, email=ana.email)
    stored = (await db.links.find_one())["_id"]
    assert signing.sign(LINK, stored) not in str(await db.mails.find().to_list(None))
    await ana.sees(f"/new-password?token={stored}", 404)
    assert ana.cookies[COOKIE].value not in str(await db.sessions.find().to_list(None))
    assert PASSWORD not in str(await db.people.find().to_list(None))


@pytest.mark.parametrize("path", ["/sign-up", "/forgotten-password"])
async def test_an_answer_does_not_say_who_has_an_account(ana: Somebody, stranger: Somebody, path: str) -> None:
    known, unknown = [await stranger.send(path, 200, email=email) for email in (ana.email, "eve@example.org")]
    assert known.replace(ana.email, "eve@example.org") == unknown
    assert len(await ana.post.to(ana.email)) == 2
    assert len(await ana.post.to("eve@example.org")) == 1


async def test_signing_in_answers_the_same_for_an_unknown_address(ana: Somebody, stranger: Somebody) -> None:
    known = await stranger.send("/sign-in", 422, email=ana.email, password="x")
    unknown = await stranger.send("/sign-in", 422, email="eve@example.org", password="x")
    assert known.replace(ana.email, "eve@example.org") == unknown


async def test_an_unknown_address_costs_a_hash_too(stranger: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []
    check = passwords._check
    monkeypatch.setattr(passwords, "_check", lambda typed, kept: checked.append(kept) or check(typed, kept))
    await stranger.signs_in(422)
    assert checked == [None]


async def test_passwords_are_hashed_as_owasp_says() -> None:
    assert (await passwords.hashed(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/sign-out", "/me/delete", "/me/password"])
async def test_a_form_on_another_site_changes_nothing(ana: Somebody, path: str) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        response = await ana.client.post(path, form={"email": ana.email, "password": PASSWORD}, headers=headers)
        assert response.status_code == 403
    assert await ana.is_signed_in()


AWAY = (
    *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"),
    *("/\t/evil.example", "///evil.example", "evil.example", "/%0d\n", "http:/evil.example", " //evil.example"),
)


@pytest.mark.parametrize("path", AWAY)
async def test_signing_in_never_leads_away(ana: Somebody, path: str) -> None:
    await ana.send("/sign-out")
    assert await ana.signs_in(next=path) == "/"
    assert signing_in.stays_here("/events?day=2027-05-14") == "/events?day=2027-05-14"


async def test_nobody_signs_out_anothers_device(ana: Somebody, stranger: Somebody, db: Database) -> None:
    await stranger.joins()
    person = await db.people.find_one({"email": ana.email})
    (hers,) = await sessions.of(person["_id"], now=datetime.now(UTC))
    await stranger.send(f"/me/devices/{hers.id}/end", 404)
    assert await ana.is_signed_in()


async def test_fields_that_nobody_may_set_are_ignored(stranger: Somebody, db: Database) -> None:
    await stranger.send("/sign-up", 200, email=stranger.email, person_id="x", opens="password")
    more = {
        "id": "chosen",
        "_id": "chosen",
        "email": "root@example.org",
        "is_organiser": "true",
        "totp": "A",
        "password": "x",
    }
    await stranger.follows("/join", name="Ben", new_password=PASSWORD, **more)
    await stranger.send("/me/name", name="Benny", email="root@example.org", recovery="x")
    person = await db.people.find_one()
    assert (person["email"], person["name"], person["totp"]) == (stranger.email, "Benny", "")
    assert person["_id"] != "chosen"
    assert person["password"].startswith("$argon2id$")


@pytest.mark.parametrize("value", ['{"$gt": ""}', "[$ne]=", "$where"])
async def test_what_is_typed_is_never_a_query(ana: Somebody, stranger: Somebody, value: str) -> None:
    await stranger.send("/sign-in", 422, email=value, password=value)
    await stranger.send("/sign-in", 422, **{"email[$gt]": "", "password[$gt]": ""})
    await stranger.sees(f"/new-password?token={value}", 404)
    await stranger.sees("/new-password?token[$gt]=", 404)
    stranger.carry(COOKIE, value)
    assert not await stranger.is_signed_in()


async def test_a_name_is_shown_as_it_was_typed(ana: Somebody) -> None:
    await ana.send("/me/name", name="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in await ana.sees("/me")
    assert "<script>alert" not in await ana.sees("/")


async def test_guessing_is_stopped_and_locks_nobody_out(ana: Somebody, stranger: Somebody) -> None:
    await ana.send("/sign-out")
    stranger.email = ana.email
    for _ in range(signing_in.PER_ACCOUNT):
        await stranger.signs_in(422, password="a guess")
    response = await stranger.client.post("/sign-in", form={"email": ana.email, "password": PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 900
    await ana.signs_in()


async def test_without_a_count_of_its_own_a_known_browser_would_be_locked_out(
    ana: Somebody, stranger: Somebody
) -> None:
    await ana.send("/sign-out")
    stranger.email = ana.email
    for _ in range(signing_in.PER_ACCOUNT):
        await stranger.signs_in(422, password="a guess")
    ana.client.delete_cookie("localhost", "turnout_known")
    await ana.signs_in(429)


async def test_the_browser_of_one_person_is_not_known_for_another(ana: Somebody, stranger: Somebody) -> None:
    await stranger.joins()
    await stranger.send("/sign-out")
    stranger.email = ana.email
    for _ in range(signing_in.PER_ACCOUNT):
        await stranger.signs_in(422, password="a guess")
    await stranger.signs_in(429)


async def test_ten_thousand_tries_at_once_get_no_more_than_their_allowance(db: Database) -> None:
    places = asyncio.Semaphore(40)

    async def guess() -> bool:
        async with places:
            try:
                await tries.spend({"account x": 20}, now=datetime.now(UTC))
            except TooMany:
                return False
            return True

    assert sum(await asyncio.gather(*(guess() for _ in range(10_000)))) == 20


async def test_an_address_gets_few_mails_and_the_answer_stays_the_same(stranger: Somebody) -> None:
    pages = {await stranger.send("/sign-up", 200, email=stranger.email) for _ in range(10)}
    assert len(pages) == 1
    assert len(await stranger.post.to(stranger.email)) == signing_in.MAILS_PER_ACCOUNT


async def test_cookies_are_locked_to_this_host(app: Quart, post: Post, db: Database) -> None:
    given = app.extensions["settings"].model_copy(update={"public_url": "https://turnout.example"})
    secure = create_app(given)
    secure.extensions["live"]._source.close()
    secure.extensions["live"] = app.extensions["live"]
    cookies = await joined(secure.test_client(), post)
    assert len(cookies) == 2
    for cookie in cookies:
        assert re.match(r"__Host-turnout_(session|known)=", cookie)
        for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert part in cookie
        assert "Domain" not in cookie


PUBLIC = {"Host": "turnout.example"}


async def joined(client: Client, post: Post) -> list[str]:
    """The cookies that an installation behind https gives to somebody who joins."""
    await client.post("/sign-up", form={"email": "ana@example.org"}, headers=PUBLIC, scheme="https")
    assert (await post.link("ana@example.org")).startswith("/join")
    token = (await post.link("ana@example.org")).partition("token=")[2]
    given = {"token": token, "name": "Ana", "new_password": PASSWORD}
    response = await client.post("/join", form=given, headers=PUBLIC, scheme="https")
    assert response.status_code == 303
    return [cookie for cookie in response.headers.getlist("Set-Cookie") if "notice" not in cookie]


async def test_no_log_has_a_secret(
    ana: Somebody, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        await ana.send("/forgotten-password", 200, email=ana.email)
        link = await ana.post.link(ana.email)
        await ana.sees(link.replace("/new-password", "/new-password/nowhere"), 404)
        await ana.signs_in()
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (PASSWORD, link.partition("token=")[2], ana.cookies[COOKIE].value):
        assert secret not in told
