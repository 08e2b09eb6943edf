"""More tickets, fewer and others: while they are held and later, by whoever registered and by the team."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.events.making import NOW
from tests.registrations.making import EVE, LATER, audited, comes, event_with, left, registers, state_of, wanted
from webapp.errors import Conflict, Invalid, NotAllowed
from webapp.places import amending as deciding
from webapp.registrations import amending, confirming, ending, filling, listing, store, taking, team, waiting
from webapp.registrations.registration import Attendee, Contact, Registration, State
from webapp.registrations.store import SoldOut, TooLate
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import Offering

pytestmark = pytest.mark.usefixtures("db")
CONTACT = Contact(name="Ana", email="ana@example.org")
BY: Any = {"by": "ana", "now": NOW}


def names(one: Registration) -> Counter[str]:
    return Counter(ticket.ticket_type_id for ticket in one.live_tickets)


async def with_children(places: int, children: int, **more: Any) -> tuple[Offered, str, str]:
    """An event with a second ticket type that has a pool of its own."""
    jazz = await event_with(places)
    pool = await ticket_types.add_pool(jazz.event, "Children", children, by=EVE, now=NOW)
    kind = await ticket_types.add(jazz.event, Offering(name="Child", pools=[pool], **more), by=EVE, now=NOW)
    return await ticket_types.offered(jazz.event), jazz.types[0].id, kind.id


async def test_a_hold_becomes_one_for_more_for_fewer_and_for_others() -> None:
    jazz, adult, child = await with_children(5, 5)
    held = await comes(jazz, "ana", 2)
    assert isinstance(held, Registration)
    for counts in ({adult: 3}, {adult: 1, child: 2}, {child: 1}):
        held = await amending.recount(jazz, held, counts, **BY)
        assert names(held) == counts
        assert not (await audited(jazz)).findings
    assert await left(jazz) == 5
    assert (await confirming.confirm(held.id, CONTACT, by="ana", now=NOW)).state is State.CONFIRMED
    assert not (await audited(jazz)).findings


async def test_a_form_that_is_sent_twice_changes_the_hold_once() -> None:
    jazz = await event_with(9)
    held = await comes(jazz, "ana")
    assert isinstance(held, Registration)
    await asyncio.gather(*(amending.recount(jazz, held, {jazz.event.id: 3}, **BY) for _ in range(5)))
    assert names(await store.get(held.id)) == {jazz.event.id: 3}
    assert not (await audited(jazz)).findings


async def test_more_tickets_open_the_door_and_the_letter_counts_them(db: Any) -> None:
    jazz = await event_with(3)
    mine = await registers(jazz, "ana")
    again = [{"key": "one form", **BY}] * 2
    for how in again:
        await amending.add(jazz, mine, {jazz.event.id: 2}, [Attendee(name="Ben"), Attendee()], **how)
    assert sorted([one["name"] async for one in db.tickets.find({"state": "valid"})]) == ["Ben", "ana", "ana"]
    assert await left(jazz) == 0
    letters = [one["letter"]["paragraphs"][0] async for one in db.mails.find({"letter.subject": {"$regex": "changed"}})]
    assert letters == ["You have 3 tickets now for “Jazz”."]
    assert [one.what for one in await listing.history(mine)] == ["held", "confirmed", "more tickets"]
    assert not (await audited(jazz)).findings


async def test_nobody_gets_more_than_there_are_or_ahead_of_those_who_wait() -> None:
    jazz = await event_with(2)
    ana, ben = await registers(jazz, "ana"), await registers(jazz, "ben")
    with pytest.raises(SoldOut):
        await amending.add(jazz, ana, {jazz.event.id: 1}, key="first", **BY)
    eve = await comes(jazz, "eve", 2)
    await ending.cancel(ben.id, **BY)
    with pytest.raises(SoldOut, match="1 waiting"):
        await amending.add(jazz, ana, {jazz.event.id: 1}, key="second", **BY)
    grown = await team.add_tickets(jazz, ana, {jazz.event.id: 1}, key="third", by=EVE, now=NOW)
    assert len(grown.live_tickets) == 2
    assert await state_of(eve) == "waiting"
    with pytest.raises(SoldOut):
        await team.add_tickets(jazz, ana, {jazz.event.id: 1}, key="fourth", by=EVE, now=NOW)
    assert not (await audited(jazz)).findings


async def test_the_last_place_goes_to_one_of_two_who_want_one_more() -> None:
    jazz = await event_with(9)
    people = [await registers(jazz, f"guest{n}") for n in range(8)]
    asked = [amending.add(jazz, one, {jazz.event.id: 1}, key="more", **BY) for one in people]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert Counter(type(one) for one in answers) == {Registration: 1, SoldOut: 7}
    assert not (await audited(jazz)).findings


async def test_a_place_that_is_given_back_in_exchange_goes_to_the_line() -> None:
    jazz, adult, child = await with_children(1, 1)
    held, ben = await comes(jazz, "ana"), await comes(jazz, "ben")
    assert isinstance(held, Registration)
    await amending.recount(jazz, held, {child: 1}, **BY)
    assert await state_of(ben) == "offered"
    with pytest.raises(SoldOut):
        await amending.recount(jazz, await store.get(held.id), {adult: 1}, **BY)
    assert not (await audited(jazz)).findings


async def test_what_an_attendee_may_have_is_what_the_type_allows_and_the_team_may_more() -> None:
    jazz, adult, pair = await with_children(20, 20, least=2, most=4)
    mine = await registers(jazz, "ana")
    with pytest.raises(Invalid, match="Take 2 or more"):
        await amending.add(jazz, mine, {pair: 1}, key="first", **BY)
    mine = await amending.add(jazz, mine, {pair: 2}, key="second", **BY)
    with pytest.raises(Invalid, match="4 at most"):
        await amending.add(jazz, mine, {pair: 3}, key="third", **BY)
    of_pair = [one for one in mine.live_tickets if one.ticket_type_id == pair]
    with pytest.raises(Conflict, match="for 2 or more"):
        await amending.give_back(jazz, mine, [of_pair[0].id], **BY)
    mine = await team.give_back(mine, of_pair[0], by=EVE, now=NOW)
    mine = await team.add_tickets(jazz, mine, {pair: 9}, key="fourth", by=EVE, now=NOW)
    assert names(mine) == {adult: 1, pair: 10}
    with pytest.raises(Conflict, match="too many tickets"):
        await team.add_tickets(jazz, mine, {pair: 10}, key="fifth", by=EVE, now=NOW)
    assert not (await audited(jazz)).findings


async def test_two_who_add_at_once_stay_below_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    jazz = await event_with(50)
    mine = await registers(jazz, "ana", 8)
    keys = [f"window {n}" for n in range(4)]
    asked = [amending.add(jazz, mine, {jazz.event.id: 1}, key=key, **BY) for key in keys]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Registration) for one in answers) == 2
    assert len((await store.get(mine.id)).live_tickets) == 10
    monkeypatch.setattr(deciding, "_are_too_many", lambda *_: False)
    for key in ("without", "the guard"):
        await amending.add(jazz, mine, {jazz.event.id: 1}, key=key, **BY)
    assert len((await store.get(mine.id)).live_tickets) == 12


async def test_nothing_is_had_when_it_is_closed_or_too_late() -> None:
    jazz, adult, child = await with_children(9, 9, opens_at=NOW + timedelta(days=1))
    held, mine = await comes(jazz, "ana"), await registers(jazz, "ben")
    assert isinstance(held, Registration)
    with pytest.raises(NotAllowed, match="opens on"):
        await amending.add(jazz, mine, {child: 1}, key="first", **BY)
    with pytest.raises(NotAllowed, match="closed"):
        await amending.add(jazz, mine, {adult: 1}, key="second", by="ana", now=jazz.event.ends_at)
    with pytest.raises(TooLate):
        await amending.recount(jazz, held, {adult: 2}, by="ana", now=LATER)
    assert await left(jazz) == 7
    assert names(await team.add_tickets(jazz, mine, {child: 1}, key="third", by=EVE, now=NOW))[child] == 1


async def test_a_registration_that_is_changed_for_ever_stays_small() -> None:
    jazz = await event_with(50)
    held = await comes(jazz, "ana")
    assert isinstance(held, Registration)
    for count in [10, 1] * 6:
        held = await amending.recount(jazz, held, {jazz.event.id: count}, **BY)
    with pytest.raises(Conflict, match="too many tickets"):
        await amending.recount(jazz, held, {jazz.event.id: 10}, **BY)
    assert len((await store.get(held.id)).tickets) <= deciding.MOST_EVER
    assert not (await audited(jazz)).findings


async def test_what_is_typed_for_a_ticket_stays_with_it_while_others_come_and_go() -> None:
    jazz, adult, child = await with_children(9, 9)
    both = wanted(jazz, "ana").model_copy(update={"tickets": {adult: 2, child: 1}})
    held = await taking.take(jazz, both, by="ana", now=NOW)
    assert isinstance(held, Registration)
    after = await amending.recount(jazz, held, {adult: 1, child: 2}, **BY)
    typed = {"name": "Ana", "t1.name": "Ben", "t2.name": "Eve", "t3.name": "Kid"}
    moved = filling.renumbered(typed, held.live_tickets, after.live_tickets)
    assert moved == {"name": "Ana", "t1.name": "Ben", "t2.name": "Kid"}


async def test_an_offer_that_was_taken_up_can_be_for_fewer() -> None:
    jazz = await event_with(3)
    ana, ben = await registers(jazz, "ana", 3), await comes(jazz, "ben", 3)
    eve = await comes(jazz, "eve")
    await ending.cancel(ana.id, **BY)
    await waiting.accept(ben.id, by="ben", now=NOW)
    held = await store.get(ben.id)
    await amending.recount(jazz, held, {jazz.event.id: 2}, **BY)
    assert await state_of(eve) == "offered"
    assert not (await audited(jazz)).findings
