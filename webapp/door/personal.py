"""What a door keeps of persons: how that is told, how it ends, and when the names go by themselves."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from webapp import database
from webapp.belonging import Step
from webapp.database import DuplicateKeyError, Session, db
from webapp.door import shredding
from webapp.people import ties

NAMES_KEPT = timedelta(days=180)
"""After the end of an event; then its check-ins are numbers."""

OFTEN = timedelta(days=1)
BEGINNING = ""
TOLD = 1_000

database.keep("door_forgetting")


@ties.told
async def tell(person_id: str) -> dict[str, Any]:
    """Where somebody was scanned with tickets of their own, and the door links they made."""
    mine = db().checkins.find({"ticket_id": {"$in": await _tickets(person_id)}}).sort("learnt_at", -1).limit(TOLD)
    scans = [
        {"event": one["event_id"], "at": one["happened_at"].isoformat(), "what": one["kind"], "result": one["result"]}
        for one in await mine.to_list(TOLD)
    ]
    links = await db().door_links.find({"by": person_id}).to_list(TOLD)
    return {"scanned": scans, "door_links": [{"event": one["event_id"], "name": one["name"]} for one in links]}


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Takes somebody out of the door links they made; their registrations take them out of what was scanned."""
    person = await db().people.find_one({"_id": person_id}, {"name": 1}, session=session)
    theirs = {"by": person_id, "name": person["name"] if person else ""}
    await db().door_links.update_many(theirs, {"$set": {"name": "Somebody who left"}}, session=session)
    await db().door_links.update_many({"by": person_id}, {"$set": {"by": ""}}, session=session)


async def forget_names(now: datetime) -> int:
    """Takes the names of people and phones out of doors of long ago; once a day, on one worker."""
    if not await _is_mine_to_do(now):
        return 0
    known = await db().door_counts.distinct("event_id")
    done = await db().doors.find({"names_gone_at": {"$ne": None}}, {"_id": 1}).to_list(None)
    left = sorted({*known} - {one["_id"] for one in done})
    ended = db().events.find({"_id": {"$in": left}, "ends_at": {"$lte": now - NAMES_KEPT}}, {"organiser_id": 1})
    events = await ended.to_list(None)
    for event in events:
        await _forget(event["_id"], event["organiser_id"], now)
    return len(events)


async def _forget(event_id: str, organiser_id: str, now: datetime) -> None:
    """In short transactions, so that a door of a hundred thousand holds nobody up; begun again by whoever is next."""
    step = Step(BEGINNING)
    while step.after is not None:
        step = await database.transaction(partial(shredding.names, event_id, step.after))
    gone = {"$set": {"organiser_id": organiser_id, "names_gone_at": now}}
    await db().doors.update_one({"_id": event_id}, gone, upsert=True)


async def _is_mine_to_do(now: datetime) -> bool:
    """Whether it is due, and no other worker does it."""
    if await db().door_forgetting.find_one({"_id": "names", "next_at": {"$gt": now}}, {"_id": 1}):
        return False
    change = {"$set": {"next_at": now + OFTEN}}
    try:
        await db().door_forgetting.find_one_and_update({"_id": "names", "next_at": {"$lte": now}}, change, upsert=True)
    except DuplicateKeyError:
        return False
    return True


async def _tickets(person_id: str, session: Session | None = None) -> list[str]:
    fields = {"tickets.id": 1}
    theirs = await db().registrations.find({"person_id": person_id}, fields, session=session).to_list(None)
    return [ticket["id"] for one in theirs for ticket in one["tickets"]]
