"""Importing into real servers: nothing twice, only what changed, all of it or nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.events.making import ANA
from tests.imports.calendars import calendar, entry
from tests.team import house
from webapp.database import Database
from webapp.events import store as events
from webapp.events.event import Details, State
from webapp.imports import store, work, writing
from webapp.imports.calendar import read
from webapp.imports.record import Import
from webapp.imports.record import State as Progress

NOW = datetime.now(UTC)
SOON = (NOW + timedelta(days=10)).replace(hour=18, minute=0)
pytestmark = pytest.mark.usefixtures("db")


def at(days: int = 0, hours: int = 0) -> str:
    return f":{SOON + timedelta(days=days, hours=hours):%Y%m%dT%H%M%SZ}"


async def imported(*entries: str, name: str = "City") -> Import:
    added = await store.add((await house()).id, calendar(*entries, name=name), origin="city.ics", by=ANA, now=NOW)
    claimed = await store.claim(NOW, added.id)
    assert claimed
    await work.carry_out(claimed)
    return await store.get(added.organiser_id, added.id)


async def the_event(db: Database, uid: str = "a@test"):
    return events.Event.model_validate(await db.events.find_one({"source.uid": uid}))


def counted(one: Import) -> dict[str, int]:
    return {name: count for name, count in one.counts if count}


async def test_a_first_import_publishes_everything_at_once(db):
    one = await imported(entry(start=at()), entry("STATUS:CANCELLED", start=at(1), uid="b@test"))
    assert (one.state, counted(one)) == (Progress.DONE, {"new": 2})
    assert [e["state"] async for e in db.events.find({}, sort=[("starts_at", 1)])] == ["published", "cancelled"]
    assert await db.import_files.count_documents({}) == 0


async def test_the_same_calendar_again_writes_no_event(db):
    parts = entry("RRULE:FREQ=WEEKLY;COUNT=4", start=at()), entry(start=at(1), uid="b@test")
    await imported(*parts)
    before = await db.events.find({}).to_list(None)
    assert counted(await imported(*parts)) == {"same": 5}
    assert await db.events.find({}).to_list(None) == before


async def test_of_a_changed_calendar_only_what_changed_is_written(db):
    await imported(entry(start=at()), entry(start=at(1), uid="b@test"))
    one = await imported(entry(start=at()), entry("SEQUENCE:1", start=at(2), uid="b@test"))
    assert counted(one) == {"changed": 1, "same": 1}
    assert ((await the_event(db)).version, (await the_event(db, "b@test")).version) == (1, 2)


async def test_an_older_revision_changes_nothing(db):
    await imported(entry("SEQUENCE:2", start=at()))
    assert counted(await imported(entry("SEQUENCE:1", title="Old", start=at()))) == {"same": 1}


async def test_what_people_changed_stays_until_the_calendar_changes_it(db):
    await imported(entry("LOCATION:Hall", start=at()))
    event = await the_event(db)
    typed = event.model_dump() | {"title": "Our concert", "capacity": 80}
    await events.edit(event, Details.model_validate(typed), version=1, by=ANA, now=NOW)
    assert counted(await imported(entry("LOCATION:Hall", start=at()))) == {"same": 1}
    await imported(entry("LOCATION:Arena", start=at()))
    event = await the_event(db)
    assert (event.title, event.capacity, event.place_name, event.version) == ("Our concert", 80, "Arena", 3)
    assert (await events.revision(event, 3)).place_name == "Arena"


async def test_doors_move_with_the_start(db):
    await imported(entry(start=at()))
    event = await the_event(db)
    typed = event.model_dump() | {"doors": event.starts - timedelta(hours=1)}
    await events.edit(event, Details.model_validate(typed), version=1, by=ANA, now=NOW)
    await imported(entry(start=at(3)))
    event = await the_event(db)
    assert event.starts - event.doors == timedelta(hours=1)


async def test_an_upcoming_occurrence_that_vanished_is_cancelled_and_comes_back(db):
    series, without = entry("RRULE:FREQ=DAILY;COUNT=3", start=at()), f"EXDATE{at(1)}"
    await imported(series)
    assert counted(await imported(series.replace("SUMMARY", f"{without}\nSUMMARY"))) == {"same": 2, "cancelled": 1}
    assert await db.events.count_documents({"state": "cancelled"}) == 1
    assert counted(await imported(series)) == {"same": 2, "changed": 1}
    assert await db.events.count_documents({"state": "published"}) == 3


async def test_what_is_lost_to_a_problem_in_the_file_is_not_cancelled(db):
    await imported(entry(start=at()), entry(start=at(1), uid="b@test"))
    one = await imported(entry(start=";;nonsense"), entry(start=at(1), uid="b@test"))
    assert counted(one) == {"same": 1, "skipped": 1}
    assert (await the_event(db)).state is State.PUBLISHED


async def test_a_series_moved_by_an_hour_keeps_its_events(db):
    await imported(entry("RRULE:FREQ=WEEKLY;COUNT=3", start=at()))
    ids = {e["_id"] async for e in db.events.find({})}
    assert counted(await imported(entry("RRULE:FREQ=WEEKLY;COUNT=3", start=at(hours=1)))) == {"changed": 3}
    assert {e["_id"] async for e in db.events.find({})} == ids


async def test_what_people_deleted_or_took_back_stays_so(db):
    await imported(entry(start=at()), entry(start=at(1), uid="b@test"))
    await events.delete(await the_event(db), by=ANA, now=NOW)
    await events.unpublish(await the_event(db, "b@test"), by=ANA, now=NOW)
    await imported(entry(title="New", start=at()), entry(title="New", start=at(1), uid="b@test"))
    assert (await the_event(db)).is_deleted
    assert (await the_event(db, "b@test")).state is State.DRAFT


async def test_nothing_is_public_until_everything_is_there(db):
    parts = [entry(start=at(day), uid=f"{day}@test") for day in range(150)]
    with pytest.MonkeyPatch.context() as interrupted:
        interrupted.setattr(writing, "publish", _dies)
        with pytest.raises(RuntimeError):
            await imported(*parts)
    assert await db.events.count_documents({"state": "draft"}) == 150
    left = (await store.latest((await house()).id, 1))[0]
    assert await store.claim(datetime.now(UTC)) is None
    taken = await store.claim(datetime.now(UTC) + store.CLAIM)
    await work.carry_out(taken)
    assert counted(await store.get(left.organiser_id, left.id)) == {"new": 150}
    assert await db.events.count_documents({"state": "published"}) == 150


async def _dies(*_):
    raise RuntimeError("killed")


async def test_an_import_that_never_succeeds_leaves_nothing(db):
    added = await store.add((await house()).id, calendar(entry(start=at())), origin="city.ics", by=ANA, now=NOW)
    await writing.write_new(_entries(entry(start=at())), added, "calendar:City", NOW)
    for _ in range(store.ATTEMPTS + 1):
        taken = await store.claim(NOW, added.id)
    await work.carry_out(taken)
    assert (await store.get(added.organiser_id, added.id)).state is Progress.FAILED
    assert (await db.events.count_documents({}), await db.revisions.count_documents({})) == (0, 0)


def _entries(*parts: str):
    return read(calendar(*parts), now=NOW).entries


async def test_a_file_that_is_no_calendar_fails_with_its_sentence(db):
    added = await store.add((await house()).id, b"hello", origin="x.ics", by=ANA, now=NOW)
    await work.carry_out(await store.claim(NOW, added.id))
    one = await store.get(added.organiser_id, added.id)
    assert (one.state, one.reason.split(":")[0]) == (Progress.FAILED, "This is not a calendar")


async def test_a_rule_that_never_ends_is_stopped_from_outside(db, monkeypatch):
    monkeypatch.setattr("webapp.imports.reader.SECONDS", 2)
    one = await imported(entry("RRULE:FREQ=SECONDLY;INTERVAL=86400;BYMONTH=2;BYMONTHDAY=30", start=at()))
    assert (one.state, "too long" in one.reason) == (Progress.FAILED, True)


async def test_an_import_waits_for_an_earlier_one_of_the_same_calendar(db):
    first = await store.add(
        (await house()).id, calendar(entry(start=at())), origin="a.ics", by=ANA, now=NOW - timedelta(seconds=1)
    )
    await store.note_reading(first.id, _reading(), NOW)
    second = await imported(entry(start=at()))
    assert (second.is_over, second.attempts, await db.events.count_documents({})) == (False, 0, 0)


def _reading():
    return read(calendar(entry(start=at())), now=NOW, name="a.ics")


async def test_many_events_of_one_title_get_readable_addresses(db):
    await imported(entry("RRULE:FREQ=DAILY;COUNT=2", start=at()), entry(start=at(), uid="b@test"))
    slugs = sorted(e["slug"] for e in await db.events.find({}).to_list(None))
    assert slugs == ["concert", f"concert-{SOON:%Y-%m-%d}", f"concert-{SOON + timedelta(days=1):%Y-%m-%d}"]
