"""Reads what scans are about, and writes what was decided of them, in one transaction for many.

What was read is guarded by each ticket's step: whoever saw an older one reads and judges again.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from webapp import database
from webapp.belonging import belongs
from webapp.database import BulkWriteError, DuplicateKeyError, IndexModel, PyMongoError, Session, db
from webapp.door import marks, tickets
from webapp.door.checkin import CheckInList, Presence, Ticket
from webapp.door.codes import secret_in
from webapp.door.deciding import Case, Document
from webapp.door.wishes import Redeem, Wish
from webapp.ticket_types.question import Answers, Form, Question

DUPLICATE = 11000

database.keep(
    "checkins",
    IndexModel(
        [("ticket_id", 1), ("step", 1)], unique=True, partialFilterExpression={"step": {"$gt": 0}}, name="one_history"
    ),
    IndexModel([("event_id", 1), ("learnt_at", -1)], partialFilterExpression={"is_refusal": True}, name="refusals"),
    IndexModel([("device_id", 1), ("learnt_at", -1)]),
    IndexModel([("event_id", 1), ("happened_at", 1)]),
)
database.keep("presence", IndexModel("event_id"))
database.keep("door_counts", IndexModel("event_id"), images=True)
database.keep("door_minutes", IndexModel([("event_id", 1), ("minute", -1)]))
for name in ("checkins", "presence", "door_counts", "door_minutes"):
    belongs(name)


async def read(event_id: str, wishes: Sequence[Wish]) -> Case:
    """What these wishes are about, as it is now."""
    subjects = {one for wish in wishes for one in (wish.id, wish.subject)}
    scans = [wish.scan for wish in wishes if isinstance(wish, Redeem)]
    secrets = {secret_in(scan.code) for scan in scans} - {""}
    ids = {scan.ticket_id for scan in scans} - {""}
    found, known, lists = await asyncio.gather(
        tickets.among(event_id, secrets=secrets, ids=ids),
        db().checkins.find({"_id": {"$in": sorted(subjects)}}).to_list(None),
        db().check_in_lists.find({"event_id": event_id}).to_list(None),
    )
    concerned = {one.id for one in found} | {one["ticket_id"] for one in known if one["ticket_id"]}
    standing = await db().presence.find({"_id": {"$in": sorted(concerned)}}).to_list(None)
    presence = {one["_id"]: Presence.model_validate(one) for one in standing}
    scanned_on = {scan.list_id for scan in scans}
    is_asking = any(one.get("question_ids") for one in lists if one["_id"] in scanned_on)
    questions, answers = await _asked(event_id, found) if is_asking else ([], {})
    return Case(
        event_id,
        {one["_id"]: CheckInList.model_validate(one) for one in lists},
        {one.secret: one for one in found},
        {one.id: one for one in found},
        {one["_id"]: dict(one) for one in known},
        presence,
        {ticket_id: one.step for ticket_id, one in presence.items()},
        questions,
        answers,
    )


async def _asked(event_id: str, scanned: Sequence[Ticket]) -> tuple[list[Question], dict[str, Answers]]:
    """The questions of an event, and for each ticket what was answered when it was registered."""
    form = await db().forms.find_one({"_id": event_id}, {"questions": 1}) or {}
    query = {"_id": {"$in": sorted({one.registration_id for one in scanned})}, "event_id": event_id}
    fields = {"answers": 1, "tickets.id": 1, "tickets.answers": 1}
    given: dict[str, Answers] = {}
    async for one in db().registrations.find(query, fields):
        for ticket in one["tickets"]:
            given[ticket["id"]] = {**(one.get("answers") or {}), **(ticket.get("answers") or {})}
    return Form.model_validate(form).questions, given


async def write(case: Case, shard: int, session: Session) -> None:
    """Writes what was decided; raises Stale where another worker was faster."""
    await db().checkins.insert_many(case.records, session=session)
    if case.touched:
        await _write_presence(case, session)
    first = case.records[0]
    whose = {"organiser_id": first["organiser_id"], "event_id": case.event_id}
    counts = {name: count for name, count in case.counts.items() if count}
    change = {"$set": whose, "$inc": {**counts, "scans": len(case.records)}}
    await db().door_counts.update_one({"_id": f"{case.event_id}:{shard}"}, change, upsert=True, session=session)
    minutes: list[Any] = [
        UpdateOne(
            {"_id": f"{case.event_id}:{shard}:{minute:%Y%m%d%H%M}"},
            {"$set": {**whose, "minute": minute}, "$inc": dict(counted)},
            upsert=True,
        )
        for minute, counted in case.minutes.items()
    ]
    await db().door_minutes.bulk_write(minutes, session=session)
    learnt_at = max(record["learnt_at"] for record in case.records)
    await marks.make(whose, shard, {**case.counts, **case.kinds}, at=learnt_at, session=session)


async def _write_presence(case: Case, session: Session) -> None:
    changes: list[Any] = []
    for ticket_id in sorted(case.touched):
        after = case.presence[ticket_id]
        lists = {list_id: one.model_dump() for list_id, one in after.lists.items()}
        values = {"event_id": case.event_id, "step": after.step, "is_inside": after.is_inside, "lists": lists}
        values |= {"answers": dict(after.answers)} if after.answers else {}
        step = case.seen.get(ticket_id, 0)
        changes.append(UpdateOne(presence_as_seen(ticket_id, step), {"$set": values}, upsert=not step))
    done = await db().presence.bulk_write(changes, session=session)
    if done.matched_count + len(done.upserted_ids or {}) != len(changes):
        raise Stale


def presence_as_seen(ticket_id: str, step: int) -> Document:
    """The guard between workers: how a ticket stands, if nobody changed it since. At step 0 there is none yet."""
    return {"_id": ticket_id, "step": step}


class Stale(PyMongoError):
    """Another worker changed what was read."""


def is_worth_another(error: PyMongoError) -> bool:
    """Whether reading and deciding again can help."""
    if isinstance(error, BulkWriteError):
        return any(one["code"] == DUPLICATE for one in error.details["writeErrors"])
    return isinstance(error, Stale | DuplicateKeyError) or database.is_passing(error)


async def presence_of(ticket_ids: Sequence[str]) -> dict[str, Presence]:
    """How these tickets stand just now; one that was never scanned is not among them."""
    found = await db().presence.find({"_id": {"$in": list(ticket_ids)}}).to_list(None)
    return {one["_id"]: Presence.model_validate(one) for one in found}


async def answers_at(event_id: str, ticket_ids: Sequence[str] | None = None) -> dict[str, Answers]:
    """What was answered at the door, by ticket; with `ticket_ids` only of these."""
    theirs = {} if ticket_ids is None else {"_id": {"$in": list(ticket_ids)}}
    found = db().presence.find({"event_id": event_id, "answers": {"$exists": True}, **theirs}, {"answers": 1})
    return {one["_id"]: {key: said for key, said in one["answers"].items() if said is not None} async for one in found}
