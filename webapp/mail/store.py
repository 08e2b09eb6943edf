"""How mails are kept until they are sent; afterwards only that they were."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ReturnDocument

from webapp import database
from webapp.database import IndexModel, Session, db
from webapp.mail.letter import Letter

CLAIM = timedelta(seconds=90)
ATTEMPTS = 8
KEPT = timedelta(days=30)
CONTENT = {"to": "", "letter": "", "due_at": ""}

database.keep("mails", IndexModel("due_at", sparse=True), IndexModel("purge_at", expireAfterSeconds=0))


class Mail(BaseModel):
    """A letter on its way to an address."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    to: str = Field(repr=False)
    letter: Letter = Field(repr=False)
    attempts: int


async def post(letter: Letter, *, to: str, now: datetime, session: Session) -> None:
    """Leaves a letter to be sent, in the transaction of its cause."""
    mail = {"_id": database.new_id(), "to": to, "letter": letter.model_dump(), "created_at": now}
    await db().mails.insert_one({**mail, "state": "waiting", "attempts": 0, "due_at": now}, session=session)


async def claim(now: datetime) -> Mail | None:
    """Takes the mail that has waited longest, for as long as sending may take."""
    found = await db().mails.find_one_and_update(
        {"due_at": {"$lte": now}},
        {"$set": {"due_at": now + CLAIM}, "$inc": {"attempts": 1}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return Mail.model_validate(found) if found else None


async def put_back(mail: Mail, *, now: datetime) -> None:
    """Leaves a mail for later, twice as long each time: eight attempts in about an hour."""
    due_at = now + timedelta(seconds=15 * 2**mail.attempts)
    await db().mails.update_one({"_id": mail.id}, {"$set": {"due_at": due_at}})


async def close(mail: Mail, state: str, *, now: datetime) -> None:
    """Says how it ended, and forgets whom it was for and what it said."""
    ended = {"state": state, "ended_at": now, "purge_at": now + KEPT}
    await db().mails.update_one({"_id": mail.id}, {"$set": ended, "$unset": CONTENT})


async def withdraw(to: str, session: Session) -> None:
    """Takes back what was not sent yet to an address."""
    await db().mails.delete_many({"to": to}, session=session)
