"""Sessions of programs: kept and ended with those of browsers, but no cookie opens them, only tokens that name them."""

from datetime import datetime, timedelta

from webapp import database
from webapp.database import Session, db
from webapp.people import sessions
from webapp.people.sessions import ABSOLUTE, SignedIn

IDLE = timedelta(days=30)


async def begin(person_id: str, *, name: str, now: datetime) -> SignedIn:
    """Signs a program in for a person, who knows it by this name. Raises NotAllowed where it is disabled."""
    await sessions.check_enabled(person_id)
    begun = SignedIn(
        _id=database.new_id(),
        person_id=person_id,
        device=f"{name} (a program)",
        created_at=now,
        seen_at=now,
        expires_at=now + IDLE,
    )
    # A cookie is looked for by the hash of its secret, which never looks like this.
    await db().sessions.insert_one({**begun.model_dump(by_alias=True), "key": f"program {begun.id}"})
    return begun


async def carry_on(session: SignedIn, *, now: datetime) -> SignedIn:
    """Lets a session last for another while, up to the age at which any sign-in ends."""
    seen = {"seen_at": now, "expires_at": min(now + IDLE, session.created_at + ABSOLUTE)}
    await db().sessions.update_one({"_id": session.id}, {"$set": seen})
    return session.model_copy(update=seen)


async def end(session_id: str, session: Session) -> None:
    """Signs a program out."""
    await db().sessions.delete_one({"_id": session_id}, session=session)
