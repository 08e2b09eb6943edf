"""Whoever fills a form in for longer than places are kept loses nothing typed, nor the places if they are free."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.registrations.making import EVE, audited, comes, event_with, left, registers, wanted
from tests.registrations.test_pages import html
from webapp.registrations import ending, late, store, taking
from webapp.registrations.registration import Registration
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Kind, Per, Question
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import Offering

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
TYPED = {"name": "Ana", "email": "ana@example.org", "t1.name": "Ana", "t2.name": "Ben", "t2.q.food": "Soup"}


async def too_late(offered: Offered, tickets: int = 2, **more: Any) -> Registration:
    """Places were kept for somebody an hour ago."""
    asked = wanted(offered, "ana", tickets, **more)
    held = await taking.take(offered, asked, by="ana", now=LONG_AGO)
    assert isinstance(held, Registration)
    await ending.expire(datetime.now(UTC))
    return await store.get(held.id)


async def asks_what_they_eat(offered: Offered) -> None:
    food = Question(id="food", label="Food", kind=Kind.CHOICE, options=["Soup", "Bread"], per=Per.TICKET)
    await ticket_types.save_form(offered.event, Form(questions=[food]), by=EVE, now=LONG_AGO)


async def sent(visitor: Browser, held: Registration, **more: str) -> Any:
    fields = TYPED | more | {"was": [one.ticket_type_id for one in held.tickets]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await visitor.post(f"{store.path_of(held.id)}/confirm", data=urlencode(fields, doseq=True), headers=headers)


async def test_who_is_late_gets_the_places_all_the_same_if_they_are_free(visitor: Browser, db: Any) -> None:
    jazz = await event_with(3)
    await asks_what_they_eat(jazz)
    held = await too_late(jazz)
    assert held.state == "expired"
    answers = await asyncio.gather(sent(visitor, held), sent(visitor, held))
    assert [one.status_code for one in answers] == [303, 303]
    assert {one.headers["Location"] for one in answers} != {store.path_of(held.id)}
    page = await html(visitor, answers[0].headers["Location"])
    assert "Confirmed" in page
    mine = await store.get(store.id_in(answers[0].headers["Location"].rpartition("/")[2]))
    assert [(one.name, one.answers) for one in mine.live_tickets] == [("Ana", {}), ("Ben", {"food": "Soup"})]
    assert await left(jazz) == 1
    assert await db.registrations.count_documents({"state": "confirmed"}) == 1
    assert (await audited(jazz)).findings == []


async def test_a_hold_whose_time_is_over_is_not_in_its_own_way(visitor: Browser, db: Any) -> None:
    jazz = await event_with(2)
    held = await taking.take(jazz, wanted(jazz, "ana", 2), by="ana", now=datetime.now(UTC))
    await db.registrations.update_one({"_id": held.id}, {"$set": {"expires_at": LONG_AGO}})
    assert (await sent(visitor, await store.get(held.id))).status_code == 303
    assert await left(jazz) == 0


@pytest.mark.parametrize("who_waits", [False, True])
async def test_where_they_are_gone_everything_typed_stays(visitor: Browser, db: Any, who_waits: bool) -> None:
    jazz = await event_with(2)
    held = await too_late(jazz)
    await registers(jazz, "ben", 2)
    if who_waits:
        await comes(jazz, "joe")
    answer = await sent(visitor, held)
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "what you typed is still here. Sold out" in page
    assert 'value="Ben"' in page
    assert page.count('name="was"') == 2
    assert "1 waiting" in page if who_waits else "waiting" not in page


async def test_a_late_form_asks_for_no_other_places_than_it_had(visitor: Browser, db: Any) -> None:
    jazz = await event_with(5)
    held = await too_late(jazz, 1)
    hidden = await ticket_types.add(
        jazz.event, Offering(name="Friends", pools=[jazz.event.id], code="sesame"), by=EVE, now=LONG_AGO
    )
    body = f"was={hidden.id}&name=Ana&email=ana@example.org"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await visitor.post(f"{store.path_of(held.id)}/confirm", data=body, headers=headers)
    assert answer.status_code == 422
    assert await left(jazz) == 5


async def test_what_was_given_back_is_over_for_good(visitor: Browser, db: Any) -> None:
    jazz = await event_with(5)
    held = await comes(jazz, "ana")
    await ending.cancel(held.id, by="ana", now=datetime.now(UTC))
    answer = await sent(visitor, await store.get(held.id))
    assert answer.status_code == 303
    assert answer.headers["Location"] == store.path_of(held.id)
    assert await left(jazz) == 5


async def test_a_late_form_with_a_mistake_shows_it_and_keeps_the_rest(visitor: Browser, db: Any) -> None:
    jazz = await event_with(5)
    held = await too_late(jazz)
    answer = await sent(visitor, held, email="nowhere")
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="Ben"' in page
    assert late.LATE not in page
