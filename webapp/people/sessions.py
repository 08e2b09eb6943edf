"""Sessions: who is signed in where. The cookie holds a secret, the database its hash; ending one ends it at once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.database import IndexModel, Session, db
from webapp.errors import NotFound
from webapp.people.devices import device
from webapp.people.person import Account

IDLE, ABSOLUTE = timedelta(days=14), timedelta(days=90)
SEEN_EVERY = timedelta(minutes=1)

database.keep(
    "sessions",
    IndexModel("key", unique=True),
    IndexModel([("person_id", 1), ("seen_at", -1)]),
    IndexModel("expires_at", expireAfterSeconds=0),
    images=True,
)


class SignedIn(BaseModel):
    """One browser in which somebody is signed in."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    person_id: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


async def begin(person_id: str, *, agent: str, now: datetime) -> str:
    """Signs a person in; answers the secret for the cookie, 160 random bits that exist nowhere else."""
    secret = secrets.token_urlsafe(20)
    kept = {"_id": database.new_id(), "key": _key(secret), "person_id": person_id, "device": device(agent)}
    await db().sessions.insert_one({**kept, "created_at": now, "seen_at": now, "expires_at": now + IDLE})
    return secret


async def find(secret: str, *, now: datetime) -> tuple[SignedIn, Account] | None:
    """The session of a cookie with its person, unless it has ended; notes at most once a minute that it was seen."""
    found = await db().sessions.find_one({"key": _key(secret), "expires_at": {"$gt": now}})
    if found is None:
        return None
    person = await db().people.find_one({"_id": found["person_id"]})
    if person is None:
        return None
    session = SignedIn.model_validate(found)
    if now - session.seen_at > SEEN_EVERY:
        await _seen(session, now)
    return session, Account.model_validate(person)


async def is_on(session_id: str, *, now: datetime) -> bool:
    """Whether a session has not ended."""
    return await db().sessions.find_one({"_id": session_id, "expires_at": {"$gt": now}}, {"_id": 1}) is not None


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


async def _seen(session: SignedIn, now: datetime) -> None:
    expires_at = min(now + IDLE, session.created_at + ABSOLUTE)
    seen = {"seen_at": now, "expires_at": expires_at}
    await db().sessions.update_one({"_id": session.id, "seen_at": session.seen_at}, {"$set": seen})


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
