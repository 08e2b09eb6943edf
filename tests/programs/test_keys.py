"""The keys that sign access tokens: agreed on, replaced, kept sealed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import SECRET
from tests.programs.conftest import Program
from webapp.database import Database
from webapp.people.person import Account
from webapp.programs import keys
from webapp.walls import sealing

NOW = datetime.now(UTC)
pytestmark = pytest.mark.usefixtures("app")


async def test_workers_that_start_at_once_agree_on_one_key(db: Database) -> None:
    found = await asyncio.gather(*(keys.signing(now=NOW) for _ in range(8)))
    assert len({key.id for key in found}) == 1
    assert await db.signing_keys.count_documents({}) == 1


async def test_without_generations_each_worker_would_have_a_key_of_its_own(db: Database) -> None:
    await db.signing_keys.drop_index("generation_1")
    try:
        found = await asyncio.gather(*(keys.signing(now=NOW) for _ in range(8)))
        assert await db.signing_keys.count_documents({}) > 1
        assert found
    finally:
        await db.signing_keys.delete_many({})
        await db.signing_keys.create_index("generation", unique=True)


async def test_a_new_key_signs_nobody_out(program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    before = (await keys.signing(now=datetime.now(UTC))).id
    assert await keys.rotate(now=datetime.now(UTC)) != before
    assert await program.is_in()
    await program.refreshes()
    assert await program.is_in()
    assert len(await keys.published(now=datetime.now(UTC))) == 2


async def test_an_old_key_ends_when_what_it_signed_has_ended(db: Database) -> None:
    old = await keys.signing(now=NOW)
    await keys.rotate(now=NOW)
    later = NOW + keys.VERIFIES_AFTERWARDS
    assert await keys.verifying(old.id, now=later - timedelta(seconds=1)) is not None
    keys._remembered.clear()
    assert await keys.verifying(old.id, now=later) is None


async def test_a_key_that_was_stolen_stops_at_once_and_programs_refresh(
    program: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REMEMBERED_SECONDS", 0)
    await program.signs_in(ana)
    await keys.rotate(now=datetime.now(UTC))
    assert await keys.drop_older(now=datetime.now(UTC)) == 1
    assert not await program.is_in()
    program.token = ""
    await program.refreshes()
    assert await program.is_in()


async def test_a_key_signs_for_a_month(db: Database) -> None:
    first = await keys.signing(now=NOW)
    assert (await keys.signing(now=NOW + keys.SIGNS_FOR - timedelta(minutes=1))).id == first.id
    assert (await keys.signing(now=NOW + keys.SIGNS_FOR)).id != first.id


async def test_another_secret_opens_no_key_and_signs_nobody_out(program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    before = await keys.signing(now=datetime.now(UTC))
    sealing.use("another secret, long enough to be one too")
    try:
        assert (await keys.signing(now=datetime.now(UTC))).id != before.id
        assert await program.is_in()
    finally:
        sealing.use(SECRET)


async def test_a_key_opens_only_under_its_own_id(db: Database) -> None:
    first = await keys.signing(now=NOW)
    await keys.rotate(now=NOW)
    older = await db.signing_keys.find_one({"_id": first.id})
    await db.signing_keys.update_one({"_id": {"$ne": first.id}}, {"$set": {"sealed": older["sealed"]}})
    assert (await keys.signing(now=NOW)).id != first.id
    assert await db.signing_keys.count_documents({}) == 3


async def test_nobody_makes_the_database_look_for_each_id_that_is_made_up(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await keys.verifying("nobodyskey", now=NOW) is None
    monkeypatch.setattr(keys, "db", None)
    assert await keys.verifying("nobodyskey", now=NOW) is None
