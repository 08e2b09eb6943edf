"""The line: in order, an offer in the moment a place is free, never beyond what there is."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.events.making import NOW
from tests.registrations.making import (
    ANA,
    EVE,
    MUCH_LATER,
    audited,
    comes,
    event_with,
    left,
    registers,
    state_of,
    wanted,
)
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Details
from webapp.registrations import confirming, ending, movement, store, taking, waiting
from webapp.registrations.registration import Contact, Entry, Registration, Wanted
from webapp.registrations.store import TooLate
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import Offering

pytestmark = pytest.mark.usefixtures("db")


async def test_a_freed_place_is_offered_to_the_next_in_the_same_moment(db: Any) -> None:
    jazz = await event_with(1)
    ana, ben, eve = await registers(jazz, "ana"), await comes(jazz, "ben"), await comes(jazz, "eve")
    assert isinstance(ben, Entry)
    await waiting.tell(ben.id, Contact(name="Ben", email="ben@example.org"), by="ben", now=NOW)
    await ending.cancel(ana.id, by="ana", now=NOW)
    assert [await state_of(ben), await state_of(eve)] == ["offered", "waiting"]
    assert await left(jazz) == 0
    assert await db.mails.count_documents({"to": "ben@example.org", "letter.subject": "It is your turn: Jazz"}) == 1
    assert not (await audited(jazz)).findings


async def test_an_offer_is_taken_up_and_confirmed() -> None:
    jazz = await event_with(1)
    ana, ben = await registers(jazz, "ana"), await comes(jazz, "ben")
    await ending.cancel(ana.id, by="ana", now=NOW)
    accepted = await waiting.accept(ben.id, by="ben", now=NOW)
    assert accepted.state == "accepted"
    assert (await confirming.confirm(ben.id, ANA, by="ben", now=NOW)).state == "confirmed"
    assert not (await audited(jazz)).findings


async def test_an_offer_that_nobody_takes_goes_to_the_next() -> None:
    jazz = await event_with(1)
    ana, ben, eve = await registers(jazz, "ana"), await comes(jazz, "ben"), await comes(jazz, "eve")
    await ending.cancel(ana.id, by="ana", now=NOW)
    with pytest.raises(TooLate):
        await waiting.accept(ben.id, by="ben", now=MUCH_LATER)
    assert await ending.expire(MUCH_LATER) == 1
    assert [await state_of(ben), await state_of(eve)] == ["expired", "offered"]
    assert not (await audited(jazz)).findings


async def test_passing_on_and_leaving_take_one_tap() -> None:
    jazz = await event_with(1)
    ana = await registers(jazz, "ana")
    ben, eve, zoe = [await comes(jazz, who) for who in ("ben", "eve", "zoe")]
    await waiting.leave(eve.id, by="eve", now=NOW)
    await ending.cancel(ana.id, by="ana", now=NOW)
    await waiting.leave(ben.id, by="ben", now=NOW)
    assert [await state_of(one) for one in (ben, eve, zoe)] == ["left", "left", "offered"]
    assert not (await audited(jazz)).findings


async def test_the_first_whose_group_fits_is_next_and_the_rest_keep_their_places() -> None:
    jazz = await event_with(3)
    ana = await registers(jazz, "ana", 3)
    family, couple, one = [await comes(jazz, who, n) for who, n in (("family", 3), ("couple", 2), ("one", 1))]
    await ending.cancel(ana.id, tickets=(ana.tickets[0].id, ana.tickets[1].id), by="ana", now=NOW)
    assert [await state_of(each) for each in (family, couple, one)] == ["waiting", "offered", "waiting"]
    assert isinstance(family, Entry)
    assert await waiting.ahead_of(family) == 0
    assert not (await audited(jazz)).findings


async def test_a_family_waits_as_one_for_adults_and_children() -> None:
    jazz, adult, child = await adults_and_children(2, 2)
    ana = await taking.take(jazz, picks({adult: 2}, "ana"), by="ana", now=NOW)
    ben = await taking.take(jazz, picks({child: 2}, "ben"), by="ben", now=NOW)
    family = await taking.take(jazz, picks({adult: 1, child: 2}, "family"), by="family", now=NOW)
    late = await taking.take(jazz, picks({child: 1}, "late"), by="late", now=NOW)
    await give_back(ben, 1)
    assert [await state_of(family), await state_of(late)] == ["waiting", "offered"]
    await waiting.leave(late.id, by="late", now=NOW)
    await give_back(ben, 1)
    assert await state_of(family) == "waiting"
    await give_back(ana, 1)
    assert await state_of(family) == "offered"
    assert Counter(one.ticket_type_id for one in (await store.get(family.id)).tickets) == {adult: 1, child: 2}
    assert not (await audited(jazz)).findings


async def test_who_waits_for_two_things_is_in_both_lines_but_counted_once() -> None:
    jazz, adult, child = await adults_and_children(0, 0)
    family = await taking.take(jazz, picks({adult: 1, child: 1}, "family"), by="family", now=NOW)
    late = await taking.take(jazz, picks({child: 1}, "late"), by="late", now=NOW)
    assert isinstance(late, Entry)
    assert await waiting.ahead_of(late) == 1
    assert {key: line.entries for key, line in (await waiting.lines(jazz.event.id)).items()} == {adult: 1, child: 2}
    assert await waiting.count(jazz.event.id) == 2
    await waiting.leave(family.id, by="family", now=NOW)
    assert await waiting.ahead_of(late) == 0
    assert not (await audited(jazz)).findings


async def test_a_line_that_stands_still_holds_those_who_wait_for_more_than_it() -> None:
    jazz, adult, child = await adults_and_children(0, 0)
    family = await taking.take(jazz, picks({adult: 1, child: 1}, "family"), by="family", now=NOW)
    await waiting.pause(jazz.event.id, child, is_paused=True, by="eve", now=NOW)
    for pool in await ticket_types.pools(jazz.event.id):
        if pool.id != jazz.event.id:
            await ticket_types.resize(jazz.event, pool.id, 5, by=EVE, now=NOW)
    assert await state_of(family) == "waiting"
    await waiting.pause(jazz.event.id, child, is_paused=False, by="eve", now=NOW)
    assert await state_of(family) == "offered"
    assert not (await audited(jazz)).findings


async def test_what_moved_ahead_says_when_and_by_how_much() -> None:
    jazz = await event_with(2)
    ana = await registers(jazz, "ana", 2)
    line = [await comes(jazz, f"guest {n}") for n in range(5)]
    last = line[-1]
    assert isinstance(last, Entry)
    await waiting.leave(line[2].id, by="guest", now=NOW + timedelta(minutes=1))
    await ending.cancel(ana.id, by="ana", now=NOW + timedelta(minutes=2))
    moves = await waiting.moves(jazz.event.id)
    seen = movement.seen_by(last, moves, await waiting.ahead_of(last), "UTC")
    assert [(one.sentence, one.came_from, one.came_to) for one in seen] == [
        ("2 places free again, 2 groups have an offer", 4, 2),
        ("1 left the line", 5, 4),
    ]
    assert "guest" not in str(moves)


async def test_what_moved_stays_one_small_document(db: Any) -> None:
    jazz = await event_with(1)
    held = [await comes(jazz, f"guest {n}") for n in range(110)]
    for one in held[:-1]:
        await ending.cancel(one.id, by="guest", now=NOW)
    kept = await db.lines.find_one({"_id": jazz.event.id})
    assert len(kept["moves"]) == 200
    assert len(await waiting.moves(jazz.event.id)) < 200
    assert movement.of_lines(kept["moves"], "UTC")[0].sentence == "100 places free again, 100 groups have an offer"


async def adults_and_children(adults: int, children: int) -> tuple[Offered, str, str]:
    """An event whose two ticket types have a pool each."""
    jazz, kinds = await event_with(None), []
    for name, places in (("Adult", adults), ("Child", children)):
        pool = await ticket_types.add_pool(jazz.event, name, places, by=EVE, now=NOW)
        kinds.append(await ticket_types.add(jazz.event, Offering(name=name, pools=[pool]), by=EVE, now=NOW))
    return await ticket_types.offered(jazz.event), kinds[0].id, kinds[1].id


def picks(tickets: dict[str, int], who: str) -> Wanted:
    return Wanted(tickets=tickets, key=f"key of {who}")


async def give_back(one: Registration | Entry, tickets: int) -> None:
    ids = [ticket.id for ticket in (await store.get(one.id)).live_tickets][:tickets]
    await ending.cancel(one.id, tickets=tuple(ids), by="ana", now=NOW)


async def test_nobody_who_comes_later_goes_ahead_of_those_who_wait() -> None:
    jazz = await event_with(2)
    ana, ben = await registers(jazz, "ana", 2), await comes(jazz, "ben")
    await waiting.pause(jazz.event.id, jazz.types[0].id, is_paused=True, by="eve", now=NOW)
    await ending.cancel(ana.id, by="ana", now=NOW)
    late = await comes(jazz, "late")
    assert [await state_of(ben), await state_of(late), await left(jazz)] == ["waiting", "waiting", 2]
    await waiting.pause(jazz.event.id, jazz.types[0].id, is_paused=False, by="eve", now=NOW)
    assert [await state_of(ben), await state_of(late), await left(jazz)] == ["offered", "offered", 0]
    assert not (await audited(jazz)).findings


async def test_an_organiser_offers_by_hand_but_never_more_than_there_is() -> None:
    jazz = await event_with(2)
    ana, couple, one = await registers(jazz, "ana", 2), await comes(jazz, "couple", 2), await comes(jazz, "one")
    await waiting.pause(jazz.event.id, jazz.types[0].id, is_paused=True, by="eve", now=NOW)
    with pytest.raises(Conflict):
        await waiting.offer(one.id, by="eve", now=NOW)
    await ending.cancel(ana.id, tickets=(ana.tickets[0].id,), by="ana", now=NOW)
    await waiting.offer(one.id, by="eve", now=NOW)
    with pytest.raises(Conflict):
        await waiting.offer(couple.id, by="eve", now=NOW)
    assert [await state_of(couple), await state_of(one)] == ["waiting", "offered"]
    assert not (await audited(jazz)).findings


async def test_more_capacity_reaches_the_line_at_once_in_order() -> None:
    jazz = await event_with(1)
    await comes(jazz, "ana")
    line = [await comes(jazz, f"guest {n}") for n in range(5)]
    more = Details.model_validate(jazz.event.model_dump() | {"capacity": 4})
    await events.edit(jazz.event, more, version=1, by=EVE, now=NOW)
    assert [await state_of(one) for one in line] == ["offered"] * 3 + ["waiting"] * 2
    assert isinstance(line[4], Entry)
    assert await waiting.ahead_of(line[4]) == 1
    assert not (await audited(jazz)).findings


async def test_an_offer_is_accepted_or_over_but_never_both() -> None:
    jazz = await event_with(10)
    full = [await registers(jazz, f"first{n}") for n in range(10)]
    line = [await comes(jazz, f"next{n}") for n in range(10)]
    for one in full:
        await ending.cancel(one.id, by="ana", now=NOW)
    end = NOW + timedelta(hours=12)
    accepting = [waiting.accept(one.id, by="next", now=end - timedelta(microseconds=1)) for one in line]
    answers = await asyncio.gather(*accepting, ending.expire(end), return_exceptions=True)
    states = [await state_of(one) for one in line]
    assert all(isinstance(answer, Entry | TooLate) for answer in answers[:10])
    assert [state == "accepted" for state in states] == [isinstance(answer, Entry) for answer in answers[:10]]
    assert not (await audited(jazz)).findings


async def test_a_chain_of_offers_that_nobody_takes_reaches_the_last_and_then_everybody() -> None:
    jazz = await event_with(1)
    ana, line = await registers(jazz, "ana"), [await comes(jazz, f"guest {n}") for n in range(4)]
    await ending.cancel(ana.id, by="ana", now=NOW)
    length = timedelta(minutes=jazz.form.offer_minutes)
    for turn, _ in enumerate(line):
        states = [await state_of(one) for one in line]
        assert states == ["expired"] * turn + ["offered"] + ["waiting"] * (3 - turn)
        ends = NOW + (turn + 1) * length
        assert await ending.expire(ends - timedelta(microseconds=1)) == 0
        assert await ending.expire(ends) == 1
    assert await left(jazz) == 1
    late = await taking.take(jazz, wanted(jazz, "late"), by="late", now=NOW)
    assert isinstance(late, Registration)
    assert not (await audited(jazz)).findings


async def test_an_offer_that_is_taken_up_late_ends_with_its_hold() -> None:
    jazz = await event_with(1)
    ana, ben, eve = await registers(jazz, "ana"), await comes(jazz, "ben"), await comes(jazz, "eve")
    await ending.cancel(ana.id, by="ana", now=NOW)
    end = NOW + timedelta(minutes=jazz.form.offer_minutes)
    just_before = end - timedelta(seconds=1)
    await waiting.accept(ben.id, by="ben", now=just_before)
    assert await ending.expire(end) == 0
    over = just_before + timedelta(minutes=jazz.form.hold_minutes)
    assert await ending.expire(over) == 1
    assert (await store.get(ben.id)).state == "expired"
    assert await state_of(eve) == "offered"
    assert not (await audited(jazz)).findings
