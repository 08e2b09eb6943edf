"""What lists say of an event: little left, or sold out, as its own page would; and nothing while there is enough."""

import re
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.events.making import NOW
from tests.registrations.making import ANA, EVE, comes, event_with
from tests.registrations.test_pages import html
from webapp.registrations import confirming
from webapp.registrations.seats import Glance, Seats, glance
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form
from webapp.ticket_types.ticket_type import Sale, TicketType


async def said(client: Browser, title: str, path: str = "/") -> str:
    """What stands beside an event in a list."""
    page = await html(client, path)
    assert title in page
    row = page.partition(title)[2].partition("</li>")[0]
    return ", ".join(re.findall(r"Sold out|\d+ waiting|\d+ places? left|Few places left", row))


async def test_a_list_says_what_is_left_as_it_goes(client: Browser, db: Any) -> None:
    jazz = await event_with(12, title="Jazz on the Quay")
    assert await said(client, "Jazz on the Quay") == ""
    await comes(jazz, "ana", 10)
    assert await said(client, "Jazz on the Quay") == "2 places left"
    held = await comes(jazz, "ben", 2)
    assert await said(client, "Jazz on the Quay") == "Sold out"
    await comes(jazz, "cleo", 1)
    assert await said(client, "Jazz on the Quay") == "Sold out, 1 waiting"
    day = f"/calendar?day={jazz.event.starts.date()}"
    assert await said(client, "Jazz on the Quay", day) == "Sold out, 1 waiting"
    await confirming.confirm(held.id, ANA, by="ben", now=NOW)
    assert await said(client, "Jazz on the Quay") == "Sold out, 1 waiting"


async def test_a_list_says_what_is_left_before_anybody_came(client: Browser, db: Any) -> None:
    await event_with(1, title="Jazz on the Quay")
    assert await said(client, "Jazz on the Quay") == "1 place left"


async def test_a_list_says_nothing_of_what_cannot_be_had(client: Browser, db: Any) -> None:
    jazz = await event_with(1, title="Jazz on the Quay")
    await comes(jazz, "ana", 1)
    await ticket_types.save_form(jazz.event, Form(is_open=False), by=EVE, now=NOW)
    assert await said(client, "Jazz on the Quay") == ""


def of(name: str, left: int | None, waiting: int = 0, pools: str = "hall", **more: Any) -> Seats:
    kind = TicketType(id=name, event_id="jazz", name=name, pools=pools.split(), **more)
    return Seats(kind, left, waiting)


@pytest.mark.parametrize(
    ("shown", "is_said"),
    [
        ([], None),
        ([of("a", None)], None),
        ([of("a", 11)], None),
        ([of("a", 10)], Glance(is_sold_out=False, left=10)),
        ([of("a", 3), of("b", 3)], Glance(is_sold_out=False, left=3)),
        ([of("a", 3), of("b", 4, pools="balcony")], Glance(is_sold_out=False)),
        ([of("a", 3), of("b", 40, pools="balcony")], None),
        ([of("a", 0), of("b", 4, pools="balcony")], Glance(is_sold_out=False, left=4)),
        ([of("a", 1, least=2)], Glance(is_sold_out=True, waiting=0)),
        ([of("a", 5, waiting=2)], Glance(is_sold_out=True, waiting=2)),
        ([of("a", 0, waiting=2), of("b", 0, waiting=2)], Glance(is_sold_out=True)),
        ([of("a", 0), of("b", 9, pools="back", code="friends")], Glance(is_sold_out=True, waiting=0)),
        ([of("a", 0, sale=Sale.CLOSED)], None),
        ([of("a", 0, sale=Sale.BEFORE)], None),
    ],
)
def test_what_is_said_of_several_ticket_types(shown: list[Seats], is_said: Glance | None) -> None:
    assert glance(shown) == is_said
