"""What a phone tells afterwards: twice, late, out of order, and with a clock that is wrong."""

import asyncio
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from quart import Quart

from tests.door.making import AtTheDoor, linked, phone, text
from tests.events.making import NOW
from webapp.database import db
from webapp.door import counts
from webapp.door.checkin import Kind, Result, Ticket, Verdict
from webapp.door.wishes import Door

MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)
BEGAN = NOW - timedelta(hours=2)


def a_phone(made: AtTheDoor, name: str = "Ana's phone") -> Door:
    known = made.device(name)
    return Door(known.organiser_id, known.event_id, known.device_id, name, known.gate_id, known.gate, BEGAN)


async def uploads(made: AtTheDoor, ticket: Ticket, at: datetime, **how: Any) -> Verdict:
    return await made.scans(ticket, happened_at=at, **{"door": a_phone(made), **how})


async def kept() -> list[dict[str, Any]]:
    return [dict(one) for one in await db().checkins.find({"result": "ok"}).to_list(None)]


async def test_an_upload_that_arrives_twice_is_one_check_in(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    again = [uploads(at_the_door, ticket, NOW - MINUTE, nonce="the-same-one", now=NOW + n * MINUTE) for n in range(5)]
    told = await asyncio.gather(*again)
    assert all(one == told[0] for one in told)
    (one,) = await kept()
    assert one["happened_at"] == NOW - MINUTE


async def test_a_late_upload_is_told_who_let_them_in_meanwhile(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await at_the_door.scans(ticket, door=a_phone(at_the_door, "Ben's phone"))
    told = await uploads(at_the_door, ticket, NOW - 5 * MINUTE, now=NOW + 12 * MINUTE)
    assert (told.result, told.before(NOW + 12 * MINUTE)) == (Result.ALREADY_IN, "Gate B, 12 min ago, by Ben's phone")
    assert len(await kept()) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_whatever_order_uploads_come_in_they_end_where_they_went_last(
    at_the_door: AtTheDoor, order: tuple[int, ...]
) -> None:
    hall, ticket = await at_the_door.list_of("Hall", entries="after_exit"), await at_the_door.ticket()
    steps = [(Kind.ENTRY, 30), (Kind.EXIT, 20), (Kind.ENTRY, 10)]
    for number in order:
        kind, minutes = steps[number]
        # What happened already is told as such: nobody is sent away by it any more.
        await uploads(at_the_door, ticket, NOW - minutes * MINUTE, kind=kind, on=hall, force="Scanned without network")
    assert (await counts.numbers(at_the_door.event.id)).inside == 1
    assert len(await kept()) == 3


async def test_who_left_is_not_inside_again_by_an_entry_that_comes_late(at_the_door: AtTheDoor) -> None:
    ticket = await at_the_door.ticket()
    await uploads(at_the_door, ticket, NOW - MINUTE, kind=Kind.EXIT, force="Scanned without network")
    assert (await uploads(at_the_door, ticket, NOW - 5 * MINUTE)).is_ok
    numbers = await counts.numbers(at_the_door.event.id)
    assert (numbers.inside, numbers.on(at_the_door.everybody.id, "entered")) == (0, 1)


@pytest.mark.parametrize(
    ("said", "counts_as", "told"),
    [
        (NOW + YEAR, NOW, "The clock of this phone is 365 days ahead."),
        (NOW + 10 * MINUTE, NOW, "The clock of this phone is 10 min ahead."),
        (NOW + timedelta(seconds=3), NOW, ""),
        (NOW - MINUTE, NOW - MINUTE, ""),
        (NOW - YEAR, BEGAN, "The clock of this phone is 364 days behind."),
    ],
)
async def test_a_wrong_clock_is_put_right_and_said(
    at_the_door: AtTheDoor, said: datetime, counts_as: datetime, told: str
) -> None:
    verdict = await uploads(at_the_door, await at_the_door.ticket(), said)
    assert (verdict.happened_at, verdict.about_clock) == (counts_as, told)
    (one,) = await kept()
    assert (one["happened_at"], one["learnt_at"], one.get("said_at", counts_as)) == (counts_as, NOW, said)


async def test_a_phone_is_told_that_its_clock_is_wrong(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    form = {"code": ines.secret, "nonce": "wrong-clock", "happened_at": "2001-01-01T00:00:00Z"}
    told = await text(await client.post("/door/scan", form=form))
    assert "Welcome" in told
    assert "behind." in told
