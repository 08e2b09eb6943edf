"""How ticket types, pools and forms are kept. An event that was never set up has one type and its own capacity."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.belonging import By, belongs
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, EditedMeanwhile, Invalid, NotFound
from webapp.events import store as events
from webapp.events import telling
from webapp.events.event import Event
from webapp.places import counter
from webapp.places.case import note_id
from webapp.places.standing import Line, lines_of
from webapp.places.wishes import CHANGED, TOO_SMALL, AddPool, Resize
from webapp.ticket_types.question import Form
from webapp.ticket_types.ticket_type import MOST_TYPES, Offering, Pool, TicketType, in_sale, whole

REMEMBERED_SECONDS = 0.25
"""Under a rush what is offered is read four times a second, not for everybody."""

GONE = "There is no such ticket type any more."
# Where an event's own documents are, and the field that names it there.
OFFER = {"ticket_types": "event_id", "forms": "_id"}
PLACES = {"pools": "event_id", "books": "_id"}

database.keep(
    "ticket_types",
    IndexModel([("event_id", 1), ("position", 1)]),
    IndexModel("turns_at", sparse=True),
    images=True,
)
database.keep("forms")
belongs("ticket_types")
belongs("forms", By.ID)


@dataclass(frozen=True)
class Offered:
    """An event with what can be had of it."""

    event: Event
    types: list[TicketType]
    form: Form

    def type(self, type_id: str) -> TicketType:
        """Raises NotFound."""
        found = next((one for one in self.types if one.id == type_id), None)
        if found is None:
            raise NotFound(GONE)
        return found


@dataclass(frozen=True)
class OnOffer:
    """What can be had of an event, with what is left of it and who waits."""

    offered: Offered
    pools: list[Pool]
    lines: dict[str, Line]


_remembered: OrderedDict[str, tuple[float, Offered]] = OrderedDict()
_opened: set[str] = set()


async def offered(event: Event) -> Offered:
    """What an event offers, in the organiser's order."""
    found = db().ticket_types.find({"event_id": event.id, "removed_at": None}).sort("position", 1)
    types = [TicketType.model_validate(one) for one in await found.to_list(MOST_TYPES)]
    return Offered(event, types or [simple(event)], await form(event.id))


async def form(event_id: str) -> Form:
    """What an event asks."""
    return Form.model_validate(await db().forms.find_one({"_id": event_id}) or {})


async def offered_lately(slug: str) -> Offered:
    """The same for the event at an address, as it was at most a quarter of a second ago. Raises NotFound."""
    read_at, known = _remembered.get(slug, (0.0, None))
    if known and time.monotonic() - read_at < REMEMBERED_SECONDS:
        return known
    found = await _offered_at(slug)
    _remembered[slug] = (time.monotonic(), found)
    while len(_remembered) > 500:
        _remembered.popitem(last=False)
    return found


async def on_offer(organiser_id: str, event_id: str) -> OnOffer | None:
    """What can be had just now, in one query, since every open page of the event asks; None where nothing is public."""
    row = await _joined({"_id": event_id, "organiser_id": organiser_id}, {**OFFER, **PLACES})
    if row is None or not Event.model_validate(row).is_public:
        return None
    offered = _offered(row)
    pools = [Pool.model_validate(one) for one in sorted(row["pools"], key=lambda one: str(one["_id"]))]
    return OnOffer(
        offered, pools or [whole(event_id, offered.event.capacity)], *map(lines_of, row["books"] or [{"lines": {}}])
    )


async def _offered_at(slug: str) -> Offered:
    """One query, for what everybody asks in a rush."""
    row = await _joined({"slug": slug}, OFFER)
    if row is None:
        raise NotFound("There is no such event; it may have been deleted.")
    return _offered(row)


async def _joined(wanted: dict[str, str], others: Mapping[str, str]) -> Mapping[str, Any] | None:
    rows = await events.with_others(wanted, others)
    return rows[0] if rows else None


def _offered(row: Mapping[str, Any]) -> Offered:
    event = Event.model_validate(row)
    kept = [TicketType.model_validate(one) for one in row["ticket_types"] if one["removed_at"] is None]
    types = sorted(kept, key=lambda one: one.position)
    return Offered(event, types or [simple(event)], Form.model_validate(*row["forms"] or [{}]))


def forget() -> None:
    """Looks again the next time somebody asks what is offered."""
    _remembered.clear()


def simple(event: Event) -> TicketType:
    """The one ticket type of an event that was never set up; it and its pool carry the event's id."""
    return TicketType(id=event.id, organiser_id=event.organiser_id, event_id=event.id, name="Ticket", pools=[event.id])


async def open_places(event: Event) -> None:
    """Gives an event its book, and its own pool and ticket type where it was never set up. Safe to repeat."""
    if event.id in _opened or await db().books.find_one({"_id": event.id}, {"_id": 1}):
        _opened.add(event.id)
        return

    async def keep(session: Session) -> None:
        # Writing to the event too keeps an edit of its capacity from slipping in between.
        now = await db().events.find_one_and_update(
            {"_id": event.id}, {"$set": {"has_places": True}}, {"capacity": 1}, session=session
        )
        capacity = now["capacity"] if now else event.capacity
        book = {"_id": event.id, "organiser_id": event.organiser_id, "number": 1, "lines": {}, "tally": {}}
        pool = {"_id": event.id, "organiser_id": event.organiser_id, "event_id": event.id, "name": "Places"}
        await db().books.insert_one(book, session=session)
        await db().pools.insert_one({**pool, "capacity": capacity, "taken": 0, "left": capacity}, session=session)
        await db().ticket_types.insert_one(simple(event).model_dump(by_alias=True), session=session)
        await db().ledger.insert_one(_opening(event, capacity), session=session)

    with suppress(DuplicateKeyError):  # somebody else was first
        await database.transaction(keep)
    _opened.add(event.id)


async def pools(event_id: str) -> list[Pool]:
    """The pools of an event with what is left of them."""
    found = db().pools.find({"event_id": event_id}).sort("_id", 1)
    return [Pool.model_validate(one) for one in await found.to_list(MOST_TYPES)]


async def pools_of(event: Event) -> list[Pool]:
    """The same, also for an event that nobody asked places of yet."""
    return await pools(event.id) or [whole(event.id, event.capacity)]


async def pool(event: Event, pool_id: str) -> Pool:
    """One of them. Raises NotFound."""
    found = next((one for one in await pools_of(event) if one.id == pool_id), None)
    if found is None:
        raise NotFound("There is no such pool any more.")
    return found


async def names(event: Event) -> dict[str, str]:
    """The name of every ticket type that the event ever offered, by id."""
    found = await db().ticket_types.find({"event_id": event.id}, {"name": 1}).to_list(None)
    return {one["_id"]: one["name"] for one in found} or {event.id: simple(event).name}


async def add_pool(event: Event, name: str, capacity: int | None, *, by: Actor, now: datetime) -> str:
    """Another limit; answers its id."""
    await open_places(event)
    pool_id = database.new_id()
    whose = {"_id": pool_id, "organiser_id": event.organiser_id, "event_id": event.id}
    pool = {**whose, "name": name, "capacity": capacity}
    subject = Subject(Kind.TICKETS, pool_id, name, event.id)
    made = audit.document(event.organiser_id, subject, "added", by=by, now=now, after={"capacity": capacity})
    wish = AddPool(id=pool_id, by=by.person_id, now=now, pool=pool, records=(made,))
    await counter.ask(event.id, wish)
    return pool_id


async def resize(
    event: Event,
    pool_id: str,
    capacity: int | None,
    *,
    seen: Pool | None = None,
    by: Actor,
    now: datetime,
    even_beyond: bool = False,
) -> None:
    """Gives a pool another capacity; whoever waits moves up at once.

    Raises Conflict when more are taken already, and EditedMeanwhile where the capacity is not the one `seen`.

    The event's own pool follows the capacity that is written in the event.
    """
    await open_places(event)
    if pool_id == event.id:
        raise Conflict("Change the capacity of the event instead.")
    known = await pool(event, pool_id)
    subject, values = Subject(Kind.TICKETS, pool_id, known.name, event.id), {"capacity": capacity}
    was = {"capacity": known.capacity}
    made = audit.document(event.organiser_id, subject, "resized", by=by, now=now, before=was, after=values)
    how: dict[str, Any] = {"even_beyond": even_beyond, "records": (made,), "seen": (seen.capacity,) if seen else ()}
    wish = Resize(id=pool_id, by=by.person_id, now=now, capacity=capacity, **how)
    refused = (await counter.ask(event.id, wish)).refused
    if refused == CHANGED:
        raise EditedMeanwhile
    if refused == TOO_SMALL:
        taken = (await pool(event, pool_id)).taken
        raise Conflict(f"{taken} places are taken already, so there cannot be fewer. Cancel some registrations first.")


async def check_capacity(before: Event, after: Event) -> None:
    """Raises Invalid when an event would have fewer places than are taken."""
    if after.capacity is None or after.capacity == before.capacity:
        return
    own = await db().pools.find_one({"_id": after.id})
    if own and own["taken"] > after.capacity:
        raise Invalid({"capacity": f"{own['taken']} places are taken already. Cancel some registrations first."})


async def follow_capacity(event: Event, by: str, now: datetime) -> None:
    """Gives the pool of an event the capacity that the event has by now."""
    if await db().books.find_one({"_id": event.id}, {"_id": 1}):
        wish = Resize(id=event.id, by=by, now=now, capacity=event.capacity, even_beyond=True)
        await counter.ask(event.id, wish)


telling.when_edited(check_capacity, follow_capacity)


async def add(event: Event, typed: Offering, *, by: Actor, now: datetime) -> TicketType:
    """Another ticket type, at the end."""
    await open_places(event)
    await _check_pools(event, typed)
    position = await db().ticket_types.count_documents({"event_id": event.id})
    if position >= MOST_TYPES:
        raise Conflict(f"An event can have {MOST_TYPES} ticket types.")
    values = typed.model_dump() | {"event_id": event.id, "organiser_id": event.organiser_id, "position": position}
    new = in_sale(TicketType(id=database.new_id(), **values), now)

    async def keep(session: Session) -> None:
        await db().ticket_types.insert_one(new.model_dump(by_alias=True), session=session)
        await _record(new, "added", None, typed, by=by, now=now, session=session)

    await database.transaction(keep)
    forget()
    return new


async def edit(
    event: Event, type_id: str, typed: Offering, *, seen: Offering | None = None, by: Actor, now: datetime
) -> TicketType:
    """Other details for a ticket type. Raises NotFound, and EditedMeanwhile where it is not as it was `seen`."""
    await open_places(event)
    await _check_pools(event, typed)
    there = {"_id": type_id, "event_id": event.id, "removed_at": None}

    async def keep(session: Session) -> TicketType:
        found = await db().ticket_types.find_one(there, session=session)
        if found is None:
            raise NotFound(GONE)
        before = TicketType.model_validate(found)
        if seen and said(before) != said(seen):
            raise EditedMeanwhile
        after = in_sale(before.model_copy(update=typed.model_dump()), now)
        values = after.model_dump(by_alias=True, exclude={"id"})
        await db().ticket_types.update_one(there, {"$set": values}, session=session)
        await _record(after, "edited", before, typed, by=by, now=now, session=session)
        return after

    after = await database.transaction(keep)
    forget()
    return after


async def remove(event: Event, type_id: str, *, by: Actor, now: datetime) -> None:
    """Takes a ticket type out of the offer; tickets of it stay. Raises NotFound and Conflict."""
    await open_places(event)
    there = await offered(event)
    gone = there.type(type_id)
    if len(there.types) == 1:
        raise Conflict("An event needs a ticket type. Close registration instead.")
    query = {"_id": type_id, "event_id": event.id, "removed_at": None}

    async def take_off(session: Session) -> None:
        done = await db().ticket_types.update_one(query, {"$set": {"removed_at": now}}, session=session)
        if done.modified_count:
            await _record(gone, "taken off", by=by, now=now, session=session)

    await database.transaction(take_off)
    forget()


def said(of: Offering) -> dict[str, Any]:
    """What an organiser says of a ticket type."""
    return of.model_dump(include=set(Offering.model_fields))


async def save_form(event: Event, form: Form, *, by: Actor, now: datetime) -> None:
    """What the event asks from now on."""
    await edit_form(event, lambda _: form, by=by, now=now)


async def edit_form(event: Event, edited: Callable[[Form], Form], *, by: Actor, now: datetime) -> Form:
    """The same made of what it asked before; `edited` may run again where somebody else was quicker, and may raise."""
    subject = Subject(Kind.TICKETS, event.id, event.title, event.id)

    async def keep(session: Session) -> Form:
        found = await db().forms.find_one({"_id": event.id}, session=session)
        before = Form.model_validate(found or {})
        form = edited(before)
        kept = form.model_dump() | {"organiser_id": event.organiser_id}
        await db().forms.update_one({"_id": event.id}, {"$set": kept}, upsert=True, session=session)
        if before != form:
            values: dict[str, Any] = {"before": _asked(before), "after": _asked(form)}
            await audit.record(event.organiser_id, subject, "asked", **values, by=by, now=now, session=session)
        return form

    after = await database.transaction(keep)
    forget()
    return after


async def turn(now: datetime, limit: int = 100) -> int:
    """Opens and closes the ticket types whose time has come; says how many. Safe to run on every worker."""
    turned = 0
    for found in await db().ticket_types.find({"turns_at": {"$lte": now}}).sort("turns_at", 1).to_list(limit):
        due = TicketType.model_validate(found)
        after = in_sale(due, now)
        done = await db().ticket_types.update_one(
            {"_id": due.id, "turns_at": due.turns_at}, {"$set": {"sale": after.sale, "turns_at": after.turns_at}}
        )
        turned += done.modified_count
    return turned


async def _record(
    kind: TicketType,
    action: str,
    before: Offering | None = None,
    after: Offering | None = None,
    *,
    by: Actor,
    now: datetime,
    session: Session,
) -> None:
    names = {one.id: one.name for one in await pools(kind.event_id)}
    was, is_now = (said(one) if one else {} for one in (before, after))
    if before and was == is_now:
        return
    for shown in filter(None, (was, is_now)):
        shown["pools"] = [names.get(pool_id, "") for pool_id in shown["pools"]]
    subject = Subject(Kind.TICKETS, kind.id, kind.name, kind.event_id)
    await audit.record(kind.organiser_id, subject, action, before=was, after=is_now, by=by, now=now, session=session)


def _asked(form: Form) -> dict[str, Any]:
    return form.model_dump() | {"questions": [question.label for question in form.questions]}


async def _check_pools(event: Event, typed: Offering) -> None:
    if not set(typed.pools) <= {pool.id for pool in await pools(event.id)}:
        raise NotFound("One of these pools does not exist any more.")


def _opening(event: Event, capacity: int | None) -> dict[str, Any]:
    note = {"_id": note_id(event.id, 1), "event_id": event.id, "number": 1, "what": "opened", "subject": event.id}
    who = {"organiser_id": event.organiser_id, "by": "", "at": event.created_at}
    return {**note, **who, "step": 1, "moved": [], "capacity": capacity}
