"""How a change of an event is written: with its revision, its record in the audit, and those who have to know."""

from datetime import datetime
from typing import Any

from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.database import Session, db
from webapp.events import telling
from webapp.events.event import DETAILS, Details, Event

DECIDED_ELSEWHERE = {"_id", "organiser_id", "slug", "state", "deleted_at", "source", "created_at"}


async def insert(new: Event, *, by: Actor, session: Session) -> None:
    """A new event. Raises DuplicateKeyError where its slug is taken."""
    await db().events.insert_one(new.document(), session=session)
    await db().revisions.insert_one(revision_of(new, by), session=session)
    await audit.record(new.organiser_id, about(new), "created", by=by, now=new.created_at, session=session)


async def replace(before: Event, after: Event, *, by: Actor, session: Session, is_quiet: bool) -> bool:
    """Other details, where nobody saved since `before`; says whether."""
    query = {"_id": after.id, "organiser_id": after.organiser_id, "version": before.version}
    done = await db().events.update_one(query, {"$set": _without_state(after.document())}, session=session)
    if not done.matched_count:
        return False
    await db().revisions.insert_one(revision_of(after, by), session=session)
    sides = {"before": details_of(before), "after": details_of(after)}
    await audit.record(
        after.organiser_id, about(after), "edited", by=by, now=after.changed_at, session=session, **sides
    )
    if not is_quiet and telling.tells(before, after):
        await telling.tell_moved(before, after, after.changed_at, session)
    return True


async def update(
    event: Event,
    query: dict[str, Any],
    values: dict[str, Any],
    action: str,
    *,
    by: Actor,
    now: datetime,
    session: Session,
) -> Event | None:
    """Sets values that are no details; None where the event is not as `query` says, and left as it is."""
    scoped = {"_id": event.id, "organiser_id": event.organiser_id, **query}
    change = {"$set": {**values, "changed_at": now}}
    found = await db().events.find_one_and_update(scoped, change, session=session)
    if found is None:
        return None
    before = {name: found[name] for name in values}
    sides = {"before": before, "after": values}
    await audit.record(event.organiser_id, about(event), action, by=by, now=now, session=session, **sides)
    after = Event.model_validate({**found, **values, "changed_at": now})
    await telling.tell_changed(Event.model_validate(found), after, now, session)
    return after


def about(event: Event) -> Subject:
    """An event as the audit names it."""
    return Subject(Kind.EVENT, event.id, event.title)


def details_of(event: Event) -> dict[str, Any]:
    """What an organiser typed, of an event."""
    return {name: getattr(event, name) for name in DETAILS}


def revision_of(event: Event, by: Actor) -> dict[str, Any]:
    """The document that keeps this version of an event."""
    details = Details.model_validate(event.model_dump()).model_dump()
    return {
        "_id": f"{event.id}:{event.version}",
        "organiser_id": event.organiser_id,
        "event_id": event.id,
        "version": event.version,
        "details": details,
        "by": by.person_id or by.name,
        "at": event.changed_at,
    }


def _without_state(document: dict[str, Any]) -> dict[str, Any]:
    """An edit never touches what other actions decide."""
    return {k: v for k, v in document.items() if k not in DECIDED_ELSEWHERE}
