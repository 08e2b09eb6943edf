"""Taking persons out of an event's door: who was scanned, what they answered there, and whose phone it was."""

from collections.abc import Sequence
from typing import Any

from webapp.belonging import Step, Whose, shreds
from webapp.database import Session, db

Stage = dict[str, Any]

BATCH = 200
# Only where there is one: an older check-in does not have every field.
NAMES = ("device", "name")
WORDS = ("by", "reason", *NAMES)
ANSWERS = [{"$unset": "answers"}]


@shreds("check-ins")
async def check_ins(whose: Whose, after: Any, session: Session) -> Step:
    """Everything that somebody said or was called, in batches of check-ins."""
    return await _without(WORDS, ANSWERS, whose.event_id, after, session)


async def names(event_id: str, after: Any, session: Session) -> Step:
    """Only the names of people and phones, in the same batches."""
    return await _without(NAMES, [], event_id, after, session)


async def _without(words: Sequence[str], more: list[Stage], event_id: str, after: Any, session: Session) -> Step:
    """In the order in which they were learnt, and with them how the same tickets stand."""
    query: dict[str, Any] = {"event_id": event_id}
    if after:
        later = {"learnt_at": {"$gt": after["at"]}}
        query = {**query, "$or": [later, {"learnt_at": after["at"], "_id": {"$gt": after["id"]}}]}
    order = [("learnt_at", 1), ("_id", 1)]
    fields = {"learnt_at": 1, "ticket_id": 1}
    rows = await db().checkins.find(query, fields, session=session).sort(order).limit(BATCH).to_list(BATCH)
    if not rows:
        return Step()
    these = {"_id": {"$in": [one["_id"] for one in rows]}}
    await db().checkins.update_many(these, [{"$set": _nameless(words)}, *more], session=session)
    tickets = {"_id": {"$in": [one["ticket_id"] for one in rows if one["ticket_id"]]}}
    await db().presence.update_many(tickets, [{"$set": {"lists": _standings("$lists")}}, *more], session=session)
    return Step({"at": rows[-1]["learnt_at"], "id": rows[-1]["_id"]})


@shreds("phones")
async def phones(whose: Whose, after: Any, session: Session) -> Step:  # noqa: ARG001 - there are few, so one batch
    """Ends the door links and phones, which bear people's names, and who saw a clash."""
    here = {"event_id": whose.event_id}
    await db().door_links.delete_many(here, session=session)
    await db().door_devices.delete_many(here, session=session)
    seen = {**here, "is_seen": True}
    await db().door_clashes.update_many(seen, {"$set": {"seen_by": ""}}, session=session)
    return Step()


def _nameless(words: Sequence[str]) -> Stage:
    texts = {name: _if_there(f"${name}", "") for name in words}
    return {**texts, "standing.device": "", "left": _if_there("$left", _standings("$left"))}


def _if_there(path: str, value: Any) -> dict[str, Any]:
    return {"$cond": [{"$eq": [{"$type": path}, "missing"]}, "$$REMOVE", value]}


def _standings(path: str) -> dict[str, Any]:
    nameless = {"k": "$$this.k", "v": {"$mergeObjects": ["$$this.v", {"device": ""}]}}
    return {"$arrayToObject": {"$map": {"input": {"$objectToArray": path}, "in": nameless}}}
