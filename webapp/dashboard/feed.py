"""The latest that happened, in words: from the ledger of places, from the audit, and from the minutes of the door."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.audit.record import Kind, Record
from webapp.dashboard.numbers import Places
from webapp.database import db
from webapp.door import marks as door_marks
from webapp.events.event import Event
from webapp.places.case import note_id

SHOWN, LOOKED_AT = 12, 40
SAID_BY_THE_LEDGER = {Kind.REGISTRATION}
SILENT = {"changed"}
Note = Mapping[str, Any]


@dataclass(frozen=True)
class Happening:
    """Something that happened."""

    at: datetime
    text: str


async def latest(event: Event, places: Places, until: datetime | None = None) -> list[Happening]:
    """The latest happenings, the newest first, or those that were the latest at the end of the minute `until`."""
    parts = await asyncio.gather(_of_ledger(event, places), _of_audit(event, until), _of_door(event, until))
    found = [one for part in parts for one in part]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]


async def _of_ledger(event: Event, places: Places) -> list[Happening]:
    if places.mark is None:
        return []
    number = places.mark.number
    between = {"$gt": note_id(event.id, max(0, number - LOOKED_AT)), "$lte": note_id(event.id, number)}
    notes = await db().ledger.find({"_id": between}).sort("_id", -1).to_list(LOOKED_AT)
    notes = [note for note in notes if note["what"] not in SILENT][:SHOWN]
    known = await _known({note["subject"] for note in notes})
    pools = {use.id: use.title for use in places.pools}
    return [Happening(note["at"], _sentence(note, known.get(note["subject"], {}), pools)) for note in notes]


async def _known(subjects: set[str]) -> dict[str, Note]:
    query, fields = {"_id": {"$in": sorted(subjects)}}, {"name": 1, "quantity": 1, "tickets.id": 1}
    entries = {one["_id"]: one async for one in db().entries.find(query, fields)}
    return entries | {one["_id"]: one async for one in db().registrations.find(query, fields)}


def _sentence(note: Note, known: Note, pools: Mapping[str, str]) -> str:
    count = len(known["tickets"]) if "tickets" in known else known.get("quantity", 1)
    places = f"{count} {'place' if count == 1 else 'places'}"
    pool = pools.get(note["subject"], "A pool")
    # Only what was decided names people: before that, nobody had said who they are.
    who = known.get("name") or "Somebody"
    said = {
        "held": f"Somebody holds {places}",
        "pending": f"{who} asks for {places}; it is yours to decide",
        "confirmed": f"{who} has {places}",
        "waiting": f"Somebody joined the waiting list for {places}",
        "offered": f"{places} offered to the next in line",
        "accepted": f"An offer of {places} was taken up",
        "expired": f"The time for {places} was over",
        "cancelled": f"{who} gave {places} back",
        "reduced": f"{who} gave some places back",
        "enlarged": f"{who} took more places",
        "exchanged": f"{who} took other places",
        "left": "Somebody left the waiting list",
        "removed": "Somebody was taken out of the waiting list",
        "resized": f"“{pool}” has {_capacity(note)} now",
        "opened": f"“{pool}” opened with {_capacity(note)}",
        "paused": "A waiting list was stopped",
        "resumed": "A waiting list moves on",
    }
    return said.get(note["what"], str(note["what"]).capitalize())


def _capacity(note: Note) -> str:
    capacity = note.get("capacity")
    return "no limit" if capacity is None else f"{capacity:,} places"


async def _of_audit(event: Event, until: datetime | None) -> list[Happening]:
    query: dict[str, Any] = {"organiser_id": event.organiser_id, "about_event": event.id}
    if until:
        query["at"] = {"$lt": until + timedelta(minutes=1)}
    found = await db().records.find(query).sort([("at", -1), ("_id", -1)]).limit(LOOKED_AT).to_list(LOOKED_AT)
    records = [Record.model_validate(one) for one in found]
    return [
        Happening(one.at, f"{one.who} {one.sentence}") for one in records if one.subject.kind not in SAID_BY_THE_LEDGER
    ]


async def _of_door(event: Event, until: datetime | None) -> list[Happening]:
    last_at = await door_marks.last(event.id, until)
    if last_at is None:
        return []
    since = last_at - timedelta(minutes=SHOWN)
    minutes = await door_marks.between(event.id, door_marks.Grain.MINUTE, since, last_at)
    return [Happening(at, _at_the_door(added)) for at, added in minutes.items()]


def _at_the_door(added: Counter[str]) -> str:
    words = (("entry", "came in"), ("exit", "went out"), ("refused", "refused"), ("undo", "taken back"))
    return "At the door: " + ", ".join(f"{added[name]:,} {said}" for name, said in words if added[name])
