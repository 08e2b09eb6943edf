"""Sessions: who is signed in where. The cookie holds a secret, the database its hash; ending one ends it at once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from webapp import database, together
from webapp.database import IndexModel, Session, db
from webapp.errors import NotAllowed, NotFound
from webapp.people.devices import device
from webapp.people.person import Account
from webapp.together import Document

IDLE, ABSOLUTE = timedelta(days=14), timedelta(days=90)
DISABLED = {"disabled_at": {"$type": "date"}}
SEEN_EVERY = timedelta(minutes=1)
CONFIRMED_LASTS = timedelta(minutes=10)

database.keep(
    "sessions",
    IndexModel("key", unique=True),
    IndexModel([("person_id", 1), ("seen_at", -1)]),
    IndexModel("expires_at", expireAfterSeconds=0),
    images=True,
)
_by_key, _by_id = together.documents("sessions", "key"), together.documents("sessions")
_people = together.documents("people")


class SignedIn(BaseModel):
    """One browser in which somebody is signed in."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    person_id: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


async def begin(person_id: str, *, agent: str, now: datetime, passkey_id: str | None = None) -> str:
    """Signs a person in; answers the secret for the cookie, 160 random bits that exist nowhere else.

    A session that a passkey began ends with the passkey.

    Raises NotAllowed for an account that was disabled.
    """
    await check_enabled(person_id)
    secret = secrets.token_urlsafe(20)
    kept = {"_id": database.new_id(), "key": _key(secret), "person_id": person_id, "device": device(agent)}
    if passkey_id:
        kept["passkey_id"] = passkey_id
    times = {"created_at": now, "seen_at": now, "confirmed_at": now, "expires_at": now + IDLE}
    await db().sessions.insert_one({**kept, **times})
    return secret


async def check_enabled(person_id: str) -> None:
    """Raises NotAllowed for an account that was disabled."""
    if await db().people.find_one({"_id": person_id, **DISABLED}, {"_id": 1}):
        raise NotAllowed("This account is disabled. Ask whoever looks after this Turnout.")


async def find(secret: str, *, now: datetime) -> tuple[SignedIn, Account] | None:
    """The session of a cookie with its person, unless it has ended; notes at most once a minute that it was seen."""
    found = await _with_person(await _by_key.ask(_key(secret)), now)
    if found and now - found[0].seen_at > SEEN_EVERY:
        await _seen(found[0], now)
    return found


async def again(session_id: str, *, now: datetime) -> tuple[SignedIn, Account] | None:
    """A session that was found before, with its person as they are now, unless it has ended."""
    return await _with_person(await _by_id.ask(session_id), now)


async def confirm(session_id: str, *, now: datetime) -> None:
    """Notes that whoever uses a session has just shown that they are its person."""
    await db().sessions.update_one({"_id": session_id}, {"$set": {"confirmed_at": now}})


async def is_confirmed(session_id: str, *, now: datetime) -> bool:
    """Whether the person signed in, or showed again who they are, within the last ten minutes."""
    query = {"_id": session_id, "confirmed_at": {"$gt": now - CONFIRMED_LASTS}}
    return await db().sessions.find_one(query, {"_id": 1}) is not None


async def of(person_id: str, *, now: datetime) -> list[SignedIn]:
    """Where a person is signed in, the latest first."""
    query = {"person_id": person_id, "expires_at": {"$gt": now}}
    found = await db().sessions.find(query).sort([("seen_at", -1), ("_id", 1)]).limit(100).to_list(100)
    return [SignedIn.model_validate(one) for one in found]


async def end(session_id: str, *, person_id: str) -> None:
    """Signs a person out in one place. Raises NotFound for another person's session."""
    ended = await db().sessions.delete_one({"_id": session_id, "person_id": person_id})
    if not ended.deleted_count:
        raise NotFound("That device is signed out already.")


async def end_by_secret(secret: str) -> SignedIn | None:
    """Ends the session of a cookie; answers what it was."""
    found = await db().sessions.find_one_and_delete({"key": _key(secret)})
    return SignedIn.model_validate(found) if found else None


async def end_all(person_id: str, session: Session) -> None:
    """Signs a person out everywhere."""
    await db().sessions.delete_many({"person_id": person_id}, session=session)


async def end_of_passkey(passkey_id: str, *, person_id: str, but: str, session: Session) -> list[str]:
    """Ends what a passkey began, except for one session; answers their ids."""
    query = {"person_id": person_id, "passkey_id": passkey_id, "_id": {"$ne": but}}
    ended = [one["_id"] async for one in db().sessions.find(query, {"_id": 1}, session=session)]
    await db().sessions.delete_many({"_id": {"$in": ended}}, session=session)
    return ended


async def enabled(person_id: str) -> Account | None:
    """A person, unless their account was disabled."""
    found = await _people.ask(person_id)
    return Account.model_validate(found) if found and found.get("disabled_at") is None else None


async def _with_person(found: Document | None, now: datetime) -> tuple[SignedIn, Account] | None:
    if found is None or found["expires_at"] <= now:
        return None
    person = await enabled(found["person_id"])
    return (SignedIn.model_validate(found), person) if person else None


async def _seen(session: SignedIn, now: datetime) -> None:
    expires_at = min(now + IDLE, session.created_at + ABSOLUTE)
    seen = {"seen_at": now, "expires_at": expires_at}
    await db().sessions.update_one({"_id": session.id, "seen_at": session.seen_at}, {"$set": seen})


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
