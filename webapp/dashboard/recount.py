"""Counts what a dashboard shows again, from the documents, the ledger and the check-ins, and says what differs."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from webapp.dashboard import numbers
from webapp.database import db
from webapp.door import audit as doors
from webapp.door import marks as door_marks
from webapp.events.event import Event
from webapp.places import marks
from webapp.places.case import note_id
from webapp.places.recount import differing, recounted

TAKING = ("confirmed", "pending", "held", "offered")


async def differences(event: Event) -> list[str]:
    """Sentences about what does not fit together; none when all is well."""
    return [*await _of_places(event), *await _of_past(event), *await _of_door(event), *await _of_door_marks(event)]


async def _of_places(event: Event) -> list[str]:
    """The numbers of now against the registrations, the entries and the tickets."""
    shown, truth = await numbers.places(event), await recounted(event.id)
    valid = await db().tickets.count_documents({"event_id": event.id, "state": "valid"})
    wrong = differing(Counter(shown.tally), truth)
    if valid != truth["tickets:confirmed"]:
        wrong.append(f"{truth['tickets:confirmed']} tickets are confirmed, {valid} valid ones exist.")
    for use in shown.pools:
        whole = sum(part.count for part in use.parts)
        if use.capacity is not None and whole != max(use.capacity, use.taken):
            wrong.append(f"The parts of “{use.title}” add up to {whole}, not to {use.capacity}.")
    return wrong


async def _of_past(event: Event) -> list[str]:
    """What every mark says was taken, against the sum of the ledger until its note."""
    taken: Counter[str] = Counter()
    notes = (
        await db()
        .ledger.find({"_id": {"$gt": note_id(event.id, 0), "$lt": f"{event.id};"}})
        .sort("_id", 1)
        .to_list(None)
    )
    kept = (
        await db().place_marks.find({"event_id": event.id, "grain": marks.Grain.MINUTE}).sort("number", 1).to_list(None)
    )
    wrong, upcoming = [], iter(notes)
    number = 0
    for mark in kept:
        while number < mark["number"]:
            note = next(upcoming)
            number = note["number"]
            taken.update({move["pool_id"]: move["places"] for move in note["moved"]})
        said = {pool_id: _taken(mark["tally"], pool_id) for pool_id in mark["capacity"]}
        wrong += [
            f"At note {number}, {said[pool_id]} of {pool_id} are said to be taken; by the ledger {taken[pool_id]}."
            for pool_id in said
            if said[pool_id] != taken[pool_id]
        ]
    return wrong


def _taken(tally: Mapping[str, int], pool_id: str) -> int:
    return sum(tally.get(f"pool:{pool_id}:{state}", 0) for state in TAKING)


async def _of_door(event: Event) -> list[str]:
    """The numbers of now against the check-ins."""
    shown = await numbers.inside(event)
    records = await db().checkins.find({"event_id": event.id}).to_list(None)
    truth = doors.recount(records)
    pairs = {"inside": (shown.inside, len(truth.people)), "came": (shown.came, len(truth.guests))}
    return [
        f"{name}: shown {said}, by the check-ins {there}." for name, (said, there) in pairs.items() if said != there
    ]


async def _of_door_marks(event: Event) -> list[str]:
    """What every minute added, and how the door stood at its end, against the check-ins learnt of until then."""
    records = await db().checkins.find({"event_id": event.id}).sort("learnt_at", 1).to_list(None)
    minutes = sorted({door_marks.begin_of(one["learnt_at"], door_marks.Grain.MINUTE) for one in records})
    wrong = []
    for minute in minutes:
        until = [one for one in records if one["learnt_at"] < minute + timedelta(minutes=1)]
        found, stood = doors.recount(until), await door_marks.stood(event.id, minute)
        truth = Counter({"inside": len(found.people), "came": len(found.guests)})
        truth.update(map(_kind, until))
        wrong += [f"{minute:%H:%M}, {sentence}" for sentence in differing(stood, truth)]
    return wrong


def _kind(record: Mapping[str, Any]) -> str:
    return "refused" if record["is_refusal"] else str(record["kind"])
