"""What is kept secret is kept sealed, and the installation's secret can be replaced."""

from collections.abc import Callable, Iterator

import pytest
from quart import Quart

from tests.conftest import SECRET
from tests.people.conftest import COOKIE, Somebody
from tests.people.test_accounts import two_steps
from webapp import settings
from webapp.database import Database
from webapp.errors import Misconfigured
from webapp.people import store
from webapp.walls import sealing, signing

Replace = Callable[..., None]
NEW = "a new secret for the tests, as long as the old"


@pytest.fixture
def replace(app: Quart) -> Iterator[Replace]:
    """Gives the installation another secret: `replace(NEW, SECRET)` still knows the old one."""

    def replaced(secret: str, *older: str) -> None:
        signing.use(secret, *older)
        sealing.use(secret, *older)
        app.secret_key = secret
        app.config["SECRET_KEY_FALLBACKS"] = list(older)

    yield replaced
    replaced(SECRET)


async def totp(db: Database) -> str:
    return str((await db.people.find_one())["totp"])


async def secret_of_her_app(db: Database) -> str | None:
    return await store.second_step_secret(await store.get((await db.people.find_one())["_id"]))


async def test_a_second_step_is_kept_sealed(ana: Somebody, db: Database) -> None:
    await two_steps(ana)
    secret = await secret_of_her_app(db)
    assert secret
    assert secret not in str(await db.people.find().to_list(None))
    assert (await totp(db)).startswith(sealing.mark())


async def test_one_that_was_kept_plain_is_sealed_when_it_is_read(ana: Somebody, db: Database) -> None:
    await db.people.update_one({}, {"$set": {"totp": "JBSWY3DPEHPK3PXP"}})
    assert await secret_of_her_app(db) == "JBSWY3DPEHPK3PXP"
    assert (await totp(db)).startswith(sealing.mark())
    assert await secret_of_her_app(db) == "JBSWY3DPEHPK3PXP"


async def test_what_was_sealed_for_one_person_does_not_open_for_another(ana: Somebody, db: Database) -> None:
    await two_steps(ana)
    person = await store.get((await db.people.find_one())["_id"])
    assert await store.second_step_secret(person)
    assert await store.second_step_secret(person.model_copy(update={"id": "somebody else"})) is None


async def test_a_start_seals_everything_under_the_secret_of_now(ana: Somebody, db: Database, replace: Replace) -> None:
    await two_steps(ana)
    secret = await secret_of_her_app(db)
    replace(NEW, SECRET)
    await store.seal_all()
    replace(NEW)
    assert await secret_of_her_app(db) == secret


async def test_a_secret_that_is_listed_no_more_opens_nothing_and_recovery_codes_still_do(
    ana: Somebody, db: Database, replace: Replace
) -> None:
    codes = await two_steps(ana)
    replace(NEW)
    await store.seal_all()
    assert await secret_of_her_app(db) is None
    page = await ana.signs_in(200)
    pending = page.partition('name="pending" value="')[2].partition('"')[0]
    await ana.send("/sign-in/code", 422, pending=pending, code="123456")
    await ana.send("/sign-in/code", pending=pending, code=codes[0])


async def test_cookies_and_links_outlive_a_new_secret_while_the_old_is_listed(ana: Somebody, replace: Replace) -> None:
    await ana.send("/forgotten-password", 200, email=ana.email)
    link, cookie = await ana.post.link(ana.email), ana.cookies[COOKIE].value
    for older, status in (((SECRET,), 200), ((), 404)):
        replace(NEW, *older)
        await ana.sees(link, status)
        assert await ana.is_signed_in() is bool(older)
        assert ana.cookies[COOKIE].value == cookie


@pytest.mark.parametrize("spoilt", ["", "1.", "1.x.y", "1.00000000.AAAA", "2.x", "plain"])
def test_what_was_not_sealed_here_does_not_open(spoilt: str) -> None:
    assert sealing.opened(spoilt, about="x") is None
    sealed = sealing.seal("text", about="x")
    assert sealing.opened(f"{sealed[:-4]}AAAA", about="x") is None
    assert sealing.opened(sealed, about="x") == "text"
    assert sealing.seal("text", about="x") != sealed


def test_older_secrets_are_listed_with_commas_and_never_told() -> None:
    first, second = "1" * 40, "2" * 40
    given = settings.read({"TURNOUT_SECRET": NEW, "TURNOUT_OLD_SECRETS": f"{first}, {second},"})
    assert given.older_secrets == (first, second)
    with pytest.raises(Misconfigured, match="TURNOUT_OLD_SECRETS") as told:
        settings.read({"TURNOUT_SECRET": NEW, "TURNOUT_OLD_SECRETS": "too short"})
    assert "too short" not in str(told.value)
