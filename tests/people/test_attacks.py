"""What somebody tries who means harm, each refused."""

import asyncio
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.conftest import SECRET
from tests.people.conftest import COOKIE, PASSWORD, Post, Somebody
from tests.people.test_accounts import hidden, two_steps
from webapp.app import create_app
from webapp.database import Database
from webapp.errors import TooMany
from webapp.mail.sending import LINK
from webapp.people import allowances, cookies, entering, passwords, sessions, signing_in, tries
from webapp.walls import signing


async def plant(somebody: Somebody, eve: Somebody) -> str:
    """Eve, who has an account of her own, puts her session's cookie into somebody's browser."""
    await eve.joins()
    planted = str(eve.cookies[COOKIE].value)
    await somebody.send("/sign-out")
    somebody.carry(COOKIE, planted)
    return planted


async def test_a_cookie_that_was_planted_is_worth_nothing_after_signing_in(ana: Somebody, stranger: Somebody) -> None:
    planted = await plant(ana, stranger)
    await ana.send("/sign-in", email=ana.email, password=PASSWORD)
    assert ana.cookies[COOKIE].value != planted
    assert ana.email in await ana.sees("/me")
    assert not await stranger.is_signed_in()


async def test_a_session_that_went_on_after_signing_in_would_be_shared_with_who_planted_it(
    ana: Somebody, stranger: Somebody, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go_on(person_id: str, passkey_id: str | None) -> None:
        key = sessions._key(cookies.secret() or "")
        await db.sessions.update_one({"key": key}, {"$set": {"person_id": person_id}})

    async def nothing_ends() -> None: ...

    await plant(ana, stranger)
    monkeypatch.setattr(entering, "begin", go_on)
    monkeypatch.setattr(entering, "end_this", nothing_ends)
    await ana.send("/sign-in", email=ana.email, password=PASSWORD)
    assert ana.email in await stranger.sees("/me")


async def test_a_cookie_kept_from_before_signing_out_is_refused(ana: Somebody, stranger: Somebody) -> None:
    stranger.carry(COOKIE, ana.cookies[COOKIE].value)
    assert await stranger.is_signed_in()
    await ana.send("/sign-out")
    assert COOKIE not in ana.cookies
    assert await stranger.sees("/me", 303) == "/sign-in?next=%2Fme"


FORGED = ("changed", "unsigned", "signed by another", "signed for something else", "of no session", "nonsense")


@pytest.mark.parametrize("forge", FORGED)
async def test_a_forged_cookie_is_refused(ana: Somebody, stranger: Somebody, app: Quart, forge: str) -> None:
    real = ana.cookies[COOKIE].value
    auth = app.extensions["QUART_AUTH"][0]
    secret = str(auth.load_token(real, app))

    def signed(key: str, text: str, salt: str = "turnout session") -> str:
        return str(auth.serializer_class(key, salt).dumps(text))

    forged = {
        "changed": f"{real[:-6]}AAAAAA",
        "unsigned": real.partition(".")[0],
        "signed by another": signed("another secret, of 32 characters", secret),
        "signed for something else": signed(SECRET, secret, "turnout mail link"),
        "of no session": signed(SECRET, secret[::-1]),
        "nonsense": "\x01=~",
    }
    stranger.carry(COOKIE, forged[forge])
    assert not await stranger.is_signed_in()
    stranger.carry(COOKIE, signed(SECRET, secret))
    assert await stranger.is_signed_in()


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


async def cost_of_signing_in(somebody: Somebody, email: str) -> float:
    """The processor's time, which other programs do not lengthen as they do the clock's."""
    began = time.process_time()
    for _ in range(6):
        await somebody.send("/sign-in", 422, email=email, password="a guess")
    return time.process_time() - began


async def test_an_unknown_address_takes_as_long_and_without_the_idle_hash_it_would_not(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await cost_of_signing_in(stranger, ana.email)
    assert await cost_of_signing_in(stranger, "eve@example.org") > known / 2
    check = passwords._check
    monkeypatch.setattr(passwords, "_check", lambda typed, kept: kept is not None and check(typed, kept))
    assert await cost_of_signing_in(stranger, "eve@example.org") < known / 2


async def test_asking_for_a_mail_writes_as_much_for_an_unknown_address(ana: Somebody, db: Database) -> None:
    wrote = []
    for email in (ana.email, "eve@example.org"):
        await ana.send("/forgotten-password", 200, email=email)
        wrote.append([await db[name].count_documents({}) for name in ("links", "mails")])
    (links, mails), after = wrote
    assert after == [links + 1, mails + 1]


async def test_passwords_are_hashed_as_owasp_says() -> None:
    assert (await passwords.hashed(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/sign-out", "/me/delete", "/me/password", "/me/passkeys", "/me/confirm"]
)
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
    assert entering.stays_here("/events?day=2027-05-14") == "/events?day=2027-05-14"


async def test_without_the_check_signing_in_would_lead_away(ana: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    await ana.send("/sign-out")
    monkeypatch.setattr(signing_in, "stays_here", lambda path: path)
    assert await ana.signs_in(next="//evil.example") == "//evil.example"


@pytest.mark.parametrize("path", AWAY)
async def test_a_confirmation_never_leads_away(ana: Somebody, path: str) -> None:
    assert await ana.send("/me/confirm", password=PASSWORD, next=path) == "/me"


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
    for _ in range(allowances.PER_ACCOUNT):
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
    for _ in range(allowances.PER_ACCOUNT):
        await stranger.signs_in(422, password="a guess")
    ana.client.delete_cookie("localhost", "turnout_known")
    await ana.signs_in(429)


async def test_the_browser_of_one_person_is_not_known_for_another(ana: Somebody, stranger: Somebody) -> None:
    await stranger.joins()
    await stranger.send("/sign-out")
    stranger.email = ana.email
    for _ in range(allowances.PER_ACCOUNT):
        await stranger.signs_in(422, password="a guess")
    await stranger.signs_in(429)


async def let_through(tried: int) -> int:
    """How many of so many tries at once are let through an allowance of twenty."""
    places = asyncio.Semaphore(40)

    async def guess() -> bool:
        async with places:
            try:
                await tries.spend({"account x": 20}, now=datetime.now(UTC))
            except TooMany:
                return False
            return True

    return sum(await asyncio.gather(*(guess() for _ in range(tried))))


async def test_ten_thousand_tries_at_once_get_no_more_than_their_allowance(db: Database) -> None:
    assert await let_through(10_000) == 20


async def test_counting_by_reading_first_would_let_more_through(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_then_write(key: str, now: datetime, window: timedelta) -> dict[str, Any]:
        found = await db.tries.find_one({"_id": key}) or {"count": 0}
        after = {"count": found["count"] + 1, "expires_at": now + window}
        await db.tries.update_one({"_id": key}, {"$set": after}, upsert=True)
        return after

    monkeypatch.setattr(tries, "_count", read_then_write)
    assert await let_through(400) > 20


async def test_a_flood_of_guesses_reaches_the_password_only_as_often_as_allowed(
    ana: Somebody, stranger: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(passwords, "_check", lambda typed, kept: bool(checked.append(typed)))
    given = {"email": ana.email, "password": "a guess"}
    answers = await asyncio.gather(*(stranger.client.post("/sign-in", form=given) for _ in range(200)))
    assert [answer.status_code for answer in answers].count(429) == 200 - allowances.PER_ACCOUNT
    assert len(checked) == allowances.PER_ACCOUNT


async def test_one_address_guesses_at_few_accounts(stranger: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "PER_ADDRESS", 5)
    for number in range(5):
        await stranger.send("/sign-in", 422, email=f"{number}@example.org", password="a guess")
    await stranger.send("/sign-in", 429, email="other@example.org", password="a guess")


async def test_codes_are_guessed_no_more_often_than_passwords(ana: Somebody, stranger: Somebody) -> None:
    await two_steps(ana)
    stranger.email = ana.email
    pending = hidden(await stranger.signs_in(200), "pending")
    for number in range(allowances.PER_ACCOUNT):
        await stranger.send("/sign-in/code", 422, pending=pending, code=f"{number:06}")
    await stranger.send("/sign-in/code", 429, pending=pending, code="000000")


async def test_an_address_gets_few_mails_and_the_answer_stays_the_same(stranger: Somebody) -> None:
    pages = {await stranger.send("/sign-up", 200, email=stranger.email) for _ in range(10)}
    assert len(pages) == 1
    assert len(await stranger.post.to(stranger.email)) == allowances.MAILS_PER_ACCOUNT


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
