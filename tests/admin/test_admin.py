"""Looking after an installation: who may, what it does, and that each act is recorded."""

from datetime import UTC, datetime, timedelta

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.organisers.world import ADMIN
from tests.team import NOW, acting, browser, founded, house, somebody
from webapp.access import NOTHING
from webapp.admin import organisers, people, retention, worker_health
from webapp.audit import store as audit
from webapp.audit.record import INSTALLATION
from webapp.audit.search import Search
from webapp.database import Database
from webapp.errors import Conflict, NotAllowed
from webapp.people import sessions


@pytest.fixture
async def admin(app: Quart, db: Database, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings = app.extensions["settings"].model_copy(update={"admins": ADMIN})
    monkeypatch.setitem(app.extensions, "settings", settings)
    return await browser(app, await somebody("ada"))


async def text(client: Client, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status
    return str(await answer.get_data(as_text=True))


async def told() -> list[str]:
    """The installation's history, the latest first."""
    return [f"{one.who} {one.sentence}" for one in (await audit.found(INSTALLATION, Search())).records]


@pytest.mark.parametrize("path", ["", "/people", "/organisers", "/retention", "/audit", "/audit.csv"])
async def test_for_everybody_else_there_is_nothing(admin: Client, client: Client, path: str) -> None:
    assert NOTHING in await text(client, f"/admin{path}", 404)
    assert NOTHING in await text(client, "/manage/nowhere/team", 404)
    assert (await admin.get(f"/admin{path}")).status_code == 200


async def test_a_disabled_person_is_out_at_once_and_cannot_come_back(app: Quart, admin: Client) -> None:
    ben = await somebody("ben")
    his = await browser(app, ben)
    assert (await his.get("/me")).status_code == 200
    assert (await admin.post(f"/admin/people/{ben.id}/disable")).status_code == 303
    assert (await his.get("/me")).status_code != 200
    with pytest.raises(NotAllowed, match="disabled"):
        await sessions.begin(ben.id, agent="", now=NOW)
    await admin.post(f"/admin/people/{ben.id}/enable")
    assert await sessions.begin(ben.id, agent="", now=NOW)
    assert sorted(await told()) == ["Ada disabled “Ben”", "Ada enabled “Ben”"]


async def test_a_session_that_outlived_the_disabling_recognises_nobody(db: Database, admin: Client) -> None:
    ben = await somebody("ben")
    secret = await sessions.begin(ben.id, agent="", now=datetime.now(UTC))
    assert await sessions.find(secret, now=datetime.now(UTC))
    await db.people.update_one({"_id": ben.id}, {"$set": {"disabled_at": NOW}})
    assert await sessions.find(secret, now=datetime.now(UTC)) is None


async def test_sessions_are_ended_and_accounts_deleted(app: Quart, db: Database, admin: Client) -> None:
    ben = await somebody("ben")
    await browser(app, ben)
    await admin.post(f"/admin/people/{ben.id}/sign-out")
    assert await db.sessions.count_documents({"person_id": ben.id}) == 0
    await admin.post(f"/admin/people/{ben.id}/delete")
    assert await db.people.find_one({"_id": ben.id}) is None
    assert await told() == ["Ada deleted a nameless person", "Ada signed a nameless person out everywhere"]


async def test_oneself_and_the_last_owner_stay(admin: Client) -> None:
    ada, nell = await somebody("ada"), await somebody("nell")
    await founded("Next Door", by=nell)
    for person, deed in ((ada, people.delete), (ada, people.disable), (nell, people.delete)):
        with pytest.raises(Conflict):
            await deed(await people.get(person.id), by=acting(ada), now=NOW)


async def test_people_are_searched_page_by_page(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAGE", 2)
    for name in ("ana", "ben", "eva"):
        await somebody(name)
    first = await people.found("", "")
    second = await people.found("", first.after or "")
    assert [one.name for one in (*first.people, *second.people)] == ["Ada", "Ana", "Ben", "Eva"]
    page = await text(admin, "/admin/people?text=BEN@")
    assert "Ben" in page
    assert "Eva" not in page
    assert "Nobody" in await text(admin, "/admin/people?text=.*%24")


async def test_no_page_shows_a_password(db: Database, admin: Client) -> None:
    ben = await somebody("ben")
    await db.people.update_one({"_id": ben.id}, {"$set": {"password": "$argon2-hash", "totp": "SECRETSTEP"}})
    pages = [await text(admin, path) for path in ("/admin/people", f"/admin/people/{ben.id}", "/admin/audit")]
    assert not [page for page in pages if "argon2-hash" in page or "SECRETSTEP" in page]


async def test_only_an_organiser_without_an_owner_is_given_one(db: Database, admin: Client) -> None:
    ours, ben = await house(), await somebody("ben")
    by, path = acting(await somebody("ada")), f"/admin/organisers/{ours.slug}/transfer"
    with pytest.raises(Conflict, match="has an owner"):
        await organisers.transfer(ours, ben, by=by, now=NOW)
    await people.disable(await people.get((await somebody("olive")).id), by=by, now=NOW)
    assert "Without an owner" in await text(admin, "/admin/organisers")
    assert (await admin.post(path, form={"email": "nobody@example.org"})).status_code == 422
    assert (await admin.post(path, form={"email": ben.email})).status_code == 303
    member = await db.members.find_one({"organiser_id": ours.id, "person_id": ben.id})
    assert member
    assert member["role"] == "owner"


async def expiry(db: Database, collection: str, field: str) -> int:
    indexes = await db[collection].index_information()
    return int(indexes[f"{field}_1"]["expireAfterSeconds"])


async def test_retention_is_checked_recorded_and_carried_out_by_the_database(db: Database, admin: Client) -> None:
    days = {"audit_days": "90", "session_days": "7", "mail_days": "3", "deleted_event_days": "60"}
    days["message_days"] = "100"
    assert (await admin.post("/admin/retention", form={**days, "audit_days": "2"})).status_code == 422
    assert (await admin.post("/admin/retention", form={"audit_days": "90"})).status_code == 422
    assert await retention.current() == retention.AT_FIRST
    assert (await admin.post("/admin/retention", form=days)).status_code == 303
    found = [await expiry(db, *where) // retention.DAY for where in retention.COUNTED.values()]
    assert found == [90, 7, 3, 100]
    assert (await retention.current()).deleted_event_days == 60
    assert await told() == ["Ada changed “how long things are kept”"]
    await retention.apply(retention.AT_FIRST)
    assert await expiry(db, "records", "at") == 730 * retention.DAY


async def test_what_a_worker_says_is_on_the_page(app: Quart, db: Database, admin: Client) -> None:
    await worker_health.note(app.extensions["live"], NOW, datetime.now(UTC))
    gone = {"_id": "old:1", "started_at": NOW, "seen_at": NOW - timedelta(seconds=40)}
    await db.workers.insert_one({**gone, "streams": 0, "lag": 0.0, "relays": False, "reads_log": True})
    page = await text(admin, "/admin")
    assert worker_health.NAME in page
    assert page.count("Silent") == 1
    assert "Given up" in page
