"""For how long things are kept: five settings, carried out by MongoDB's own expiry.

Deleted events have more that belongs to them; `webapp.retention.rounds` ends them.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import INSTALLATION, Kind, Subject
from webapp.database import Session, db, expire, expire_no_more
from webapp.mail import sending

DAY = 24 * 60 * 60
KEY = "retention"
SETTING = Subject(Kind.SETTING, KEY, "how long things are kept")

database.keep("settings")


class Retention(BaseModel):
    """Days. Sessions have their own end besides: unused, a browser's after fourteen days, a program's after thirty."""

    model_config = ConfigDict(frozen=True)

    audit_days: int = Field(ge=30, le=3650)
    session_days: int = Field(ge=1, le=30)
    mail_days: int = Field(ge=1, le=365)
    deleted_event_days: int = Field(ge=1, le=365)
    message_days: int = Field(365, ge=30, le=3650)


AT_FIRST = Retention(audit_days=730, session_days=30, mail_days=30, deleted_event_days=30)
# What is counted from where; a document without this date stays.
COUNTED = {
    "audit_days": ("records", "at"),
    "session_days": ("sessions", "seen_at"),
    "mail_days": ("mails", "ended_at"),
    "message_days": ("messages", "created_at"),
}


async def current() -> Retention:
    """The settings of now."""
    kept = await db().settings.find_one({"_id": KEY})
    return Retention.model_validate(kept) if kept else AT_FIRST


async def change(asked: Retention, *, by: Actor, now: datetime) -> None:
    """Keeps other settings and lets them count at once, also for what is there."""

    async def keep(session: Session) -> None:
        was = await db().settings.find_one({"_id": KEY}, session=session)
        before = (Retention.model_validate(was) if was else AT_FIRST).model_dump()
        after = asked.model_dump()
        await db().settings.replace_one({"_id": KEY}, after, upsert=True, session=session)
        if before != after:
            sides = {"before": before, "after": after}
            await audit.record(INSTALLATION, SETTING, "edited", by=by, now=now, session=session, **sides)

    await database.transaction(keep)
    await apply(asked)


async def apply(kept: Retention) -> None:
    """Makes MongoDB's expiry what the settings say; safe on every start and from several workers."""
    for name, (collection, field) in COUNTED.items():
        await expire(collection, field, getattr(kept, name) * DAY)
    await expire_no_more("events", "deleted_at")
    sending.keep_in_outbox(kept.mail_days)
