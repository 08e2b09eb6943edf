"""Taking the people of an event that is over out of its registrations, its line and its ledger."""

from typing import Any

from webapp.belonging import Step, Whose, shreds
from webapp.database import Session, db
from webapp.places.case import note_id
from webapp.registrations.registration import Waiting
from webapp.registrations.unnaming import NOBODY, unname

BATCH = 100
NOTES = 500


@shreds("registrations")
async def registrations(whose: Whose, after: Any, session: Session) -> Step:
    """In order of their number; with each its tickets, and what was asked at the door."""
    query = {"event_id": whose.event_id, "number": {"$gt": after or 0}}
    fields = {"number": 1, "event_id": 1, "tickets.id": 1}
    found = db().registrations.find(query, fields, session=session).sort("number", 1).limit(BATCH)
    rows = await found.to_list(BATCH)
    if not rows:
        return Step()
    ids = [one["_id"] for one in rows]
    await unname({"_id": {"$in": ids}}, rows, session, person_id="", ended_by="", reason="")
    return Step(rows[-1]["number"], len(rows))


@shreds("entries")
async def entries(whose: Whose, after: Any, session: Session) -> Step:
    """Those who waited, also those who got places in the end."""
    # All states are named, so that each is read in the order of its numbers from one index.
    query = {"event_id": whose.event_id, "state": {"$in": list(Waiting)}, "number": {"$gt": after or 0}}
    found = db().entries.find(query, {"number": 1}, session=session).sort("number", 1).limit(BATCH)
    rows = await found.to_list(BATCH)
    if not rows:
        return Step()
    change = {"$set": {**NOBODY, "person_id": ""}}
    await db().entries.update_many({"_id": {"$in": [one["_id"] for one in rows]}}, change, session=session)
    return Step(rows[-1]["number"])


@shreds("ledger")
async def ledger(whose: Whose, after: Any, session: Session) -> Step:
    """Who asked for what was noted; the notes stay, and with them what they come to."""
    first, last = note_id(whose.event_id, int(after or 0) + 1), note_id(whose.event_id, int(after or 0) + NOTES)
    here = {"_id": {"$gte": first, "$lte": last}}
    await db().ledger.update_many(here, {"$set": {"by": ""}}, session=session)
    there = {"_id": {"$gt": last, "$lt": f"{whose.event_id};"}}
    is_more = await db().ledger.find_one(there, {"_id": 1}, session=session)
    return Step(int(after or 0) + NOTES) if is_more else Step()
