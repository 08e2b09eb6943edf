"""When a deleted event's time is up, all that belongs to it goes, and no audit ever counts half of it."""

from datetime import timedelta

import pytest

import webapp.app  # noqa: F401 - declares every collection
from tests.events.making import ANA, NOW, again
from tests.registrations.making import event_with, registers
from tests.retention.making import carried_out, drift, everything, traces, visited
from webapp import belonging, database
from webapp.admin import retention
from webapp.audit.search import Search
from webapp.audit.store import found
from webapp.database import db as kept
from webapp.events import store as events
from webapp.retention import rounds, store
from webapp.ticket_types.store import Offered

pytestmark = pytest.mark.usefixtures("db")
UP = NOW + timedelta(days=30)


async def deleted() -> Offered:
    jazz = await visited()
    await events.delete(jazz.event, by=ANA, now=NOW)
    return jazz


async def naming(event_id: str) -> set[str]:
    """The collections in which an event's id stands anywhere."""
    return set(await traces(event_id))


async def test_nothing_of_it_is_left_but_what_the_team_did() -> None:
    jazz = await deleted()
    left = await naming(jazz.event.id)
    assert {*belonging.collections()} - left == set()
    assert await rounds.end_deleted(UP - timedelta(seconds=61)) == 0
    assert await naming(jazz.event.id) == left  # what stays without it
    assert await rounds.end_deleted(UP) == 1
    await carried_out(UP)
    assert await naming(jazz.event.id) <= {"records", "changes", "deliveries"}
    assert await traces() == {}
    records = (await found(jazz.event.organiser_id, Search.of({}))).records
    assert f"{records[0].who} {records[0].sentence}" == "The clock let go of “Jazz” and all that belonged to it"


async def test_no_audit_ever_finds_half_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BATCH", 1)
    await deleted()
    assert await rounds.end_deleted(UP) == 1
    assert await drift() == []
    while await store.go_on(UP):
        assert await drift() == []


async def test_without_the_note_that_it_is_ending_an_audit_would_find_half_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "BATCH", 1)
    await deleted()
    await rounds.end_deleted(UP)
    seen: list[str] = []
    while await store.go_on(UP):
        note = await kept().erasures.find_one({})
        await kept().erasures.delete_many({})
        try:
            seen += await drift()
        except IndexError:  # a history without its beginning
            seen.append("It cannot be counted.")
        if note:
            await kept().erasures.insert_one(note)
    assert seen


async def test_a_worker_that_dies_in_the_middle_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BATCH", 2)
    jazz = await deleted()
    await rounds.end_deleted(UP)
    for _ in range(8):
        await store.go_on(UP)
    await kept().erasures.update_one({}, {"$set": {"due_at": UP + store.CLAIM}})
    assert await carried_out(UP) == 0
    assert await naming(jazz.event.id) > {"erasures"}
    await carried_out(UP + store.CLAIM)
    assert await naming(jazz.event.id) <= {"records"}


async def test_what_is_brought_back_in_time_stays_whole() -> None:
    jazz = await deleted()
    await events.restore(jazz.event, by=ANA, now=UP)
    assert await rounds.end_deleted(UP) == 0
    assert not await store.end(jazz.event.id, before=UP, now=UP)
    assert (await again(jazz.event)).title == "Jazz"
    assert await drift() == []


async def test_other_events_stay_whole() -> None:
    await deleted()
    choir = await event_with(3, title="Choir")
    await registers(choir, "ben")
    before = {name: text for name, text in (await everything()).items() if choir.event.id in text}
    await rounds.end_deleted(UP)
    await carried_out(UP)
    after = await everything()
    assert {name for name in before if choir.event.id not in after[name]} == set()
    assert await drift() == []


async def test_two_workers_do_each_batch_once() -> None:
    await deleted()
    await rounds.end_deleted(UP)
    assert await rounds.end_deleted(UP) == 0
    await store.go_on(UP)
    one = await kept().erasures.find_one({})
    assert one
    await store.go_on(UP)
    # The slower one knows only where the batch before began.
    slow = await kept().erasures.find_one({})
    assert slow
    assert (slow["stage"], slow["after"]) != ("", one["stage"])
    await carried_out(UP)
    assert await kept().erasures.count_documents({}) == 0


async def test_mongodb_does_not_take_the_event_away_before_its_things() -> None:
    await database.expire("events", "deleted_at", 1)  # as an older version had it
    await retention.apply(retention.AT_FIRST)
    indexes = await kept().events.index_information()
    assert not [name for name, index in indexes.items() if "expireAfterSeconds" in index]


async def test_every_collection_that_names_events_says_what_becomes_of_it() -> None:
    jazz = await visited()
    declared = {*belonging.collections(), *belonging.kept_apart(), "events"}
    indexed = {
        name
        for name, indexes in database._indexes.items()
        for index in indexes
        if any("event_id" in field or "about_event" in field for field in index.document["key"])
    }
    assert indexed - declared == set(), "Declare these with webapp.belonging, beside database.keep"
    assert await naming(jazz.event.id) - declared == set(), "Declare these with webapp.belonging"
