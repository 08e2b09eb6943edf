"""Writing what an import found to the events: new ones wait as drafts and appear together when all are there."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pymongo import UpdateOne

from webapp import database
from webapp.audit import store as audit
from webapp.database import IndexModel, Session, db
from webapp.events import telling
from webapp.events.event import Details, Event, Phase, Source, State, edited, event, slug_of
from webapp.events.writing import about, details_of, revision_of
from webapp.imports import store
from webapp.imports.calendar import Entry
from webapp.imports.reconcile import Known, merged
from webapp.imports.record import Counts, Import

AT_ONCE = 100
FIELDS = {"source": 1, "state": 1, "deleted_at": 1, "starts_at": 1, "ends_at": 1}

database.keep("events", IndexModel("source.import_id", sparse=True))


async def known(calendar: str, one: Import) -> list[Known]:
    """The organiser's events that came from this calendar, deleted ones too: what people deleted stays deleted."""
    cursor = db().events.find({"organiser_id": one.organiser_id, "source.calendar": calendar}, FIELDS)
    return [_known(document, one) async for document in cursor]


async def write_new(entries: Sequence[Entry], one: Import, calendar: str, now: datetime) -> None:
    """Keeps new events as drafts that wait for `publish`, with their first revision."""
    slugs = await _free_slugs(entries)
    made = [
        event(
            entry.details,
            id=database.new_id(),
            organiser_id=one.organiser_id,
            slug=slug,
            now=now,
            source=Source(calendar=calendar, uid=entry.uid, recurrence=entry.recurrence),
        )
        for entry, slug in zip(entries, slugs, strict=True)
    ]
    documents = [new.document() for new in made]
    for document, entry in zip(documents, entries, strict=True):
        document["source"] |= {**_source(entry, one), "outcome": "new", "waits": True}

    async def write(session: Session) -> None:
        await db().events.insert_many(documents, ordered=False, session=session)
        revisions = [revision_of(new, one.writer) for new in made]
        await db().revisions.insert_many(revisions, ordered=False, session=session)
        await audit.add([_recorded(one, new, "created", now) for new in made], session)

    await database.transaction(write)


async def write_changed(pairs: Sequence[tuple[Entry, Known]], one: Import, now: datetime) -> None:
    """Brings what the calendar changed into events, each one version on; what people changed besides stays."""
    entries = {before.id: entry for entry, before in pairs}

    async def write(session: Session) -> None:
        theirs = {"_id": {"$in": list(entries)}, "organiser_id": one.organiser_id}
        documents = await db().events.find(theirs, session=session).to_list(None)
        changes = [_change(document, entries[document["_id"]], one, now) for document in documents]
        await db().events.bulk_write([update for update, _ in changes], session=session)
        revisions = [revision_of(after, one.writer) for _, after in changes if after]
        if revisions:
            await db().revisions.insert_many(revisions, session=session)
        befores = {document["_id"]: Event.model_validate(document) for document in documents}
        afters = [after for _, after in changes if after]
        await audit.add([_recorded(one, new, "edited", now, before=befores[new.id]) for new in afters], session)
        for new in afters:
            await _tell(befores[new.id], new, one, now, session)

    await database.transaction(write)


async def foreseen(pairs: Sequence[tuple[Entry, Known]], one: Import, now: datetime) -> list[tuple[Event, Event]]:
    """What the calendar would make of these events, each as it is and as it would be; nothing is written."""
    entries = {before.id: entry for entry, before in pairs}
    theirs = {"_id": {"$in": list(entries)}, "organiser_id": one.organiser_id}
    documents = await db().events.find(theirs).to_list(None)
    changes = [(document, _change(document, entries[document["_id"]], one, now)[1]) for document in documents]
    return [(Event.model_validate(document), after) for document, after in changes if after]


def is_called_off(before: Event, after: Event) -> bool:
    """Whether something that people could still come to does not take place any more."""
    is_off = after.state is State.CANCELLED and before.state is State.PUBLISHED
    return is_off and before.phase is not Phase.OVER


async def _tell(before: Event, after: Event, one: Import, now: datetime, session: Session) -> None:
    if is_called_off(before, after):
        await telling.tell_called_off(after, now, session)
    elif not one.is_quiet and telling.tells(before, after):
        await telling.tell_moved(before, after, now, session)


async def write_vanished(gone: Sequence[Known], one: Import, now: datetime) -> None:
    """Cancels upcoming events that are no longer in the calendar: people may be on their way to them."""
    theirs = {"_id": {"$in": [known.id for known in gone]}, "organiser_id": one.organiser_id, "state": State.PUBLISHED}
    source = {"source.digest": "", "source.cancelled": True, "source.import_id": one.id, "source.outcome": "cancelled"}

    async def write(session: Session) -> None:
        documents = await db().events.find(theirs, session=session).to_list(None)
        change = {"$set": {"state": State.CANCELLED, "changed_at": now, **source}}
        await db().events.update_many(theirs, change, session=session)
        vanished = [Event.model_validate(document) for document in documents]
        await audit.add([_recorded(one, event, "cancelled", now) for event in vanished], session)
        for called_off in vanished:
            await telling.tell_called_off(called_off, now, session)

    await database.transaction(write)


async def publish(one: Import, same: int, now: datetime) -> None:
    """Shows every new event and says that the import is done, in one transaction: all of it or nothing."""

    async def write(session: Session) -> None:
        waiting = {"source.import_id": one.id, "source.waits": True, "state": State.DRAFT, "deleted_at": None}
        for cancelled, state in ((True, State.CANCELLED), (False, State.PUBLISHED)):
            await db().events.update_many(
                {**waiting, "source.cancelled": cancelled},
                {"$set": {"state": state, "changed_at": now}, "$unset": {"source.waits": ""}},
                session=session,
            )
        counts = await _outcomes(one, session)
        kept = one.counts.model_copy(update={**counts, "same": same})
        await store.finish(one, kept, now, session)

    await database.transaction(write)


async def withdraw(one: Import) -> None:
    """Takes away the drafts of an import that failed."""
    waiting = {"source.import_id": one.id, "source.waits": True}
    ids = [document["_id"] async for document in db().events.find(waiting, {"_id": 1})]
    await db().events.delete_many({"_id": {"$in": ids}})
    await db().revisions.delete_many({"event_id": {"$in": ids}})


async def _outcomes(one: Import, session: Session) -> dict[str, int]:
    """Counted in the events themselves, so that an import which another worker finished counts right."""
    counted = db().events.aggregate(
        [{"$match": {"source.import_id": one.id}}, {"$group": {"_id": "$source.outcome", "count": {"$sum": 1}}}],
        session=session,
    )
    return Counts.model_validate({row["_id"]: row["count"] async for row in counted}).model_dump(
        include={"new", "changed", "cancelled"}
    )


def _recorded(one: Import, event: Event, action: str, now: datetime, *, before: Event | None = None) -> dict[str, Any]:
    sides = {"before": _audited(before), "after": _audited(event)} if before else {}
    return audit.document(one.organiser_id, about(event), action, by=one.writer, now=now, **sides)


def _audited(event: Event) -> dict[str, Any]:
    return {**details_of(event), "state": event.state}


def _known(document: Mapping[str, Any], one: Import) -> Known:
    source = document["source"]
    return Known(
        id=document["_id"],
        uid=source["uid"],
        recurrence=source["recurrence"],
        sequence=source["sequence"],
        digest=source["digest"],
        starts_at=document["starts_at"],
        ends_at=document["ends_at"],
        is_live=document["state"] == State.PUBLISHED and document["deleted_at"] is None,
        made_by_this=source["import_id"] == one.id,
    )


def _source(entry: Entry, one: Import) -> dict[str, Any]:
    return {
        "recurrence": entry.recurrence,
        "sequence": entry.sequence,
        "digest": entry.digest,
        "said": entry.said,
        "cancelled": entry.cancelled,
        "import_id": one.id,
    }


def _change(document: Mapping[str, Any], entry: Entry, one: Import, now: datetime) -> tuple[UpdateOne, Event | None]:
    before, source = Event.model_validate(document), document["source"]
    source_now = {f"source.{name}": value for name, value in _source(entry, one).items()}
    source_now["source.outcome"] = "same" if before.is_deleted else "changed"
    if before.is_deleted:
        return UpdateOne({"_id": before.id}, {"$set": source_now}), None
    details = _merged(before, entry, source.get("said", {}))
    after = edited(before, details, now=now)
    values = {name: value for name, value in after.document().items() if name not in ("_id", "slug", "source")}
    values["state"] = _state(before.state, entry.cancelled, was_cancelled=source.get("cancelled", False))
    return UpdateOne({"_id": before.id}, {"$set": {**values, **source_now}}), after.model_copy(
        update={"state": values["state"]}
    )


def _merged(before: Event, entry: Entry, said: dict[str, str]) -> Details:
    try:
        return merged(before, entry, said)
    except ValidationError:
        return entry.details  # what people changed and what the calendar changed exclude each other


def _state(state: State, is_cancelled: bool, *, was_cancelled: bool) -> State:
    """Calls off and on again what the calendar does; a draft that people made of an event stays one."""
    if is_cancelled and not was_cancelled and state is State.PUBLISHED:
        return State.CANCELLED
    if was_cancelled and not is_cancelled and state is State.CANCELLED:
        return State.PUBLISHED
    return state


async def _free_slugs(entries: Iterable[Entry]) -> list[str]:
    """An address for each: its title, with the day where it is one of a series, with letters where that is taken."""
    wanted = [
        slug_of(entry.details.title) + (f"-{entry.details.starts:%Y-%m-%d}" if entry.recurrence else "")
        for entry in entries
    ]
    taken = set(await db().events.distinct("slug", {"slug": {"$in": wanted}}))
    found = []
    for slug in wanted:
        free = f"{slug}-{database.new_id()[:6]}" if slug in taken else slug
        taken.add(free)
        found.append(free)
    return found


def batches(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """The items in runs of `AT_ONCE`."""
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


async def breathe() -> None:
    """Lets the pages of this worker have their turn between two batches."""
    await asyncio.sleep(0)
