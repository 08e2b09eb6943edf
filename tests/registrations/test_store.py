"""Holds, confirmations, cancellations and what becomes of them when their time is over."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.events.making import NOW
from tests.registrations.making import ANA, EVE, LATER, audited, comes, event_with, left, registers, state_of, wanted
from webapp.errors import Conflict, Invalid, NotAllowed, NotFound
from webapp.events import store as events
from webapp.registrations import changing, confirming, ending, store, taking
from webapp.registrations.registration import Attendee, Contact, Entry, Registration, State
from webapp.registrations.store import SoldOut, TooLate
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.ticket_type import Offering

pytestmark = pytest.mark.usefixtures("db")


async def test_a_hold_takes_places_and_its_confirmation_makes_tickets(db: Any) -> None:
    jazz = await event_with(3)
    held = await comes(jazz, "ana", 2)
    assert held.state == State.HELD
    assert await left(jazz) == 1

    confirmed = await confirming.confirm(held.id, ANA, by="ana", now=NOW)
    assert confirmed.state == State.CONFIRMED
    assert await left(jazz) == 1
    secrets = [ticket["secret"] async for ticket in db.tickets.find()]
    assert len(set(secrets)) == 2
    assert all(len(secret) == 28 for secret in secrets)
    assert await db.mails.count_documents({"to": "ana@example.org"}) == 1
    assert not (await audited(jazz)).findings


async def test_a_repeated_submit_never_takes_two_places() -> None:
    jazz = await event_with(5)
    answers = await asyncio.gather(*(comes(jazz, "ana") for _ in range(20)), comes(jazz, "ben"))
    assert len({answer.id for answer in answers}) == 2
    assert (await comes(jazz, "ana")).id == answers[0].id
    assert await left(jazz) == 3


async def test_a_repeated_confirmation_posts_one_mail(db: Any) -> None:
    jazz = await event_with(5)
    held = await comes(jazz, "ana")
    both = await asyncio.gather(*(confirming.confirm(held.id, ANA, by="ana", now=NOW) for _ in range(2)))
    assert [one.state for one in both] == [State.CONFIRMED, State.CONFIRMED]
    assert await db.mails.count_documents({}) == await db.tickets.count_documents({}) == 1


async def test_a_hold_ends_when_its_time_is_over_and_not_before() -> None:
    jazz = await event_with(1)
    held = await comes(jazz, "ana")
    assert await ending.expire(NOW + timedelta(minutes=9)) == 0
    assert await ending.expire(LATER) == 1
    assert (await store.get(held.id)).state == State.EXPIRED
    assert await left(jazz) == 1
    with pytest.raises(TooLate):
        await confirming.confirm(held.id, ANA, by="ana", now=LATER)


async def test_a_hold_that_ends_at_the_moment_of_its_confirmation_has_one_outcome() -> None:
    jazz = await event_with(40)
    holds = [await comes(jazz, f"guest {n}") for n in range(20)]
    end = NOW + timedelta(minutes=10)
    just_before = end - timedelta(microseconds=1)
    confirmations = [confirming.confirm(hold.id, ANA, by="ana", now=just_before) for hold in holds]
    answers = await asyncio.gather(*confirmations, ending.expire(end), ending.expire(end), return_exceptions=True)
    confirmed = [one for one in answers[:20] if isinstance(one, Registration)]
    assert all(isinstance(one, Registration | TooLate) for one in answers[:20])
    assert sum(int(one) for one in answers[20:]) == 20 - len(confirmed)  # type: ignore[call-overload]
    assert await left(jazz) == 40 - len(confirmed)
    assert not (await audited(jazz)).findings


async def test_giving_back_some_tickets_frees_just_these(db: Any) -> None:
    jazz = await event_with(4)
    registration = await registers(jazz, "ana", 3)
    reduced = await ending.cancel(registration.id, tickets=(registration.tickets[1].id,), by="ana", now=NOW)
    assert reduced.state == State.CONFIRMED
    assert len(reduced.live_tickets) == 2
    assert await left(jazz) == 2
    await ending.cancel(registration.id, by="ana", now=NOW)
    await ending.cancel(registration.id, by="ana", now=NOW)
    assert (await store.get(registration.id)).state == State.CANCELLED
    assert await left(jazz) == 4
    assert await db.tickets.count_documents({"state": "valid"}) == 0
    assert not (await audited(jazz)).findings


async def test_one_who_does_not_want_to_wait_is_told_how_many_do() -> None:
    jazz = await event_with(1)
    await comes(jazz, "ana")
    await comes(jazz, "ben")
    with pytest.raises(SoldOut, match="1 waiting"):
        await comes(jazz, "eve", would_wait=False)


async def test_two_types_share_a_pool_and_one_needs_two() -> None:
    jazz = await event_with(10)
    lunch = await ticket_types.add_pool(jazz.event, "Lunch", 2, by=EVE, now=NOW)
    typed = Offering(name="With lunch", pools=[jazz.event.id, lunch])
    with_lunch = await ticket_types.add(jazz.event, typed, by=EVE, now=NOW)
    jazz = await ticket_types.offered(jazz.event)
    plain = wanted(jazz, "ana", 8)
    await taking.take(jazz, plain, by="ana", now=NOW)
    both = plain.model_copy(update={"tickets": {with_lunch.id: 2}, "key": "key of ben"})
    assert isinstance(await taking.take(jazz, both, by="ben", now=NOW), Registration)
    assert [pool.left for pool in await ticket_types.pools(jazz.event.id)] == [0, 0]
    assert isinstance(await comes(jazz, "eve"), Entry)
    assert not (await audited(jazz)).findings


async def test_what_is_not_open_yet_or_hidden_cannot_be_had() -> None:
    jazz = await event_with(10)
    opens_at = NOW + timedelta(minutes=5)
    typed = Offering(name="Friends", pools=[jazz.event.id], opens_at=opens_at, code="Open Sesame", most=2)
    friends = await ticket_types.add(jazz.event, typed, by=EVE, now=NOW)
    jazz = await ticket_types.offered(jazz.event)
    ask = wanted(jazz, "ana").model_copy(update={"tickets": {friends.id: 1}})
    with pytest.raises(NotFound):
        await taking.take(jazz, ask, by="ana", now=LATER)
    knows = ask.model_copy(update={"code": "open sesame"})
    with pytest.raises(NotAllowed, match="opens on"):
        await taking.take(jazz, knows, by="ana", now=opens_at - timedelta(microseconds=1))
    with pytest.raises(Invalid, match="2 at most"):
        await taking.take(jazz, knows.model_copy(update={"tickets": {friends.id: 3}}), by="ana", now=opens_at)
    assert isinstance(await taking.take(jazz, knows, by="ana", now=opens_at), Registration)


async def test_the_opening_of_a_ticket_type_is_a_change_of_its_document() -> None:
    jazz = await event_with(10)
    opens_at = NOW + timedelta(minutes=5)
    await ticket_types.add(jazz.event, Offering(name="Late", pools=[jazz.event.id], opens_at=opens_at), by=EVE, now=NOW)
    assert [one.sale for one in (await ticket_types.offered(jazz.event)).types] == ["open", "before"]
    assert await ticket_types.turn(opens_at) == 1
    assert [one.sale for one in (await ticket_types.offered(jazz.event)).types] == ["open", "open"]


async def test_an_organiser_says_yes_or_no() -> None:
    jazz = await event_with(2)
    await ticket_types.open_places(jazz.event)
    first = Offering(name="Ticket", pools=[jazz.event.id], needs_approval=True)
    await ticket_types.edit(jazz.event, jazz.event.id, first, by=EVE, now=NOW)
    jazz = await ticket_types.offered(jazz.event)
    ana, ben = await registers(jazz, "ana"), await registers(jazz, "ben")
    assert ana.state == ben.state == State.PENDING
    assert (await confirming.approve(ana.id, by="eve", now=NOW)).state == State.CONFIRMED
    assert (await ending.cancel(ben.id, by="eve", now=NOW)).state == State.CANCELLED
    assert await left(jazz) == 1
    assert not (await audited(jazz)).findings


async def test_capacity_never_goes_below_what_is_taken_unless_said_so() -> None:
    jazz = await event_with(None)
    chairs = await ticket_types.add_pool(jazz.event, "Chairs", 5, by=EVE, now=NOW)
    await ticket_types.edit(jazz.event, jazz.event.id, Offering(name="Ticket", pools=[chairs]), by=EVE, now=NOW)
    jazz = await ticket_types.offered(jazz.event)
    await comes(jazz, "ana", 4)
    with pytest.raises(Conflict, match="4 places are taken"):
        await ticket_types.resize(jazz.event, chairs, 3, by=EVE, now=NOW)
    await ticket_types.resize(jazz.event, chairs, 3, by=EVE, now=NOW, even_beyond=True)
    assert {pool.left for pool in await ticket_types.pools(jazz.event.id)} == {None, -1}
    assert await state_of(await comes(jazz, "ben")) == "waiting"
    assert not (await audited(jazz)).findings


async def test_a_cancelled_event_takes_nobody() -> None:
    jazz = await event_with(5)
    cancelled = await events.cancel(jazz.event, by=EVE, now=NOW)
    with pytest.raises(NotAllowed):
        await comes(await ticket_types.offered(cancelled), "ana")


async def test_an_organiser_adds_people_also_beyond_what_there_is() -> None:
    jazz = await event_with(1)
    await comes(jazz, "ana")
    with pytest.raises(SoldOut):
        await taking.add_by_hand(jazz, wanted(jazz, "ben"), ANA, by="eve", now=NOW)
    added = await taking.add_by_hand(jazz, wanted(jazz, "ben"), ANA, by="eve", now=NOW, even_beyond=True)
    assert added.state == State.CONFIRMED
    assert await left(jazz) == -1
    assert not (await audited(jazz)).findings


async def test_the_last_place_asked_for_twice_by_one_form_is_answered_the_same(db: Any, connection: Any) -> None:
    jazz = await event_with(1)
    asked = wanted(jazz, "ana", would_wait=False)
    first = await taking.take(jazz, asked, by="ana", now=NOW)
    assert (await taking.take(jazz, asked, by="ana", now=NOW)).id == first.id
    with pytest.raises(SoldOut):
        await taking.take(jazz, wanted(jazz, "ben", would_wait=False), by="ben", now=NOW)


async def test_a_ticket_that_is_passed_on_opens_the_door_to_its_new_holder_only(db: Any) -> None:
    jazz = await event_with(3)
    registration = await registers(jazz, "ana", 2)
    before = {one["_id"]: one["secret"] async for one in db.tickets.find()}
    kept, passed = (ticket.id for ticket in registration.tickets)
    ben = Attendee(name="Ben", email="ben@example.org")
    await changing.change(registration.id, ANA, attendees={passed: ben}, by="ana", now=NOW)
    after = {one["_id"]: one async for one in db.tickets.find()}
    assert after[kept]["secret"] == before[kept]
    assert after[passed]["secret"] != before[passed]
    assert after[passed]["former"] == [before[passed]]
    assert "former" not in after[kept]
    assert (after[passed]["name"], after[passed]["words"]) == ("Ben", ["ben"])
    assert not (await audited(jazz)).findings


async def test_a_corrected_name_or_another_address_of_whoever_registered_leaves_the_code(db: Any) -> None:
    jazz = await event_with(3)
    registration = await registers(jazz, "ana", 2)
    before = {one["_id"]: one["secret"] async for one in db.tickets.find()}
    corrected = {registration.tickets[0].id: Attendee(name="Anna")}
    moved = Contact(name="Anna", email="anna@example.org")
    await changing.change(registration.id, moved, attendees=corrected, by="ana", now=NOW)
    assert {one["_id"]: one["secret"] async for one in db.tickets.find()} == before
    assert {one["name"] async for one in db.tickets.find()} == {"Anna"}


async def test_a_ticket_that_is_taken_back_is_another_one_again(db: Any) -> None:
    jazz = await event_with(3)
    registration = await registers(jazz, "ana")
    (ticket,) = registration.tickets
    secrets, ana = set(), Contact(name="ana", email="ana@example.org")
    for email in ("ben@example.org", "", "ANA@example.org"):
        named = {ticket.id: Attendee(email=email)}
        await changing.change(registration.id, ana, attendees=named, by="ana", now=NOW)
        secrets.add((await db.tickets.find_one())["secret"])
    assert len(secrets) == 2
