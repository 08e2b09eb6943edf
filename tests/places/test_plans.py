"""What is asked in a rush reads an index, never a whole collection."""

from typing import Any

import pytest

from tests.events.making import NOW
from tests.registrations.making import comes, event_with, registers
from webapp.places.standing import Line, Room, Standing
from webapp.places.writing import who_fits
from webapp.ticket_types.store import Offered

Query = tuple[str, dict[str, Any], list[tuple[str, int]]]


@pytest.fixture
async def jazz(db: Any) -> Offered:
    offered = await event_with(2)
    for who in ("ana", "ben"):
        await registers(offered, who)
    for who in ("eve", "zoe"):
        await comes(offered, who)
    return offered


def asked(event_id: str) -> dict[str, Query]:
    line = Standing("", 4, {event_id: Room(2, 0)}, {event_id: Line(2, 2, [event_id])})
    return {
        "due holds": ("registrations", {"expires_at": {"$lte": NOW}}, [("expires_at", 1)]),
        "who is next": ("entries", who_fits(line), [("number", 1)]),
        "the line": ("entries", {"event_id": event_id, "state": {"$in": ["waiting", "offered"]}}, [("number", 1)]),
        "who is before me": ("entries", {"ticket_type_ids": {"$in": [event_id]}, "state": "waiting"}, [("number", 1)]),
        "the list": ("registrations", {"event_id": event_id}, [("number", -1)]),
        "confirmed ones": ("registrations", {"event_id": event_id, "state": "confirmed"}, [("number", -1)]),
        "a name": ("registrations", {"event_id": event_id, "words": {"$regex": "^an"}}, [("number", -1)]),
        "a name at the door": ("tickets", {"event_id": event_id, "words": {"$regex": "^an"}}, []),
        "a scanned ticket": ("tickets", {"secret": "2"}, []),
        "an event's pools": ("pools", {"event_id": event_id}, []),
        "due mails": ("mails", {"due_at": {"$lte": NOW}}, [("due_at", 1)]),
        "due messages": ("messages", {"due_at": {"$lte": NOW}}, [("due_at", 1)]),
        "my registrations": ("registrations", {"person_id": "ana"}, [("created_at", -1)]),
        "my places in lines": ("entries", {"person_id": "ana"}, []),
        "due sales": ("ticket_types", {"turns_at": {"$lte": NOW}}, [("turns_at", 1)]),
        "an event's notes": ("ledger", {"_id": {"$gte": f"{event_id}:", "$lt": f"{event_id};"}}, []),
    }


@pytest.mark.parametrize("what", asked(""))
async def test_it_reads_an_index(jazz: Offered, db: Any, what: str) -> None:
    collection, query, order = asked(jazz.event.id)[what]
    cursor = db[collection].find(query)
    plan = str((await (cursor.sort(order) if order else cursor).explain())["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
