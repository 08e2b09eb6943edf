"""How messages are kept, and handed to the post in batches: to each registration once, whoever does it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.belonging import belongs
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.events.writing import about as about_event
from webapp.mail import store as mails
from webapp.mail.letter import Letter
from webapp.messages import letters
from webapp.messages.message import Audience, Message, Writing
from webapp.organisers import store as organisers
from webapp.places.case import holder_of
from webapp.registrations.letters import CALENDAR, TICKET
from webapp.registrations.posting import when_of
from webapp.registrations.registration import Registration, id_of

Document = dict[str, Any]

BATCH = 200
CLAIM = timedelta(seconds=30)
PAUSE = timedelta(seconds=2)
COMING = ["confirmed", "pending"]
# So long, what was deleted by mistake can be brought back before anybody is told.
SECOND_THOUGHTS = timedelta(minutes=2)

database.keep(
    "messages", IndexModel([("event_id", 1), ("created_at", -1)]), IndexModel("due_at", sparse=True), images=True
)
belongs("messages")


async def reached(event: Event, audience: Audience) -> int:
    """How many would get a message just now."""
    return await db().registrations.count_documents(_people(event, [audience.state], audience.ticket_type_id))


async def write(event: Event, writing: Writing, *, by: Actor, now: datetime) -> Message:
    """Keeps a message that is due at once. Raises Conflict where nobody would get it."""
    people = _people(event, [writing.state], writing.ticket_type_id)
    total, upto = await db().registrations.count_documents(people), await _latest(event)
    if not total:
        raise Conflict("Nobody would get this just now.")
    new = Message(
        id=id_of(event.id, writing.key),
        organiser_id=event.organiser_id,
        event_id=event.id,
        states=[writing.state],
        by_name=by.name,
        created_at=now,
        upto=upto,
        total=total,
        due_at=now,
        **writing.model_dump(include={"subject", "text", "ticket_type_id"}),
    )

    async def keep(session: Session) -> None:
        await db().messages.insert_one(new.model_dump(by_alias=True), session=session)
        said = {"subject": new.subject, "people": total}
        about = about_event(event)
        await audit.record(event.organiser_id, about, "wrote to", by=by, now=now, session=session, after=said)

    try:
        await database.transaction(keep)
    except DuplicateKeyError:
        return Message.model_validate(await db().messages.find_one({"_id": new.id}))
    return new


async def get(event: Event, message_id: str) -> Message:
    """A message to the people of this event. Raises NotFound."""
    mine = {"_id": message_id, "event_id": event.id, "organiser_id": event.organiser_id}
    found = await db().messages.find_one(mine)
    if found is None:
        raise NotFound("There is no such message.")
    return Message.model_validate(found)


async def call_off(event: Event, now: datetime, session: Session) -> None:
    """Has those who have places told that an event was cancelled, in the transaction that cancels it.

    Called off once more, it is told to those who came since.
    """
    key = f"{event.id}-cancelled"
    known = await db().messages.find_one({"_id": key}, session=session)
    after, upto = known["upto"] if known else 0, await _latest(event)
    people = _people(event, COMING) | {"number": {"$gt": after, "$lte": upto}}
    total = await db().registrations.count_documents(people, session=session)
    if not total:
        return
    subject, text = letters.called_off(event.title, when_of(event))
    new = {"organiser_id": event.organiser_id, "event_id": event.id, "ticket_type_id": "", "by_name": ""}
    said = {"subject": subject, "text": text, "states": COMING, "created_at": now, "upto": upto, "due_at": now}
    change = {"$setOnInsert": new | {"after": 0, "posted": 0}, "$set": said, "$inc": {"total": total}}
    await db().messages.update_one({"_id": key}, change, upsert=True, session=session)


async def coming(event: Event) -> int:
    """How many registrations have places, and an address to write to."""
    return await db().registrations.count_documents(_people(event, COMING))


async def coming_to(organiser_id: str, event_ids: Sequence[str]) -> Counter[str]:
    """The same for many events of an organiser, by their ids."""
    there = {"event_id": {"$in": list(event_ids)}, "state": {"$in": COMING}, "email": {"$gt": ""}}
    stages: list[Document] = [
        {"$match": {**there, "organiser_id": organiser_id}},
        {"$group": {"_id": "$event_id", "people": {"$sum": 1}}},
    ]
    return Counter({row["_id"]: row["people"] async for row in db().registrations.aggregate(stages)})


async def moved(before: Event, after: Event, now: datetime, session: Session) -> None:
    """Has those who have places told that an event is at another time or in another place, once for each change."""
    subject, text = letters.moved(after.title, _when_and_where(before), _when_and_where(after))
    why = "when its time or its place changed"
    said = {"subject": subject, "text": text, "why": why, "encloses": CALENDAR, "due_at": now}
    await _announce(after, f"moved-{after.version}", said, now, session)


async def taken_away(event: Event, now: datetime, session: Session) -> None:
    """Has those who have places told, in a while, that an event was deleted or is a draft again."""
    subject, text = letters.taken_away(event.title, when_of(event))
    why = "when it was deleted" if event.is_deleted else "when it was unpublished"
    said = {"subject": subject, "text": text, "why": why, "due_at": now + SECOND_THOUGHTS}
    await _announce(event, f"gone-{database.new_id()}", said, now, session)


async def brought_back(event: Event, now: datetime, session: Session) -> None:  # noqa: ARG001 - the shape of a teller
    """Takes back what nobody was told yet."""
    query = {"event_id": event.id, "_id": {"$regex": f"^{event.id}-gone-"}, "posted": 0, "due_at": {"$ne": None}}
    await db().messages.delete_many(query, session=session)


async def _announce(event: Event, what: str, said: Document, now: datetime, session: Session) -> None:
    people, upto = _people(event, COMING), await _latest(event)
    total = await db().registrations.count_documents(people | {"number": {"$lte": upto}}, session=session)
    if not total:
        return
    new = {"_id": f"{event.id}-{what}", "organiser_id": event.organiser_id, "event_id": event.id, "states": COMING}
    counts = {"after": 0, "upto": upto, "total": total, "posted": 0, "created_at": now}
    await db().messages.insert_one(new | counts | {"ticket_type_id": "", "by_name": ""} | said, session=session)


def _when_and_where(event: Event) -> str:
    place = ", ".join(part for part in (event.place_name, event.place_address) if part) or event.online_url
    return "\n".join(part for part in (when_of(event), place) if part)


async def count(message_id: str, change: Mapping[str, int], session: Session) -> None:
    """Counts what has become of a mail of a message."""
    await db().messages.update_one({"_id": message_id}, {"$inc": dict(change)}, session=session)


async def of_event(organiser_id: str, event_id: str, limit: int = 50) -> list[Message]:
    """What was written to the people of an event, the latest first."""
    query = {"event_id": event_id, "organiser_id": organiser_id}
    found = await db().messages.find(query).sort("created_at", -1).to_list(limit)
    return [Message.model_validate(one) for one in found]


async def claim(now: datetime) -> Message | None:
    """Takes the message that has waited longest, for as long as a batch may take."""
    found = await db().messages.find_one_and_update(
        {"due_at": {"$lte": now}},
        {"$set": {"due_at": now + CLAIM}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return Message.model_validate(found) if found else None


async def post(message: Message, *, now: datetime) -> int:
    """Hands the next batch to the post, unless somebody else did; says to how many."""
    event = await events.get(message.organiser_id, message.event_id)
    organiser = await organisers.get(message.organiser_id)
    people = _people(event, message.states, message.ticket_type_id)
    query = people | {"number": {"$gt": message.after, "$lte": message.upto}}
    rows = await db().registrations.find(query).sort("number", 1).limit(BATCH).to_list(BATCH)
    batch = [Registration.model_validate(one) for one in rows]
    posted = [mail_to(message, one, event.title, organiser.name, now) for one in batch]
    posted += [mail for one in batch for mail in mails_to_holders(message, one, event, organiser.name, now)]
    is_last = len(batch) < BATCH
    after = message.upto if is_last else batch[-1].number
    change: Document = {"$set": {"after": after}, "$inc": {"posted": len(batch)}}
    if is_last:
        change["$unset"] = {"due_at": ""}
    else:
        change["$set"]["due_at"] = now

    async def keep(session: Session) -> int:
        # Whoever moves `after` on is the one who writes to those in between.
        query = {"_id": message.id, "after": message.after, "upto": message.upto, "due_at": {"$ne": None}}
        done = await db().messages.update_one(query, change, session=session)
        if not done.modified_count:
            return 0
        if posted:
            await db().mails.insert_many(posted, session=session)
        return len(posted)

    return await database.transaction(keep)


async def put_off(message: Message, *, now: datetime) -> None:
    """Leaves a message for a moment later."""
    await db().messages.update_one({"_id": message.id, "due_at": {"$ne": None}}, {"$set": {"due_at": now + PAUSE}})


async def give_up(message: Message) -> None:
    """Ends a message whose event or organiser is gone."""
    await db().messages.update_one({"_id": message.id}, {"$unset": {"due_at": ""}})


def mail_to(message: Message, to: Registration, title: str, organiser: str, now: datetime) -> Document:
    """A message as the mail to whoever registered; its id is made of the two, so that there is one."""
    return _mail(message, to, to.id, letters.letter(message, title, organiser, to.id), to=to.email, now=now)


def mails_to_holders(
    message: Message, of: Registration, event: Event, organiser: str, now: datetime
) -> Iterator[Document]:
    """The same to those whom its tickets were passed on to: they come, and have no part in the registration."""
    for ticket in of.live_tickets:
        if holder_of({"email": ticket.email}, of.email) and message.ticket_type_id in ("", ticket.ticket_type_id):
            letter = letters.letter(message, event.title, organiser, "").with_link("See the event", event.path)
            letter = letter.with_attachment(TICKET if message.encloses else "", ticket.id)
            yield _mail(message, of, ticket.id, letter, to=ticket.email, now=now)


def _mail(message: Message, of: Registration, subject: str, letter: Letter, *, to: str, now: datetime) -> Document:
    made = mails.mail(letter, to=to, now=now, about=of.id, what="message")
    return made | {"_id": f"{message.id}-{subject}", "message_id": message.id}


def _people(event: Event, states: list[str], ticket_type_id: str = "") -> Document:
    query: Document = {"event_id": event.id, "state": {"$in": states}, "organiser_id": event.organiser_id}
    if ticket_type_id:
        ticket: Mapping[str, Any] = {"ticket_type_id": ticket_type_id}
        still = {} if states == ["cancelled"] else {"is_cancelled": False}
        query["tickets"] = {"$elemMatch": {**ticket, **still}}
    return query | {"email": {"$gt": ""}}


async def _latest(event: Event) -> int:
    query = {"event_id": event.id}
    found = await db().registrations.find(query, {"number": 1}).sort("number", -1).limit(1).to_list(1)
    return int(found[0]["number"]) if found else 0
