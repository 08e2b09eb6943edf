"""The order of changes: that of the commits, each once, and nothing comes in before what somebody has read."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.changes.conftest import SECONDS, begun, writing
from tests.events.making import shown
from tests.registrations.making import EVE, event_with, registers
from webapp import embedded
from webapp.audit import store as audit
from webapp.audit.record import Kind, Subject
from webapp.changes import store
from webapp.changes.audience import Audience
from webapp.changes.change import Change, key_of
from webapp.changes.scribe import Scribe
from webapp.database import Database, db
from webapp.organisers.organiser import Role

NOW = datetime.now(UTC)
TEAM = Audience({"house": Role.OWNER})


async def kept(count: int, *, after: str = "") -> list[Change]:
    """All changes, once there are so many."""
    async with asyncio.timeout(SECONDS):
        while len(found := await store.whole(after, "9", limit=5_000)) < count:
            await asyncio.sleep(0.02)
    return found


async def note(title: str, session: object = None) -> None:
    about = Subject(Kind.EVENT, title, title)
    await audit.record("house", about, "edited", by=EVE, now=NOW, session=session)  # type: ignore[arg-type]


async def test_a_registration_is_told_by_its_steps(scribe: Scribe) -> None:
    await registers(await event_with(3), "ana", 2)
    found = await kept(6)
    kinds = [one.kind for one in found]
    assert kinds[-2:] == ["registration.held", "registration.confirmed"]
    assert "event.published" in kinds
    assert sum(found[-2].data["places"].values()) == 2


async def test_a_transaction_that_takes_long_comes_after_those_that_were_read_meanwhile(scribe: Scribe) -> None:
    async with await db().client.start_session() as slow:
        slow.start_transaction()
        await note("slow", slow)
        await note("quick")
        [quick] = await kept(1)
        first = await store.page(await begin(), TEAM)
        await slow.commit_transaction()
    found = await kept(2)
    assert [one.subject_id for one in found] == ["quick", "slow"]
    assert [one.subject_id for one in (await store.page(first.next, TEAM)).changes] == ["slow"]
    # The ids of the journals themselves would have put it first, where the reader had been already.
    ids = {one["subject"]["id"]: one["at"] for one in await db().records.find().to_list(None)}
    assert ids["slow"] <= ids["quick"]
    assert quick.key == found[0].key


async def begin() -> str:
    known = await store.tip()
    assert known
    return known.since


async def test_many_writers_and_two_scribes_tell_everything_once(servers: embedded.Addresses, db: Database) -> None:
    async with writing(servers.mongodb_uri, db.name):
        await begun()
        writers = [asyncio.create_task(_several(name)) for name in ("ana", "ben", "cleo")]
        await asyncio.sleep(0.1)
        # The lease taken away: two write at once until one of them finds the tip moved.
        async with writing(servers.mongodb_uri, db.name):
            for _ in range(5):
                await db.change_tips.delete_one({"_id": store.LEASE})
                await asyncio.sleep(0.3)
            await asyncio.gather(*writers)
            found = await kept(300)
    assert len(found) == len({one.subject_id for one in found}) == 300
    for name in ("ana", "ben", "cleo"):
        mine = [one.subject_id for one in found if one.subject_id.startswith(name)]
        assert mine == [f"{name} {count:03}" for count in range(100)]


async def _several(name: str) -> None:
    for count in range(100):
        await note(f"{name} {count:03}")
        await asyncio.sleep(0.01)


async def test_whoever_believes_in_an_older_tip_adds_nothing(db: Database) -> None:
    await store.begin(key_of("5-0"))
    one = Change(key_of("6-1"), "event.edited", "house", "", "jazz", NOW)
    await store.add([one], after=key_of("5-0"), to=one.key)
    late = Change(key_of("5-1"), "event.edited", "house", "", "late", NOW)
    with pytest.raises(store.Moved):
        await store.add([late], after=key_of("5-0"), to=late.key)
    assert [one.subject_id for one in await kept(1)] == ["jazz"]


async def test_a_scribe_that_ends_is_followed_by_one_that_misses_nothing(
    servers: embedded.Addresses, db: Database
) -> None:
    async with writing(servers.mongodb_uri, db.name):
        await begun()
        await note("one")
        await kept(1)
    await note("two")
    async with writing(servers.mongodb_uri, db.name):
        await note("three")
        assert [one.subject_id for one in await kept(3)] == ["one", "two", "three"]


async def test_what_is_no_longer_kept_is_said_to_be_gone_and_never_skipped(scribe: Scribe) -> None:
    beginning = await begin()
    for title in ("one", "two", "three"):
        await note(title)
    first, second, _ = await kept(3)
    assert await store.forget(second.key) == 2
    with pytest.raises(store.Gone) as gone:
        await store.page(first.key, TEAM)
    with pytest.raises(store.Gone):
        await store.page(beginning, TEAM)
    assert [one.subject_id for one in (await store.page(second.key, TEAM)).changes] == ["three"]
    assert gone.value.latest >= second.key
    # With the guard off, the reader would be given the rest as if nothing were missing.
    assert [one.subject_id for one in await store.whole(first.key, "9", limit=9)] == ["three"]


async def test_an_id_from_a_later_life_of_the_database_is_gone_too(scribe: Scribe) -> None:
    with pytest.raises(store.Gone):
        await store.page(key_of("9999999999999999999-1"), TEAM)


async def test_old_changes_go_by_themselves(servers: embedded.Addresses, db: Database) -> None:
    long_ago = key_of(f"{int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) << 32}-1")
    await store.begin(key_of("1-0"))
    old = Change(long_ago, "event.edited", "house", "", "old", NOW)
    await store.add([old], after=key_of("1-0"), to=long_ago)
    at = key_of(f"{int((datetime.now(UTC) - timedelta(hours=1)).timestamp()) << 32}-0")
    await store.add([], after=long_ago, to=at)
    async with writing(servers.mongodb_uri, db.name, keep=timedelta(days=1)), asyncio.timeout(SECONDS):
        while await store.one(long_ago):
            await asyncio.sleep(0.02)
    with pytest.raises(store.Gone):
        await store.page(long_ago, TEAM)


async def test_every_kind_of_change_says_which_role_it_takes(scribe: Scribe) -> None:
    event = await shown()
    found = await kept(4)
    assert {one.needs for one in found if one.event_id == event.id} == {Role.EDITOR}
    assert {one.needs for one in found if one.family == "organiser"} <= {Role.MANAGER}
