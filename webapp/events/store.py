"""How events are kept. Every edit is checked against the version that was read, and kept beside the one before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp import database, together
from webapp.audit.actor import Actor
from webapp.belonging import belongs
from webapp.database import DuplicateKeyError, IndexModel, db
from webapp.errors import Conflict, NotFound
from webapp.events import telling, writing
from webapp.events.event import (
    Details,
    Event,
    Source,
    State,
    changed,
    edited,
    event,
    in_phase,
    slug_of,
)
from webapp.organisers import store as organisers
from webapp.together import Document

WORDS = {State.PUBLISHED: "published", State.DRAFT: "unpublished", State.CANCELLED: "cancelled"}

database.keep(
    "events",
    IndexModel("slug", unique=True),
    IndexModel([("state", 1), ("phase", 1), ("starts_at", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("tags", 1), ("starts_at", 1)]),
    IndexModel([("organiser_id", 1), ("phase", 1), ("starts_at", 1), ("_id", 1)]),
    IndexModel([("changed_at", -1), ("_id", 1)]),
    IndexModel("turns_at", sparse=True),
    IndexModel([("deleted_at", 1), ("_id", 1)]),
    IndexModel([("organiser_id", 1), ("shredded_at", 1), ("ends_at", 1)]),
    IndexModel(
        [("organiser_id", 1), ("source.calendar", 1), ("source.uid", 1), ("source.recurrence", 1)],
        unique=True,
        partialFilterExpression={"source.uid": {"$type": "string"}},
    ),
    IndexModel(
        [("title", "text"), ("summary", "text"), ("description", "text"), ("tags", "text"), ("place_name", "text")],
        weights={"title": 10, "tags": 5, "place_name": 4, "summary": 3},
        default_language="none",
        language_override="text_search_language",  # our `language` holds tags that MongoDB does not know
    ),
    images=True,
)
database.keep("revisions", IndexModel([("event_id", 1), ("version", -1)]))
belongs("revisions")
_by_slug, _by_id = together.documents("events", "slug"), together.documents("events")


class Edited(Conflict):
    """Somebody saved this event since it was opened. `before` is what was opened, `theirs` what is there now."""

    def __init__(self, before: Details, theirs: Event) -> None:
        super().__init__("Somebody else has saved this event since you opened it.")
        self.before, self.theirs = before, theirs


async def create(
    organiser_id: str, details: Details, *, now: datetime, by: Actor, source: Source | None = None
) -> Event:
    """Keeps a new draft of an organiser under a slug of its own."""
    slug = slug_of(details.title)
    # A transaction that fails costs more than a look.
    is_taken = await _by_slug.ask(slug) is not None
    for attempt in range(is_taken, 6):
        new = event(
            details,
            id=database.new_id(),
            organiser_id=organiser_id,
            slug=slug if not attempt else f"{slug}-{database.new_id()[: 2 + attempt]}",
            now=now,
            source=source,
        )
        try:
            await _keep(new, by)
        except DuplicateKeyError:
            continue
        return new
    raise Conflict("That title is taken by too many events; change it a little.")


async def get(organiser_id: str, event_id: str) -> Event:
    """An event of this organiser, also a draft or a deleted one. Raises NotFound."""
    return Event.model_validate(_or_not_found(await _of(organiser_id, event_id)))


async def if_there(organiser_id: str, event_id: str) -> Event | None:
    """The same for a region: None when it never was, is deleted, or is another organiser's."""
    found = await _of(organiser_id, event_id)
    return Event.model_validate(found) if found and found.get("deleted_at") is None else None


async def by_slug(slug: str) -> Event:
    """The event at an address, whoever's it is, also a draft or a deleted one. Raises NotFound."""
    return Event.model_validate(_or_not_found(await _by_slug.ask(slug)))


async def with_others(matching: Mapping[str, Any], others: Mapping[str, str]) -> list[Document]:
    """Documents of events with what other collections keep of them, each by the field that names the event there."""
    lookups = [
        {"$lookup": {"from": name, "localField": "_id", "foreignField": field, "as": name}}
        for name, field in others.items()
    ]
    found: list[Document] = await db().events.aggregate([{"$match": dict(matching)}, *lookups]).to_list(None)
    return found


async def there(slug: str) -> Event:
    """The same, for its team. Raises NotFound for a deleted one, too."""
    event = await by_slug(slug)
    if event.is_deleted:
        raise NotFound("This event was deleted. Organisers can bring it back from their list.")
    return event


async def edit(
    event: Event, details: Details, *, version: int, by: Actor, now: datetime, is_quiet: bool = False
) -> Event:
    """Saves other details if nobody saved since `version` was read. Raises Edited with both sides otherwise.

    Who comes is told of another time or place, unless `is_quiet`.
    """
    before = await _again(event)
    if before.version != version:
        raise Edited(await revision(event, version), before)
    if not changed(before, details):
        return before
    after = edited(before, details, now=now)
    await telling.check(before, after)
    how: dict[str, Any] = {"by": by, "is_quiet": is_quiet}
    if not await database.transaction(lambda session: writing.replace(before, after, session=session, **how)):
        raise Edited(await revision(event, version), await _again(event))
    await telling.follow(after, by.person_id or by.name, now)
    return after


async def revision(event: Event, version: int) -> Details:
    """The details as they were at a version. Raises NotFound."""
    kept = await db().revisions.find_one({"_id": f"{event.id}:{version}", "organiser_id": event.organiser_id})
    return Details.model_validate(_or_not_found(kept)["details"])


async def publish(event: Event, *, by: Actor, now: datetime) -> Event:
    """Shows a draft, or a cancelled event again, to everyone."""
    return await _set_state(event, State.PUBLISHED, among=[State.DRAFT, State.CANCELLED], by=by, now=now)


async def unpublish(event: Event, *, by: Actor, now: datetime) -> Event:
    """Makes a published or cancelled event a draft again."""
    return await _set_state(event, State.DRAFT, among=[State.PUBLISHED, State.CANCELLED], by=by, now=now)


async def cancel(event: Event, *, by: Actor, now: datetime) -> Event:
    """Calls a published event off; its page stays and says so."""
    return await _set_state(event, State.CANCELLED, among=[State.PUBLISHED], by=by, now=now)


async def delete(event: Event, *, by: Actor, now: datetime) -> Event:
    """Takes an event away. It can be brought back until `webapp.retention.rounds` ends it."""
    return await _update(event, {"deleted_at": None}, {"deleted_at": now}, "deleted", by=by, now=now)


@organisers.clears
async def delete_all(organiser_id: str, now: datetime) -> None:
    """Takes away what is left of an organiser's events."""
    gone = {"deleted_at": now, "changed_at": now}
    await db().events.update_many({"organiser_id": organiser_id, "deleted_at": None}, {"$set": gone})


async def restore(event: Event, *, by: Actor, now: datetime) -> Event:
    """Brings a deleted event back as it was."""
    return await _update(event, {"deleted_at": {"$ne": None}}, {"deleted_at": None}, "brought back", by=by, now=now)


async def duplicate(event: Event, *, by: Actor, now: datetime) -> Event:
    """A draft with the same details, of the same organiser."""
    title = f"{event.title[:110]} (copy)"
    details = Details.model_validate(event.model_dump() | {"title": title})
    return await create(event.organiser_id, details, now=now, by=by)


async def turn(now: datetime, limit: int = 100) -> int:
    """Moves events whose time has come into their next phase; says how many. Safe to run on every worker."""
    turned = 0
    for document in await db().events.find({"turns_at": {"$lte": now}}).sort("turns_at").to_list(limit):
        due = Event.model_validate(document)
        after = in_phase(due, now)
        done = await db().events.update_one(
            {"_id": due.id, "turns_at": due.turns_at, "version": due.version},
            {"$set": {"phase": after.phase, "turns_at": after.turns_at}},
        )
        turned += done.modified_count
    return turned


async def _keep(new: Event, by: Actor) -> None:
    await database.transaction(lambda session: writing.insert(new, by=by, session=session))


async def _set_state(event: Event, state: State, *, among: Sequence[State], by: Actor, now: datetime) -> Event:
    query = {"state": {"$in": list(among)}, "deleted_at": None}
    return await _update(event, query, {"state": state}, WORDS[state], by=by, now=now)


async def _update(
    event: Event, query: dict[str, Any], values: dict[str, Any], action: str, *, by: Actor, now: datetime
) -> Event:
    """Sets and records it; an event that is not as `query` says is left as it is. Raises NotFound."""
    done = await database.transaction(
        lambda session: writing.update(event, query, values, action, by=by, now=now, session=session)
    )
    return done or await _again(event)


async def _of(organiser_id: str, event_id: str) -> Document | None:
    found = await _by_id.ask(event_id)
    return found if found and found["organiser_id"] == organiser_id else None


async def _again(event: Event) -> Event:
    return await get(event.organiser_id, event.id)


def _or_not_found(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if document is None:
        raise NotFound("There is no such event; it may have been deleted.")
    return document
