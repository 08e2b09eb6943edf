"""How check-in lists, gates and the legal limit of an event are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.belonging import By, belongs
from webapp.database import IndexModel, Session, db
from webapp.door.checkin import CheckInList, Kept
from webapp.door.making import GateForm, LimitForm, ListForm
from webapp.errors import Conflict, EditedMeanwhile, NotFound
from webapp.events.event import Event
from webapp.ticket_types import store as ticket_types

MOST = 50
MOST_EVER = 500
NO_GATE = "This gate is gone."
EVERYBODY = "Everybody"

database.keep("check_in_lists", IndexModel([("event_id", 1), ("name", 1)], unique=True), images=True)
database.keep("gates", IndexModel([("event_id", 1), ("name", 1)], unique=True), images=True)
database.keep("doors")
for collection in ("check_in_lists", "gates"):
    belongs(collection)
belongs("doors", By.ID)


class Gate(Kept):
    """Where people are let in and out."""

    organiser_id: str
    event_id: str
    name: str
    archived_at: datetime | None = None


async def of(event: Event) -> list[CheckInList]:
    """The check-in lists of an event in the order they were made; there is always one."""
    found = await every(event)
    if not found:
        await _make_the_first(event)
        found = await every(event)
    return [one for one in found if not one.archived_at]


async def every(event: Event) -> list[CheckInList]:
    """Also those that were taken away: their numbers stay."""
    found = await db().check_in_lists.find(_of(event)).sort([("created_at", 1), ("_id", 1)]).to_list(MOST_EVER)
    return [CheckInList.model_validate(one) for one in found]


async def get(event: Event, list_id: str) -> CheckInList:
    """Raises NotFound."""
    for one in await of(event):
        if one.id == list_id:
            return one
    raise NotFound("This check-in list is gone.")


async def add(event: Event, given: ListForm, *, by: Actor, now: datetime) -> CheckInList:
    """A new check-in list, or one that was taken away, again. Raises Conflict for a taken name or too many lists."""
    if len(await of(event)) >= MOST:
        raise Conflict("There are fifty lists already.")
    values = given.kept(event.zone)
    again = await _taken_away("check_in_lists", event, given.name)
    if again:
        return await change(event, again, given, by=by, now=now, is_back=True)
    return CheckInList.model_validate(await _insert("check_in_lists", event, values, by, now))


async def change(
    event: Event,
    list_id: str,
    given: ListForm,
    *,
    seen: CheckInList | None = None,
    by: Actor,
    now: datetime,
    is_back: bool = False,
) -> CheckInList:
    """Another name, other tickets, times or rules of entry.

    Raises NotFound, Conflict, and EditedMeanwhile where the list is not as it was `seen`.
    """
    typed = given.kept(event.zone)
    values = {**typed, "changed_at": now, "changed_by": by.person_id, "archived_at": None}
    query = {"_id": list_id, **_of(event), **({} if is_back else {"archived_at": None})}
    subject, names = Subject(Kind.DOOR, list_id, given.name, event.id), await ticket_types.names(event)

    async def keep(session: Session) -> CheckInList:
        found = await db().check_in_lists.find_one_and_update(
            query, {"$set": values}, return_document=ReturnDocument.BEFORE, session=session
        )
        if found is None:
            raise NotFound("This check-in list is gone.")
        known = CheckInList.model_validate(found).model_dump(include=set(typed))
        if seen and known != seen.model_dump(include=set(typed)):
            raise EditedMeanwhile
        was, is_now = _shown(known, names), _shown(typed, names)
        if was != is_now:
            await audit.record(
                event.organiser_id, subject, "edited", before=was, after=is_now, by=by, now=now, session=session
            )
        return CheckInList.model_validate({**found, **values})

    try:
        return await database.transaction(keep)
    except database.DuplicateKeyError:
        raise _taken(given.name) from None


async def remove(event: Event, list_id: str, *, by: Actor, now: datetime) -> CheckInList:
    """Takes a list away; what was scanned on it stays. Raises NotFound, and Conflict for the last one."""

    async def end(session: Session) -> CheckInList:
        # Written to, so that of two who take the last two away one sees that it is the last.
        touched = {"$inc": {"changes": 1}, "$set": {"organiser_id": event.organiser_id}}
        await db().doors.update_one({"_id": event.id}, touched, upsert=True, session=session)
        removed = await _archive("check_in_lists", event, list_id, by=by, now=now, session=session)
        if removed is None:
            raise NotFound("This check-in list is gone.")
        if not await db().check_in_lists.find_one({**_of(event), "archived_at": None}, {"_id": 1}, session=session):
            raise Conflict("A door needs a list, and this is the last one.")
        return CheckInList.model_validate(removed)

    return await database.transaction(end)


async def gates(event: Event) -> list[Gate]:
    """The gates of an event, by name; there may be none."""
    return [one for one in await every_gate(event) if not one.archived_at]


async def every_gate(event: Event) -> list[Gate]:
    """Also those that were taken away."""
    found = await db().gates.find(_of(event)).sort([("name", 1)]).to_list(MOST_EVER)
    return [Gate.model_validate(one) for one in found]


async def gate(event: Event, gate_id: str) -> Gate:
    """Raises NotFound."""
    for one in await gates(event):
        if one.id == gate_id:
            return one
    raise NotFound(NO_GATE)


async def add_gate(event: Event, given: GateForm, *, by: Actor, now: datetime) -> Gate:
    """A new gate, or one that was taken away, again. Raises Conflict when the name is taken or there are too many."""
    if len(await gates(event)) >= MOST:
        raise Conflict("There are fifty gates already.")
    again = await _taken_away("gates", event, given.name)
    if again:
        return await rename_gate(event, again, given, by=by, now=now, is_back=True)
    return Gate.model_validate(await _insert("gates", event, {"name": given.name}, by, now))


async def rename_gate(
    event: Event,
    gate_id: str,
    given: GateForm,
    *,
    seen: Gate | None = None,
    by: Actor,
    now: datetime,
    is_back: bool = False,
) -> Gate:
    """Another name of a gate. Raises NotFound, Conflict, and EditedMeanwhile where it is not as it was `seen`."""
    query = {"_id": gate_id, **_of(event), **({} if is_back else {"archived_at": None})}
    change = {"$set": {"name": given.name, "archived_at": None}}

    async def keep(session: Session) -> Gate:
        was = await db().gates.find_one_and_update(query, change, session=session)
        if was is None:
            raise NotFound(NO_GATE)
        if seen and was["name"] != seen.name:
            raise EditedMeanwhile
        subject, named = Subject(Kind.DOOR, gate_id, given.name, event.id), {"before": {"name": was["name"]}}
        if was["name"] != given.name or is_back:
            after = {"name": given.name}
            await audit.record(
                event.organiser_id, subject, "edited", after=after, by=by, now=now, session=session, **named
            )
        return Gate.model_validate({**was, **change["$set"]})

    try:
        return await database.transaction(keep)
    except database.DuplicateKeyError:
        raise _taken(given.name) from None


async def remove_gate(event: Event, gate_id: str, *, by: Actor, now: datetime) -> Gate:
    """Takes a gate away; what was scanned there stays. Raises NotFound."""

    async def end(session: Session) -> Gate:
        removed = await _archive("gates", event, gate_id, by=by, now=now, session=session)
        if removed is None:
            raise NotFound(NO_GATE)
        return Gate.model_validate(removed)

    return await database.transaction(end)


async def limit(event_id: str) -> int | None:
    """How many people may be inside at once, where the organiser said so."""
    found = await db().doors.find_one({"_id": event_id}, {"limit": 1})
    return found.get("limit") if found else None


async def set_limit(event: Event, given: LimitForm, *, seen: LimitForm | None = None, by: Actor, now: datetime) -> None:
    """Says how many people may be inside at once; nobody is refused for it, but every screen shows it.

    Raises EditedMeanwhile where the limit is not the one `seen`.
    """
    values = {"organiser_id": event.organiser_id, "limit": given.limit, "changed_at": now, "changed_by": by.person_id}
    subject = Subject(Kind.DOOR, event.id, event.title, event.id)

    async def keep(session: Session) -> None:
        found = await db().doors.find_one_and_update(
            {"_id": event.id}, {"$set": values}, upsert=True, return_document=ReturnDocument.BEFORE, session=session
        )
        was, is_now = {"limit": (found or {}).get("limit")}, {"limit": given.limit}
        if seen and was["limit"] != seen.limit:
            raise EditedMeanwhile
        if was != is_now:
            await audit.record(
                event.organiser_id, subject, "limited", before=was, after=is_now, by=by, now=now, session=session
            )

    await database.transaction(keep)


def _of(event: Event) -> dict[str, Any]:
    return {"event_id": event.id, "organiser_id": event.organiser_id}


async def _taken_away(collection: str, event: Event, name: str) -> str:
    """The id of what was called so before it was taken away."""
    found = await db()[collection].find_one({**_of(event), "name": name, "archived_at": {"$ne": None}}, {"_id": 1})
    return str(found["_id"]) if found else ""


async def _archive(
    collection: str, event: Event, subject_id: str, *, by: Actor, now: datetime, session: Session
) -> Mapping[str, Any] | None:
    query = {"_id": subject_id, **_of(event), "archived_at": None}
    found: Mapping[str, Any] | None = await db()[collection].find_one_and_update(
        query, {"$set": {"archived_at": now}}, session=session
    )
    if found:
        subject = Subject(Kind.DOOR, subject_id, found["name"], event.id)
        await audit.record(event.organiser_id, subject, "deleted", by=by, now=now, session=session)
    return found


async def _make_the_first(event: Event) -> None:
    # The same id from whoever asks first, so that two who ask at once make one list.
    values = {
        "organiser_id": event.organiser_id,
        "event_id": event.id,
        "name": EVERYBODY,
        "created_at": event.created_at,
    }
    try:
        await db().check_in_lists.update_one({"_id": f"{event.id}all"}, {"$setOnInsert": values}, upsert=True)
    except database.DuplicateKeyError:
        return


async def _insert(collection: str, event: Event, values: dict[str, Any], by: Actor, now: datetime) -> dict[str, Any]:
    whose = {"_id": database.new_id(), "organiser_id": event.organiser_id, "event_id": event.id}
    kept = {**whose, **values, "created_at": now, "by": by.person_id}
    subject, shown = Subject(Kind.DOOR, kept["_id"], values["name"], event.id), values
    if "ticket_type_ids" in values:
        shown = _shown(values, await ticket_types.names(event))

    async def keep(session: Session) -> None:
        await db()[collection].insert_one(kept, session=session)
        await audit.record(event.organiser_id, subject, "added", after=shown, by=by, now=now, session=session)

    try:
        await database.transaction(keep)
    except database.DuplicateKeyError:
        raise _taken(values["name"]) from None
    return kept


def _shown(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    kinds = [names.get(type_id, "") for type_id in values["ticket_type_ids"] or ()]
    ids = {"ticket_type_ids", "question_ids"}
    plain = {name: value for name, value in values.items() if name not in ids}
    return {**plain, "ticket_types": kinds, "questions": len(values["question_ids"])}


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a “{name}” already; choose another name.")
