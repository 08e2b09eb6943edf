"""Counts an event's tally again, from its registrations and entries alone."""

from collections import Counter
from typing import Any

from webapp.database import Session, db
from webapp.places import tally

OF_REGISTRATION = {"state": 1, "tickets": 1, "confirmed_at": 1}
OF_ENTRY = {"state": 1, "quantity": 1, "parts": 1, "needs": 1}


async def recounted(event_id: str, session: Session | None = None) -> Counter[str]:
    """What the book's tally has to be."""
    query = {"event_id": event_id}
    entries: dict[str, Any] = {
        one["_id"]: one async for one in db().entries.find(query, OF_ENTRY, session=session).batch_size(1000)
    }
    found: Counter[str] = Counter()
    async for one in db().registrations.find(query, OF_REGISTRATION, session=session).batch_size(1000):
        found.update(tally.of(one, entries.pop(one["_id"], None)))
    for entry in entries.values():
        found.update(tally.of(None, entry))
    return found


def differing(kept: Counter[str], truth: Counter[str]) -> list[str]:
    """Sentences about the numbers that are not as counted again."""
    names = sorted(name for name in {*kept, *truth} if kept[name] != truth[name])
    return [f"“{name}” is said to be {kept[name]}, and is {truth[name]}." for name in names]
