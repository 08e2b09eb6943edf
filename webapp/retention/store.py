"""How erasures are kept and carried out: in batches, each in one transaction with the note of how far it is.

A worker that dies in the middle leaves a claim that runs out, and the next one goes on where the last batch ended.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from webapp import belonging, database
from webapp.audit import shredding as of_audit
from webapp.audit import store as audit
from webapp.audit.actor import CLOCK, Actor
from webapp.audit.record import Kind, Subject
from webapp.belonging import Step, Whose, apart
from webapp.database import IndexModel, Session, db
from webapp.door import shredding as of_doors
from webapp.errors import Conflict
from webapp.events.event import Event
from webapp.events.writing import about as about_event
from webapp.messages import shredding as of_messages
from webapp.registrations import shredding as of_registrations
from webapp.retention.erasure import Erasure, What

CLAIM = timedelta(seconds=100)
"""Longer than MongoDB keeps what a worker that is gone was writing: 60 s, looked after every 30."""

BATCH = 500
TOO_EARLY = "It is not over yet, and its people are still to come."
PAST = 50
SHREDDING = (of_registrations, of_doors, of_messages, of_audit)
"""Where it is said how persons go."""

database.keep(
    "erasures", IndexModel("due_at", sparse=True), IndexModel([("organiser_id", 1), ("asked_at", -1)]), images=True
)
apart("erasures", "They carry this out; one that ends an event is gone when it is over.")


async def of_event(event_id: str) -> Erasure | None:
    """What goes of an event, or went."""
    found = await db().erasures.find_one({"_id": event_id})
    return Erasure.model_validate(found) if found else None


async def known_by(event: Event) -> int:
    """How many registrations of an event still say whose they are."""
    return await db().registrations.count_documents({"event_id": event.id, "words": {"$gt": ""}})


async def past(organiser_id: str, limit: int = PAST) -> list[tuple[Event, Erasure | None]]:
    """An organiser's events that are over, the latest first, and what of them goes or went."""
    query = {"organiser_id": organiser_id, "phase": "over", "deleted_at": None}
    found = await db().events.find(query).sort([("starts_at", -1), ("_id", -1)]).limit(limit).to_list(limit)
    mine = await db().erasures.find({"_id": {"$in": [one["_id"] for one in found]}}).to_list(None)
    known = {one["_id"]: Erasure.model_validate(one) for one in mine}
    return [(Event.model_validate(one), known.get(one["_id"])) for one in found]


async def shred(event: Event, *, by: Actor, now: datetime) -> Erasure:
    """Has the people of an event that is over taken out of it; asked again while that runs, it goes on.

    Raises Conflict before its end.
    """
    if event.ends_at > now:
        raise Conflict(TOO_EARLY)
    first, *left = _stages(What.PERSONS)
    new = Erasure(
        id=event.id,
        organiser_id=event.organiser_id,
        title=event.title,
        what=What.PERSONS,
        stage=first,
        left=left,
        asked_at=now,
        due_at=now,
    )

    async def begin(session: Session) -> Erasure:
        running = await db().erasures.find_one({"_id": event.id, "done_at": None}, session=session)
        if running:
            return Erasure.model_validate(running)
        kept = new.model_dump(by_alias=True)
        await db().erasures.replace_one({"_id": event.id}, kept, upsert=True, session=session)
        about = about_event(event)
        await audit.record(event.organiser_id, about, "had shredded", by=by, now=now, session=session)
        return new

    return await database.transaction(begin)


async def end(event_id: str, *, before: datetime, now: datetime) -> bool:
    """Ends an event that was deleted before then: the event itself at once, what belongs to it soon."""
    first, *left = _stages(What.EVERYTHING)

    async def begin(session: Session) -> bool:
        # Whoever brings it back at this moment and this transaction cannot both succeed.
        gone = await db().events.find_one_and_delete({"_id": event_id, "deleted_at": {"$lte": before}}, session=session)
        if gone is None:
            return False
        # With the event, so that no audit ever counts half of it.
        await db().books.delete_one({"_id": event_id}, session=session)
        new = Erasure(
            id=event_id,
            organiser_id=gone["organiser_id"],
            title=gone["title"],
            what=What.EVERYTHING,
            stage=first,
            left=left,
            asked_at=now,
            due_at=now,
        )
        await db().erasures.replace_one({"_id": event_id}, new.model_dump(by_alias=True), upsert=True, session=session)
        return True

    return await database.transaction(begin)


async def go_on(now: datetime) -> int:
    """Claims the erasure that has waited longest and does its next batch; says whether there was one."""
    claimed = await db().erasures.find_one_and_update(
        due(now),
        {"$set": {"due_at": now + CLAIM}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    if claimed is None:
        return 0
    one = Erasure.model_validate(claimed)

    async def work(session: Session) -> None:
        # Whoever moves it on is the one who does the batch.
        as_known = {"_id": one.id, "what": one.what, "stage": one.stage, "after": one.after, "asked_at": one.asked_at}
        mine = await db().erasures.update_one(as_known, {"$set": {"due_at": now}}, session=session)
        if mine.matched_count:
            await _move_on(one, await _batch(one, session), now, session)

    await database.transaction(work)
    return 1


def due(now: datetime) -> dict[str, Any]:
    """What finds erasures that wait; a stage of a newer version of this program is left to its workers."""
    return {"due_at": {"$lte": now}, "stage": {"$in": [*belonging.shredders(), *belonging.collections()]}}


def _stages(what: What) -> list[str]:
    if what is What.PERSONS:
        return list(belonging.shredders())
    return [*belonging.shredders(at_the_end=True), *belonging.collections()]


async def _batch(one: Erasure, session: Session) -> Step:
    shredder = belonging.shredders().get(one.stage)
    if shredder:
        return await shredder(Whose(one.id, one.organiser_id), one.after, session)
    return await _delete(one.stage, one.id, session)


async def _delete(collection: str, event_id: str, session: Session) -> Step:
    query = belonging.query(collection, event_id)
    rows = await db()[collection].find(query, {"_id": 1}, session=session).limit(BATCH).to_list(BATCH)
    ids = [one["_id"] for one in rows]
    if ids:
        await db()[collection].delete_many({"_id": {"$in": ids}}, session=session)
    return Step(len(ids)) if len(ids) == BATCH else Step()


async def _move_on(one: Erasure, step: Step, now: datetime, session: Session) -> None:
    change: Mapping[str, Any] = {"people": one.people + step.people, "after": step.after}
    if step.after is None:
        if not one.left:
            await _finish(one, change["people"], now, session)
            return
        change = {**change, "stage": one.left[0], "left": one.left[1:]}
    await db().erasures.update_one({"_id": one.id}, {"$set": change}, session=session)


async def _finish(one: Erasure, people: int, now: datetime, session: Session) -> None:
    about, said = Subject(Kind.EVENT, one.id, one.title), {"registrations": people}
    if one.what is What.EVERYTHING:
        await db().erasures.delete_one({"_id": one.id}, session=session)
        await audit.record(one.organiser_id, about, "let go", by=CLOCK, now=now, session=session)
        return
    over = {"$set": {"done_at": now, "people": people, "after": None}, "$unset": {"due_at": ""}}
    await db().erasures.update_one({"_id": one.id}, over, session=session)
    await db().events.update_one({"_id": one.id}, {"$set": {"shredded_at": one.asked_at}}, session=session)
    await audit.record(one.organiser_id, about, "shredded", by=CLOCK, now=now, session=session, after=said)
