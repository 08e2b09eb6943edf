"""Secret links to somebody's own calendar: one for each person, replaced or taken back whenever they like."""

from datetime import datetime
from typing import Any

from webapp import database
from webapp.database import Session, db
from webapp.errors import NotFound
from webapp.people import ties
from webapp.walls import signing

PURPOSE = "calendar"
NOT_THERE = "There is no calendar here; its link may have been taken back."

database.keep("calendar_links")


async def make(person_id: str, *, now: datetime) -> str:
    """A new link's token; the one before opens nothing any more."""
    number = database.new_id()
    kept = {"number": number, "created_at": now}
    await db().calendar_links.update_one({"_id": person_id}, {"$set": kept}, upsert=True)
    return _token(person_id, number)


async def of(person_id: str) -> str:
    """The token of somebody's link, "" for none."""
    found = await db().calendar_links.find_one({"_id": person_id})
    return _token(person_id, found["number"]) if found else ""


async def take_back(person_id: str) -> None:
    """Ends somebody's link."""
    await db().calendar_links.delete_one({"_id": person_id})


async def whose(token: str) -> str:
    """The person whose calendar this opens. Raises NotFound."""
    person_id, _, number = (signing.read_for_good(PURPOSE, token) or "").partition(" ")
    found = await db().calendar_links.find_one({"_id": person_id, "number": number}) if number else None
    if found is None:
        raise NotFound(NOT_THERE)
    return person_id


@ties.told
async def tell(person_id: str) -> dict[str, Any]:
    """What is kept of a person's link: since when there is one."""
    found = await db().calendar_links.find_one({"_id": person_id})
    return {"calendar_link": found["created_at"].isoformat() if found else None}


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Ends the link of a person who is gone."""
    await db().calendar_links.delete_one({"_id": person_id}, session=session)


def _token(person_id: str, number: str) -> str:
    return signing.sign_for_good(PURPOSE, f"{person_id} {number}")
