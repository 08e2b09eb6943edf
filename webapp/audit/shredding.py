"""Taking the people of an event out of the audit: who of the team did what, and when, stays."""

from typing import Any

from webapp.audit.record import Kind
from webapp.belonging import Step, Whose, shreds
from webapp.database import Session, db

BATCH = 200
OF_PHONES = ["admitted", "shut out"]
ABOUT_PEOPLE = [
    {"subject.kind": Kind.REGISTRATION},
    {"subject.kind": Kind.DOOR, "action": {"$in": OF_PHONES}},
]
NOTHING: dict[str, Any] = {"subject.title": "", "before": {}, "after": {}}


@shreds("records", at_the_end=True)
async def records(whose: Whose, after: Any, session: Session) -> Step:
    """From the latest to the first."""
    query: dict[str, Any] = {"organiser_id": whose.organiser_id, "about_event": whose.event_id}
    if after:
        earlier = [{"at": {"$lt": after["at"]}}, {"at": after["at"], "_id": {"$lt": after["id"]}}]
        query["$or"] = earlier
    found = db().records.find(query, {"at": 1}, session=session).sort([("at", -1), ("_id", -1)])
    rows = await found.limit(BATCH).to_list(BATCH)
    if not rows:
        return Step()
    these = {"_id": {"$in": [one["_id"] for one in rows]}}
    await db().records.update_many({**these, "$or": ABOUT_PEOPLE}, {"$set": NOTHING}, session=session)
    wrote = {**these, "action": {"$in": ["wrote to", "wrote again to"]}}
    await db().records.update_many(wrote, {"$unset": {"before.subject": "", "after.subject": ""}}, session=session)
    return Step({"at": rows[-1]["at"], "id": rows[-1]["_id"]})
