"""What registrations keep of a person: told to them, and taken away with the account, while the numbers stay right.

The names go in the transaction that deletes the account. Places at what is yet to begin are given back a moment
later, by whichever worker finds the note that the transaction left: only the counter may move places.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from webapp import database
from webapp.audit import store as audit
from webapp.database import Session, db
from webapp.events.event import Event
from webapp.people import ties
from webapp.places import counter
from webapp.places.case import TAKING
from webapp.places.wishes import GiveBack, Leave
from webapp.registrations.registration import Entry, Registration, Waiting
from webapp.registrations.unnaming import NOBODY, unname

MOST_TOLD = 1_000
AT_ONCE = 20

database.keep("departures")


@ties.told
async def tell(person_id: str) -> dict[str, Any]:
    """The registrations of a person and their places in lines, for the person: the latest thousand."""
    found = db().registrations.find({"person_id": person_id}).sort("created_at", -1)
    registrations = [Registration.model_validate(one) for one in await found.to_list(MOST_TOLD)]
    entries = await _entries(person_id)
    there = await _events([*(one.event_id for one in registrations), *(one.event_id for one in entries)])
    return {
        "registrations": [_registration(one, there.get(one.event_id)) for one in registrations],
        "waiting": [_entry(one, there.get(one.event_id)) for one in entries],
    }


@ties.warned
async def warn(person_id: str, now: datetime) -> list[str]:
    """What somebody loses who deletes the account: the places that they have or wait for."""
    coming = [event.title for _, event in await _coming(person_id, now)]
    waits = [one for one in await _entries(person_id) if one.state is Waiting.WAITING]
    there = await _events(one.event_id for one in waits)
    lines = [there[one.event_id].title for one in waits if one.event_id in there]
    return [
        *(f"You have places at “{title}”. They are given back, also those that you passed on." for title in coming),
        *(f"You wait for places at “{title}”. You leave the line." for title in lines),
    ]


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Takes names, addresses and answers out of everything, and notes that places are to be given back."""
    query = {"person_id": person_id}
    rows = await db().registrations.find(query, {"tickets.id": 1, "event_id": 1}, session=session).to_list(None)
    entries = await db().entries.find(query, {"_id": 1}, session=session).to_list(None)
    if not rows and not entries:
        return
    await unname(query, rows, session)
    await db().entries.update_many(query, {"$set": dict(NOBODY)}, session=session)
    await audit.forget([one["_id"] for one in [*rows, *entries]], session)
    await db().departures.insert_one({"_id": person_id}, session=session)


async def depart(now: datetime) -> int:
    """Gives back the places of those whose account is gone; says of how many people. Safe to run on every worker."""
    gone = await db().departures.find({}).to_list(AT_ONCE)
    for person in gone:
        await _give_back(person["_id"], now)
        for collection in ("registrations", "entries"):
            await db()[collection].update_many({"person_id": person["_id"]}, {"$set": {"person_id": ""}})
        await db().departures.delete_one({"_id": person["_id"]})
    return len(gone)


async def _give_back(person_id: str, now: datetime) -> None:
    for entry in await _entries(person_id):
        if entry.state in (Waiting.WAITING, Waiting.OFFERED):
            await counter.ask(entry.event_id, Leave(id=entry.id, by=person_id, now=now))
    for one, _ in await _coming(person_id, now):
        await counter.ask(one.event_id, GiveBack(id=one.id, by=person_id, now=now))


async def _coming(person_id: str, now: datetime) -> list[tuple[Registration, Event]]:
    """Registrations with places at what has not begun yet."""
    found = db().registrations.find({"person_id": person_id, "state": {"$in": sorted(TAKING)}}).sort("created_at", -1)
    mine = [Registration.model_validate(one) for one in await found.to_list(None)]
    there = await _events(one.event_id for one in mine)
    pairs = [(one, there[one.event_id]) for one in mine if one.event_id in there]
    return [(one, event) for one, event in pairs if event.starts_at > now and not event.is_deleted]


async def _entries(person_id: str) -> list[Entry]:
    found = db().entries.find({"person_id": person_id}).sort("created_at", -1)
    return [Entry.model_validate(one) for one in await found.to_list(MOST_TOLD)]


async def _events(ids: Iterable[str]) -> dict[str, Event]:
    found = await db().events.find({"_id": {"$in": sorted(set(ids))}}).to_list(None)
    return {one["_id"]: Event.model_validate(one) for one in found}


def _registration(one: Registration, event: Event | None) -> dict[str, Any]:
    fields = {"state", "name", "email", "answers", "created_at", "confirmed_at", "ended_at"}
    shown = {"id", "is_cancelled", "name", "email", "answers"}
    tickets = [ticket.model_dump(mode="json", include=shown) for ticket in one.tickets]
    return {"event": event.title if event else "", **one.model_dump(mode="json", include=fields), "tickets": tickets}


def _entry(one: Entry, event: Event | None) -> dict[str, Any]:
    fields = {"state", "name", "email", "quantity", "created_at", "offered_at", "ended_at"}
    return {"event": event.title if event else "", **one.model_dump(mode="json", include=fields)}
