"""How mails are kept until they are sent; afterwards only that they were."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pymongo import ReplaceOne, ReturnDocument

from webapp import database
from webapp.database import IndexModel, Session, db
from webapp.mail.failing import Why
from webapp.mail.letter import Letter

Document = dict[str, Any]
Count = Callable[[str, Mapping[str, int], Session], Awaitable[None]]

CLAIM = timedelta(seconds=90)
ATTEMPTS = 8
SHOWN = 8
CONTENT = {"to": "", "letter": "", "due_at": ""}

database.keep(
    "mails",
    IndexModel("due_at", sparse=True),
    IndexModel([("message_id", 1), ("_id", 1)], partialFilterExpression={"state": "failed"}),
    IndexModel([("registration_id", 1), ("created_at", -1)], partialFilterExpression={"registration_id": {"$gt": ""}}),
)


_counting: list[Count] = []


class Mail(BaseModel):
    """A letter on its way to an address; one of many has the message that they are of."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    to: str = Field(repr=False)
    letter: Letter = Field(repr=False)
    attempts: int
    message_id: str = ""


def when_counted(count: Count) -> None:
    """Has `count(message_id, change, session)` told what becomes of the mails of a message, each change once."""
    _counting[:] = [count]


async def post(letter: Letter, *, to: str, now: datetime, session: Session) -> None:
    """Leaves a letter to be sent, in the transaction of its cause."""
    await db().mails.insert_one(mail(letter, to=to, now=now), session=session)


def mail(letter: Letter, *, to: str, now: datetime, about: str = "", what: str = "") -> Document:
    """The document of a letter to be sent, for who writes it in a transaction of their own.

    One that is `about` a registration says `what` it is in a word, which stays when the letter is forgotten.
    """
    kept = {"_id": database.new_id(), "to": to, "letter": letter.model_dump(), "created_at": now}
    named = {"registration_id": about, "what": what} if about else {}
    return {**kept, **named, "state": "waiting", "attempts": 0, "due_at": now}


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
    await _change(mail, {"$set": {"due_at": due_at, "is_put_off": True}}, {"put_off": 1})


async def close(mail: Mail, state: str, *, now: datetime, why: Why | None = None) -> None:
    """Says how it ended, and forgets whom it was for and what it said."""
    ended = {"state": state, "ended_at": now, **({"why": why} if why else {})}
    await _change(mail, {"$set": ended, "$unset": CONTENT}, {state: 1, "put_off": 0})


async def _change(mail: Mail, change: Document, counts: Mapping[str, int]) -> None:
    query = {"_id": mail.id, "state": "waiting"}
    if not mail.message_id:
        await db().mails.update_one(query, change)
        return

    async def keep(session: Session) -> None:
        before = await db().mails.find_one_and_update(query, change, session=session)
        if before is None:
            return
        put_off = counts["put_off"] - bool(before.get("is_put_off"))
        moves = {name: by for name, by in {**counts, "put_off": put_off}.items() if by}
        for count in _counting if moves else ():
            await count(mail.message_id, moves, session)

    await database.transaction(keep)


async def overdue(now: datetime) -> int:
    """How many should have gone out by now, were all well."""
    return await db().mails.count_documents({"due_at": {"$lte": now - CLAIM}})


async def waiting(now: datetime, *, most: int) -> int:
    """How many could go out at once; counts no further than `most`."""
    return await db().mails.count_documents({"due_at": {"$lte": now}}, limit=most)


async def withdraw(to: str, session: Session) -> None:
    """Takes back what was not sent yet to an address."""
    await db().mails.delete_many({"to": to}, session=session)


async def of_registration(registration_id: str, limit: int = SHOWN) -> list[Document]:
    """The mails about a registration that are still known, the latest first; none says to whom it went."""
    found = db().mails.find({"registration_id": registration_id}, {"letter": 0, "to": 0})
    return [dict(one) for one in await found.sort("created_at", -1).limit(limit).to_list(limit)]


async def failed(message_id: str, limit: int, mail_id: str = "") -> list[Document]:
    """The mails of a message that could not be delivered, in order, or this one of them."""
    query = {"message_id": message_id, "state": "failed", **({"_id": mail_id} if mail_id else {})}
    return [dict(one) for one in await db().mails.find(query).sort("_id", 1).limit(limit).to_list(limit)]


async def try_again(mails: Iterable[Document], session: Session) -> int:
    """Puts mails in the place of those of the same ids that failed; says of how many that is still true."""
    changes: list[Any] = [ReplaceOne({"_id": one["_id"], "state": "failed"}, one) for one in mails]
    if not changes:
        return 0
    return int((await db().mails.bulk_write(changes, ordered=False, session=session)).modified_count)
