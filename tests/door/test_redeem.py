"""Who is let in, who is not, and what is kept of it."""

from datetime import timedelta

import pytest

from tests.door.making import AtTheDoor, door
from tests.events.making import NOW
from webapp.database import db
from webapp.door import counts
from webapp.door.checkin import Result
from webapp.errors import Conflict, NotAllowed, NotFound
from webapp.when import wall

HOUR = timedelta(hours=1)


async def test_a_ticket_lets_somebody_in(at_the_door: AtTheDoor) -> None:
    verdict = await at_the_door.scans(await at_the_door.ticket("Ines Ober"))
    assert (verdict.result, verdict.headline, verdict.name) == (Result.OK, "Welcome", "Ines Ober")
    assert (await counts.numbers(at_the_door.event.id)).inside == 1


async def test_the_second_scan_is_told_where_and_when_the_first_was(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    later = NOW + timedelta(seconds=12)
    verdict = await at_the_door.scans(ticket, door=at_the_door.device("Ben's phone", "Gate A"), now=later)
    assert verdict.result is Result.ALREADY_IN
    assert verdict.before(later) == "Gate B, 12 s ago, by Ana's phone"


async def test_the_same_nonce_is_the_same_scan(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    first = await at_the_door.scans(ticket, nonce="the-same-one")
    again = await at_the_door.scans(ticket, nonce="the-same-one", now=NOW + HOUR)
    assert again == first
    assert await db().checkins.count_documents({}) == 1


async def test_a_nonce_is_not_used_for_two_tickets(at_the_door: AtTheDoor) -> None:
    await at_the_door.scans(await at_the_door.ticket(), nonce="the-same-one")
    with pytest.raises(Conflict, match="another ticket"):
        await at_the_door.scans(await at_the_door.ticket(), nonce="the-same-one")


async def test_a_code_that_nobody_has_is_unknown_and_kept(at_the_door: AtTheDoor) -> None:
    verdict = await at_the_door.scans("not a code of ours")
    assert verdict.result is Result.UNKNOWN
    assert len(await counts.refusals(at_the_door.event.id)) == 1


@pytest.mark.parametrize(("state", "result"), [("cancelled", Result.CANCELLED), ("pending", Result.UNAPPROVED)])
async def test_a_ticket_that_is_not_valid_is_refused(at_the_door: AtTheDoor, state: str, result: Result) -> None:
    verdict = await at_the_door.scans(await at_the_door.ticket(state=state))
    assert verdict.result is result


async def test_a_list_has_its_ticket_types(at_the_door: AtTheDoor) -> None:
    backstage = await at_the_door.list_of("Backstage", ticket_type_ids=["crew"])
    assert (await at_the_door.scans(await at_the_door.ticket(kind="day"), on=backstage)).result is Result.NOT_ON_LIST
    assert (await at_the_door.scans(await at_the_door.ticket(kind="crew"), on=backstage)).is_ok


async def test_a_list_opens_and_closes(at_the_door: AtTheDoor) -> None:
    zone = at_the_door.event.zone
    evening = await at_the_door.list_of("Evening", opens=wall(NOW + HOUR, zone), closes=wall(NOW + 2 * HOUR, zone))
    ticket = await at_the_door.ticket()
    early, late = (
        await at_the_door.scans(ticket, on=evening),
        await at_the_door.scans(ticket, on=evening, now=NOW + 2 * HOUR),
    )
    assert (early.result, late.result) == (Result.NOT_YET, Result.TOO_LATE)
    assert (await at_the_door.scans(ticket, on=evening, now=NOW + HOUR)).is_ok


@pytest.mark.parametrize(
    ("entries", "again", "after_exit"),
    [
        ("once", Result.ALREADY_IN, Result.ALREADY_IN),
        ("after_exit", Result.ALREADY_IN, Result.OK),
        ("many", Result.OK, Result.OK),
    ],
)
async def test_a_list_says_how_often(at_the_door: AtTheDoor, entries: str, again: Result, after_exit: Result) -> None:
    asked, ticket = await at_the_door.list_of("Hall", entries=entries), await at_the_door.ticket()
    await at_the_door.scans(ticket, on=asked)
    assert (await at_the_door.scans(ticket, on=asked)).result is again
    await at_the_door.leaves(ticket, on=asked)
    assert (await at_the_door.scans(ticket, on=asked)).result is after_exit


async def test_nobody_leaves_who_is_not_inside(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    assert (await at_the_door.leaves(ticket)).result is Result.NOT_INSIDE
    await at_the_door.scans(ticket)
    assert (await at_the_door.leaves(ticket)).headline == "Goodbye"
    assert (await counts.numbers(at_the_door.event.id)).inside == 0


async def test_people_inside_are_counted_once_whatever_list_let_them_in(at_the_door: AtTheDoor) -> None:
    ticket, balcony = await at_the_door.ticket(), await at_the_door.list_of("Balcony")
    await at_the_door.scans(ticket)
    await at_the_door.scans(ticket, on=balcony)
    numbers = await counts.numbers(at_the_door.event.id)
    assert (numbers.inside, numbers.on(at_the_door.everybody.id, "inside"), numbers.on(balcony.id, "inside")) == (
        1,
        1,
        1,
    )
    await at_the_door.leaves(ticket, on=balcony)
    assert (await counts.numbers(at_the_door.event.id)).inside == 1


async def test_a_reason_lets_somebody_in_all_the_same(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    verdict = await at_the_door.scans(ticket, force="Went out for a smoke")
    assert (verdict.result, verdict.forced) == (Result.OK, True)
    assert await db().checkins.find_one({"forced": True, "reason": "Went out for a smoke"})


async def test_no_reason_makes_an_unknown_code_known(at_the_door: AtTheDoor) -> None:
    assert (await at_the_door.scans("nothing", force="Looks honest")).result is Result.UNKNOWN


async def test_a_check_in_can_be_taken_back_once(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    verdict = await at_the_door.scans(ticket)
    assert (await at_the_door.takes_back(verdict)).headline == "Taken back"
    assert (await counts.numbers(at_the_door.event.id)).inside == 0
    assert await at_the_door.takes_back(verdict) == await at_the_door.takes_back(verdict)
    assert (await at_the_door.scans(ticket)).is_ok
    assert await db().checkins.count_documents({}) == 3


async def test_an_exit_that_is_taken_back_leaves_somebody_inside(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    await at_the_door.takes_back(await at_the_door.leaves(ticket))
    assert (await counts.numbers(at_the_door.event.id)).inside == 1


async def test_only_the_same_device_takes_back_and_only_for_a_while(at_the_door: AtTheDoor) -> None:
    verdict = await at_the_door.scans(await at_the_door.ticket())
    with pytest.raises(NotAllowed, match="Only the device"):
        await at_the_door.takes_back(verdict, door=at_the_door.device("Ben's phone"))
    with pytest.raises(NotAllowed, match="fifteen minutes"):
        await at_the_door.takes_back(verdict, after=timedelta(minutes=16))


async def test_what_others_did_since_is_not_taken_back(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    verdict = await at_the_door.scans(ticket)
    await at_the_door.leaves(ticket, door=at_the_door.device("Ben's phone"))
    with pytest.raises(Conflict, match="scanned again"):
        await at_the_door.takes_back(verdict)


async def test_a_refusal_cannot_be_taken_back(at_the_door: AtTheDoor) -> None:
    verdict = await at_the_door.scans("unknown")
    with pytest.raises(NotAllowed, match="nothing to take back"):
        await at_the_door.takes_back(verdict)


async def test_a_list_of_another_event_is_not_there(at_the_door: AtTheDoor) -> None:
    other = await door(title="Elsewhere")
    with pytest.raises(NotFound):
        await at_the_door.scans(await at_the_door.ticket(), on=other.everybody)
    assert (await at_the_door.scans(await other.ticket())).result is Result.UNKNOWN


async def test_an_upload_keeps_when_it_happened_and_when_it_was_learnt(at_the_door: AtTheDoor) -> None:
    await at_the_door.scans(await at_the_door.ticket(), happened_at=NOW - HOUR)
    await at_the_door.scans(await at_the_door.ticket(), happened_at=NOW + HOUR)  # a clock that runs ahead
    kept = await db().checkins.find().to_list(None)
    assert {(one["happened_at"], one["learnt_at"]) for one in kept} == {(NOW - HOUR, NOW), (NOW, NOW)}


async def test_an_exit_from_before_the_last_entry_changes_nothing(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    assert (await at_the_door.leaves(ticket, happened_at=NOW - HOUR)).is_ok
    assert (await counts.numbers(at_the_door.event.id)).inside == 1


async def test_somebody_whose_ticket_was_cancelled_inside_may_leave(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket)
    await db().tickets.update_one({"_id": ticket.id}, {"$set": {"state": "cancelled"}})
    assert (await at_the_door.leaves(ticket)).is_ok
