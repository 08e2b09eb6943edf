"""What an admin does with accounts. Each act is recorded; nothing here reads a password or a second step."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import INSTALLATION, Kind, Subject
from webapp.database import IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.people import sessions
from webapp.people import store as people

PAGE = 50

database.keep("people", IndexModel([("created_at", -1), ("_id", -1)]))


class Person(BaseModel):
    """An account as an admin sees it."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    name: str
    email: str
    created_at: datetime
    disabled_at: datetime | None = None
    roles: dict[str, str] = {}


@dataclass(frozen=True)
class Page:
    """A run of accounts by address; `after` is where the next one begins."""

    people: list[Person]
    after: str | None


SEEN = {field.alias or name: 1 for name, field in Person.model_fields.items()} | {"email_key": 1}


async def found(text: str, after: str) -> Page:
    """Accounts with `text` in their name or address, in the order of their addresses."""
    like = {"$regex": re.escape(text[:100]), "$options": "i"}
    query: dict[str, Any] = {"$or": [{"name": like}, {"email_key": like}]} if text else {}
    if after:
        query["email_key"] = {"$gt": after}
    kept = await db().people.find(query, SEEN).sort("email_key", 1).limit(PAGE + 1).to_list(PAGE + 1)
    more = kept[PAGE - 1]["email_key"] if len(kept) > PAGE else None
    return Page([Person.model_validate(one) for one in kept[:PAGE]], more)


async def get(person_id: str) -> Person:
    """Raises NotFound."""
    kept = await db().people.find_one({"_id": person_id}, SEEN)
    if kept is None:
        raise NotFound("There is no such account; it may have been deleted.")
    return Person.model_validate(kept)


async def sign_out(person: Person, *, by: Actor, now: datetime) -> None:
    """Ends every session of somebody."""

    async def keep(session: Session) -> None:
        await sessions.end_all(person.id, session)
        await _record(person, "signed out", by, now, session)

    await database.transaction(keep)


async def disable(person: Person, *, by: Actor, now: datetime) -> None:
    """Lets somebody in nowhere until they are enabled again; what they made stays. Raises Conflict for oneself."""
    if person.id == by.person_id:
        raise Conflict("This is your own account. Another admin can disable it.")

    async def keep(session: Session) -> None:
        kept = {"_id": person.id, "disabled_at": None}
        done = await db().people.update_one(kept, {"$set": {"disabled_at": now}}, session=session)
        if done.modified_count:
            await sessions.end_all(person.id, session)
            await _record(person, "disabled", by, now, session)

    await database.transaction(keep)


async def enable(person: Person, *, by: Actor, now: datetime) -> None:
    """Lets somebody in again who was disabled."""

    async def keep(session: Session) -> None:
        kept = {"_id": person.id, "disabled_at": {"$ne": None}}
        done = await db().people.update_one(kept, {"$set": {"disabled_at": None}}, session=session)
        if done.modified_count:
            await _record(person, "enabled", by, now, session)

    await database.transaction(keep)


async def delete(person: Person, *, by: Actor, now: datetime) -> None:
    """Takes an account away. Raises Conflict for oneself and for the last owner of an organiser."""
    if person.id == by.person_id:
        raise Conflict("This is your own account. Delete it where your account is.")
    account = await people.get(person.id)

    async def keep(session: Session) -> None:
        await people.take_away(account, now=now, session=session)
        await audit.record(INSTALLATION, Subject(Kind.PERSON, person.id), "deleted", by=by, now=now, session=session)

    try:
        await database.transaction(keep)
    except Conflict:
        raise Conflict(
            "This person is the only owner of an organiser. Disable the account and give the organiser another owner; "
            "then it can be deleted."
        ) from None


async def _record(person: Person, action: str, by: Actor, now: datetime, session: Session) -> None:
    about = Subject(Kind.PERSON, person.id, person.name)
    await audit.record(INSTALLATION, about, action, by=by, now=now, session=session)
