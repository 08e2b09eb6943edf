"""What a visitor sees and does on the way to a place, in a browser without JavaScript."""

import re
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.events.making import NOW
from tests.registrations.making import EVE, audited, event_with, left
from webapp.events.editing import values_of
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Kind, Per, Question
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import Offering


async def html(client: Browser, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    return str(await answer.get_data(as_text=True))


async def picks(client: Browser, jazz: Offered, tickets: int = 1, key: str = "") -> str:
    """Somebody opens the page and presses the button; where that leads."""
    page = await html(client, jazz.event.path)
    found = re.search(r'name="key" value="(\w+)"', page)
    assert found
    form = {"key": key or found[1], f"n.{jazz.types[0].id}": str(tickets)}
    answer = await client.post(f"{jazz.event.path}/registrations", form=form)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


async def test_from_the_event_to_a_ticket(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    assert "3 places left" in await html(client, jazz.event.path)
    mine = await picks(client, jazz, 2)
    assert "Kept for you" in await html(client, mine)
    assert "1 place left" in await html(client, jazz.event.path)
    answer = await client.post(f"{mine}/confirm", form={"name": "Ana", "email": "ana@example.org", "t2.name": "Ben"})
    assert answer.status_code == 303
    assert "Confirmed" in await html(client, mine)
    assert sorted([one["name"] async for one in db.tickets.find()]) == ["Ana", "Ben"]


async def test_bad_input_keeps_what_was_typed_and_names_the_field(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    await ticket_types.save_form(
        jazz.event,
        Form(questions=[Question(id="food", label="Food", kind=Kind.CHOICE, options=["Soup"], is_required=True)]),
        by=EVE,
        now=NOW,
    )
    mine = await picks(client, jazz)
    answer = await client.post(f"{mine}/confirm", form={"name": "Ana", "email": "nowhere"})
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="Ana"' in page
    assert "Write an e-mail address" in page
    assert "Please choose." in page
    assert await left(jazz) == 2


async def test_a_form_that_is_shown_again_is_sent_where_it_was_sent_before(client: Browser) -> None:
    jazz = await event_with(2)
    mine, wrong = await picks(client, jazz), {"name": "Ana", "email": "nowhere"}
    assert f'action="{mine}/confirm"' in await shown_again(client, f"{mine}/confirm", wrong)
    await client.post(f"{mine}/confirm", form={"name": "Ana", "email": "ana@example.org"})
    assert f'action="{mine}/change"' in await shown_again(client, f"{mine}/change", wrong)
    assert f'action="{mine}/cancel"' in await shown_again(client, f"{mine}/change", wrong)
    await picks(client, jazz)
    waits = await picks(client, jazz)
    assert f'action="{waits}/tell"' in await shown_again(client, f"{waits}/tell", wrong)


async def shown_again(client: Browser, path: str, form: dict[str, str]) -> str:
    answer = await client.post(path, form=form)
    assert answer.status_code == 422
    return str(await answer.get_data(as_text=True))


async def test_the_line_and_an_offer(client: Browser) -> None:
    jazz = await event_with(1)
    first, second, third = [await picks(client, jazz) for _ in range(3)]
    assert "Next</span> in line" in await html(client, second)
    assert "2</span> in line" in await html(client, third)
    assert "2 waiting" in await html(client, jazz.event.path)
    await client.post(f"{first}/cancel")
    assert "Offered to you" in await html(client, second)
    await client.post(f"{second}/leave")
    assert "Offered to you" in await html(client, third)
    await client.post(f"{third}/accept")
    assert "Kept for you" in await html(client, third)


async def test_back_and_again_is_the_same_registration(client: Browser) -> None:
    jazz = await event_with(5)
    first = await picks(client, jazz, key="the key of one page")
    assert await picks(client, jazz, key="the key of one page") == first
    assert await left(jazz) == 4


@pytest.mark.parametrize("form", [{}, {"n.nothing": "1"}, {"n.nothing": "x"}, {"key": "short", "n.a": "1"}])
async def test_a_form_that_asks_for_nothing_that_there_is(client: Browser, form: dict[str, str]) -> None:
    jazz = await event_with(5)
    answer = await client.post(f"{jazz.event.path}/registrations", form=form)
    assert answer.status_code in (303, 404)
    assert await left_or_all(jazz) == 5


async def test_nobody_guesses_a_link(client: Browser) -> None:
    jazz = await event_with(5)
    mine = await picks(client, jazz)
    # Not the last letter: two of its six bits say nothing.
    assert (await client.get(f"{mine[:-5]}{'a' if mine[-5] != 'a' else 'b'}{mine[-4:]}")).status_code == 404


async def left_or_all(offered: Offered) -> int | None:
    pools = await ticket_types.pools_of(offered.event)
    return pools[0].left


async def test_the_capacity_of_an_event_is_that_of_its_places(client: Browser) -> None:
    jazz = await event_with(1)
    first, second = [await picks(client, jazz) for _ in range(2)]
    assert "Next</span> in line" in await html(client, second)
    await saves(client, jazz, capacity=2)
    assert "Offered to you" in await html(client, second)
    refused = await saves(client, jazz, capacity=1, version=2)
    assert refused.status_code == 422
    assert "2 places are taken already" in await refused.get_data(as_text=True)
    await client.post(f"{first}/cancel")
    await saves(client, jazz, capacity=1, version=2)
    assert not (await audited(jazz)).findings


async def saves(client: Browser, jazz: Offered, version: int = 1, **more: Any) -> Any:
    values = values_of(jazz.event) | {"version": str(version)} | {name: str(value) for name, value in more.items()}
    return await client.post(f"{jazz.event.path}/edit", form=values)


async def test_a_ticket_is_passed_on_with_the_link_in_the_mail(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    mine = await picks(client, jazz, 2)
    await client.post(f"{mine}/confirm", form={"name": "Ana", "email": "ana@example.org"})
    wrong = {"name": "Ana", "email": "ana@example.org", "t2.name": "Ben", "t2.email": "nowhere"}
    refused = await client.post(f"{mine}/change", form=wrong)
    assert refused.status_code == 422
    assert 'value="nowhere"' in await refused.get_data(as_text=True)
    await client.post(f"{mine}/change", form=wrong | {"t2.email": "ben@example.org"})
    assert await db.mails.count_documents({"to": "ben@example.org"}) == 1
    assert sorted([one["name"] async for one in db.tickets.find()]) == ["Ana", "Ben"]


FOOD = Question(id="food", label="Food", kind=Kind.CHOICE, options=["Soup", "Bread"], is_required=True, per=Per.TICKET)
ANA = {"name": "Ana", "email": "ana@example.org"}


async def asks_for_food(jazz: Offered) -> None:
    await ticket_types.save_form(jazz.event, Form(questions=[FOOD]), by=EVE, now=NOW)


async def test_another_number_while_it_is_held_keeps_what_was_typed(client: Browser) -> None:
    jazz = await event_with(5)
    await asks_for_food(jazz)
    mine = await picks(client, jazz, 2)
    typed = {**ANA, "t1.name": "Ben", "t1.q.food": "Soup", f"n.{jazz.event.id}": "3"}
    page = await (await client.post(f"{mine}/count", form=typed)).get_data(as_text=True)
    assert 'value="Ben"' in page
    assert 'value="Soup" checked' in page
    assert "3 × Ticket" in page
    page = await (await client.post(f"{mine}/count", form=typed | {f"n.{jazz.event.id}": "6"})).get_data(as_text=True)
    assert "Sold out" in page
    assert 'value="Ben"' in page
    assert await left(jazz) == 2


async def test_more_tickets_later_get_their_questions_asked(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    await asks_for_food(jazz)
    mine, count = await picks(client, jazz), f"n.{jazz.event.id}"
    await client.post(f"{mine}/confirm", form={**ANA, "t1.q.food": "Soup"})
    page = await html(client, f"{mine}/more?{count}=2")
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key
    typed = {"key": key[1], count: "2", "t1.name": "Ben", "t1.q.food": "Bread"}
    refused = await client.post(f"{mine}/more", form=typed)
    assert refused.status_code == 422
    assert 'value="Ben"' in await refused.get_data(as_text=True)
    for _ in range(2):
        await client.post(f"{mine}/more", form=typed | {"t2.q.food": "Soup"})
    assert await left(jazz) == 0
    assert sorted([one["name"] async for one in db.tickets.find()]) == ["Ana", "Ana", "Ben"]
    assert "3 × Ticket" in await html(client, mine)
    full = await client.post(f"{mine}/more", form=typed | {"t2.q.food": "Soup", "key": "the key of another form"})
    assert "Sold out" in await full.get_data(as_text=True)


async def test_answers_are_changed_later_and_what_another_window_wrote_is_not_lost(client: Browser, db: Any) -> None:
    jazz = await event_with(3)
    await asks_for_food(jazz)
    mine = await picks(client, jazz)
    await client.post(f"{mine}/confirm", form={**ANA, "t1.q.food": "Soup"})
    step = re.search(r'name="step" value="(\d+)"', await html(client, mine))
    assert step
    mail = {"step": step[1], "email": "ana@example.org"}
    first, second = mail | {"name": "Anna", "t1.q.food": "Bread"}, mail | {"name": "Ana", "t1.q.food": "Bread"}
    assert (await client.post(f"{mine}/change", form=first)).status_code == 303
    refused = await client.post(f"{mine}/change", form=second)
    page = await refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "Somebody else wrote “Anna” meanwhile" in page
    assert 'value="Ana"' in page
    step = re.search(r'name="step" value="(\d+)"', page)
    assert step
    assert (await client.post(f"{mine}/change", form=second | {"step": step[1]})).status_code == 303
    kept = await db.registrations.find_one({})
    assert (kept["name"], kept["tickets"][0]["answers"]) == ("Ana", {"food": "Bread"})


async def test_one_waits_for_several_ticket_types_at_once(client: Browser) -> None:
    jazz = await event_with(2)
    child = await ticket_types.add(jazz.event, Offering(name="Child", pools=[jazz.event.id]), by=EVE, now=NOW)
    form = {"key": "the key of a family", f"n.{jazz.event.id}": "1", f"n.{child.id}": "2"}
    answer = await client.post(f"{jazz.event.path}/registrations", form=form)
    page = await html(client, str(answer.headers["Location"]))
    assert "1 × Ticket, 2 × Child" in page
    assert "What moved" in page
    assert "1 × Ticket, 2 × Child" in await html(client, f"{jazz.event.path}/line")
