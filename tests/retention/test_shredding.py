"""The people of a past event are taken out of everything, and every number stays."""

from datetime import timedelta
from typing import Any

import pytest

from tests.events.making import ANA, NOW, again
from tests.registrations.making import event_with, registers
from tests.retention.making import AFTER, TRACES, carried_out, drift, everything, traces, visited
from tests.team import house
from webapp.audit.search import Search
from webapp.audit.store import found
from webapp.database import db as database
from webapp.door import counts
from webapp.errors import Conflict
from webapp.places import audit
from webapp.retention import policy, rounds, store
from webapp.retention.policy import Keeping
from webapp.ticket_types.store import Offered

pytestmark = pytest.mark.usefixtures("db")


async def numbers(offered: Offered) -> Any:
    """What dashboards show."""
    book = await database().books.find_one({"_id": offered.event.id})
    return book, await counts.numbers(offered.event.id), (await audit.audit(offered.event.id, now=NOW)).taken


async def test_nobody_is_named_afterwards_and_the_numbers_are_the_same() -> None:
    jazz = await visited()
    before = await numbers(jazz)
    there = {word for some in (await traces()).values() for word in some}
    assert there == {*TRACES}  # what stays when nothing is done
    assert await store.known_by(jazz.event) == 1
    await store.shred(jazz.event, by=ANA, now=AFTER)
    await carried_out()
    assert await traces() == {}
    assert await numbers(jazz) == before
    assert await drift() == []
    assert await store.known_by(jazz.event) == 0


async def test_links_to_accounts_go_too() -> None:
    jazz = await visited()
    quillon = await database().people.find_one({"email_key": "quillon@example.org"})
    assert quillon
    assert {"registrations", "ledger"} <= set(await traces(quillon["_id"]))
    await store.shred(jazz.event, by=ANA, now=AFTER)
    await carried_out()
    assert set(await traces(quillon["_id"])) <= {"records", "links"}


async def test_what_is_told_to_programs_names_nobody() -> None:
    await visited()
    kept = await everything()
    assert not [word for name in ("changes", "deliveries") for word in TRACES if word in kept.get(name, "")]


async def test_other_events_keep_theirs() -> None:
    jazz, choir = await visited(), await event_with(3, title="Choir")
    await registers(choir, "ben")
    await store.shred(jazz.event, by=ANA, now=AFTER)
    await carried_out()
    assert await store.known_by(choir.event) == 1
    assert "ben@example.org" in (await everything())["registrations"]


async def test_it_is_recorded_who_asked_and_when_it_was_done() -> None:
    jazz = await visited()
    await store.shred(jazz.event, by=ANA, now=AFTER)
    await carried_out()
    records = (await found(jazz.event.organiser_id, Search.of({}))).records
    said = [f"{one.who} {one.sentence}" for one in records if "personal data" in one.sentence]
    assert sorted(said) == [
        "Ana had the personal data of “Jazz” destroyed",
        "The clock destroyed the personal data of “Jazz”",
    ]


async def test_an_event_that_is_not_over_keeps_its_people() -> None:
    jazz = await visited()
    with pytest.raises(Conflict, match="not over"):
        await store.shred(jazz.event, by=ANA, now=NOW)
    assert await carried_out() == 0
    assert await store.known_by(jazz.event) == 1


@pytest.mark.parametrize("size", [1, 2])
async def test_a_worker_that_dies_between_two_batches_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("webapp.registrations.shredding.BATCH", size)
    jazz = await event_with(9)
    for who in ("ana", "ben", "eve", "zoe", "kim"):
        await registers(jazz, who)
    await store.shred(jazz.event, by=ANA, now=AFTER)
    while await store.known_by(jazz.event) == 5:
        await store.go_on(AFTER)
    assert await store.known_by(jazz.event) == 5 - size
    assert await drift() == []
    # It has claimed the next batch and is gone.
    await database().erasures.update_one({}, {"$set": {"due_at": AFTER + store.CLAIM}})
    assert await carried_out(AFTER + timedelta(seconds=1)) == 0
    await carried_out(AFTER + store.CLAIM)
    assert await store.known_by(jazz.event) == 0
    one = await store.of_event(jazz.event.id)
    assert one
    assert (one.people, one.is_over) == (5, True)


async def test_nothing_goes_by_itself_until_somebody_says_so() -> None:
    await visited()
    assert await rounds.shred_past(AFTER + timedelta(days=3650)) == 0


async def test_an_organiser_says_after_how_many_days() -> None:
    jazz, organiser = await visited(), await house()
    await policy.choose(organiser, Keeping(keeping="days", personal_days=30), by=ANA, now=NOW)
    assert await rounds.shred_past(jazz.event.ends_at + timedelta(days=29)) == 0
    await rounds.hurry()
    assert await rounds.shred_past(jazz.event.ends_at + timedelta(days=30)) == 1
    await carried_out(jazz.event.ends_at + timedelta(days=30))
    assert await traces() == {}
    await rounds.hurry()
    assert await rounds.shred_past(jazz.event.ends_at + timedelta(days=31)) == 0


async def test_the_installation_decides_for_those_who_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_installation", [7])
    jazz, organiser = await visited(), await house()
    await policy.choose(organiser, Keeping(keeping="forever"), by=ANA, now=NOW)
    long_after = jazz.event.ends_at + timedelta(days=800)
    assert await rounds.shred_past(long_after) == 0
    await policy.choose(organiser, Keeping(keeping="default"), by=ANA, now=NOW)
    await rounds.hurry()
    assert await rounds.shred_past(long_after) == 1


async def test_who_registers_afterwards_is_taken_out_at_the_next_round() -> None:
    jazz, organiser = await event_with(9), await house()
    await policy.choose(organiser, Keeping(keeping="days", personal_days=1), by=ANA, now=NOW)
    assert await rounds.shred_past(AFTER) == 1
    await carried_out()
    later = AFTER + timedelta(hours=2)
    await registers(jazz, "ben")
    await database().books.update_one({"_id": jazz.event.id}, {"$set": {"at": AFTER + timedelta(hours=1)}})
    assert await rounds.shred_past(later) == 1
    await carried_out(later)
    assert await store.known_by(jazz.event) == 0
    assert (await again(jazz.event)).title == "Jazz"


async def test_a_stage_that_only_a_newer_version_knows_is_left_to_its_workers() -> None:
    jazz = await visited()
    await store.shred(jazz.event, by=ANA, now=AFTER)
    await database().erasures.update_one({}, {"$set": {"stage": "persons in seats"}})
    assert await store.go_on(AFTER) == 0
    one = await store.of_event(jazz.event.id)
    assert one
    assert one.stage == "persons in seats"


@pytest.mark.parametrize("what", ["deleted events", "past events", "the next batch"])
async def test_what_is_due_is_found_by_an_index(what: str) -> None:
    jazz = await event_with(1)
    collection, query = {
        "deleted events": ("events", rounds.deleted(AFTER)),
        "past events": ("events", rounds.past(jazz.event.organiser_id, AFTER)),
        "the next batch": ("erasures", store.due(AFTER)),
    }[what]
    plan = str((await database()[collection].find(query).explain())["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
