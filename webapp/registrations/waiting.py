"""The lines: who waits, whose turn it is, who moved ahead."""

from datetime import datetime, timedelta

from webapp.database import db
from webapp.errors import Conflict, NotFound
from webapp.events.event import Event
from webapp.places import counter
from webapp.places.standing import Line, lines_of
from webapp.places.wishes import NOT_THERE, SOLD_OUT, TOO_LATE, Accept, Change, Document, Leave, Offer, Outcome, Pause
from webapp.places.writing import MOST_MOVES
from webapp.registrations.registration import Contact, Entry, Waiting, details
from webapp.registrations.store import TooLate
from webapp.ticket_types import store as ticket_types

GONE = "There is no such place in the line any more."
SHOWN = 200


async def get(entry_id: str, organiser_id: str | None = None) -> Entry:
    """A place in the line, with `organiser_id` only one of theirs. Raises NotFound."""
    found = await find(entry_id, organiser_id)
    if found is None:
        raise NotFound(GONE)
    return found


async def of_event(event: Event, entry_id: str) -> Entry:
    """A place in a line of this event. Raises NotFound."""
    entry = await get(entry_id, event.organiser_id)
    if entry.event_id != event.id:
        raise NotFound(GONE)
    return entry


async def lines(event_id: str) -> dict[str, Line]:
    """The lines of an event, by ticket type."""
    book = await db().books.find_one({"_id": event_id})
    return lines_of(book) if book else {}


async def count(event_id: str) -> int:
    """How many wait, also for several things at once."""
    return await db().entries.count_documents({"event_id": event_id, "state": Waiting.WAITING})


async def moves(event_id: str) -> list[Document]:
    """What moved lately in the lines of an event, in order, as `webapp.places` noted it."""
    kept = await db().lines.find_one({"_id": event_id})
    found: list[Document] = kept["moves"] if kept else []
    if len(found) < MOST_MOVES:
        return found
    # The earliest of a full list may be half a story.
    return [move for move in found if move["at"] > found[0]["at"]]


async def find(entry_id: str, organiser_id: str | None = None) -> Entry | None:
    theirs = {} if organiser_id is None else {"organiser_id": organiser_id}
    found = await db().entries.find_one({"_id": entry_id, **theirs})
    return Entry.model_validate(found) if found else None


async def ahead_of(entry: Entry) -> int:
    """How many are before it in its line, or in any of its lines."""
    lines = {"$in": entry.ticket_type_ids}
    before = {"ticket_type_ids": lines, "state": Waiting.WAITING, "number": {"$lt": entry.number}}
    return await db().entries.count_documents(before)


async def line(event_id: str, organiser_id: str, limit: int = SHOWN) -> list[Entry]:
    """Who waits or has an offer, in order."""
    query = {"event_id": event_id, "state": {"$in": [Waiting.WAITING, Waiting.OFFERED]}, "organiser_id": organiser_id}
    found = await db().entries.find(query).sort("number", 1).to_list(limit)
    return [Entry.model_validate(one) for one in found]


async def accept(entry_id: str, *, by: str, now: datetime) -> Entry:
    """Takes an offer up: its places are held while the form is filled in. Raises TooLate and NotFound."""
    entry = await get(entry_id)
    form = await ticket_types.form(entry.event_id)
    wish = Accept(id=entry_id, by=by, now=now, expires_at=now + timedelta(minutes=form.hold_minutes))
    return _entry(await counter.ask(entry.event_id, wish))


async def leave(
    entry_id: str, *, by: str, now: datetime, is_removal: bool = False, records: tuple[Document, ...] = ()
) -> Entry:
    """Gives up a place in the line, or passes an offer on to the next. Raises NotFound."""
    entry = await get(entry_id)
    wish = Leave(id=entry_id, by=by, now=now, is_removal=is_removal, records=records)
    return _entry(await counter.ask(entry.event_id, wish))


async def offer(entry_id: str, *, by: str, now: datetime, records: tuple[Document, ...] = ()) -> Entry:
    """Offers places to somebody before it is their turn, if there are any. Raises Conflict and NotFound."""
    entry = await get(entry_id)
    return _entry(await counter.ask(entry.event_id, Offer(id=entry_id, by=by, now=now, records=records)))


async def pause(event_id: str, type_id: str, *, is_paused: bool, by: str, now: datetime) -> None:
    """Stops offers to a line, or lets it move on as far as there is room."""
    await counter.ask(event_id, Pause(id=type_id, by=by, now=now, is_paused=is_paused))


async def tell(entry_id: str, contact: Contact, *, by: str, now: datetime) -> Entry:
    """Keeps whom to write to when it is their turn. Raises NotFound."""
    entry = await get(entry_id)
    wish = Change(id=entry_id, by=by, now=now, details=details(contact, {}, {}), tickets={})
    return _entry(await counter.ask(entry.event_id, wish))


def _entry(outcome: Outcome) -> Entry:
    if outcome.refused == TOO_LATE:
        raise TooLate
    if outcome.refused == SOLD_OUT:
        raise Conflict("There are not that many places left to offer.")
    if outcome.refused == NOT_THERE or outcome.entry is None:
        raise NotFound(GONE)
    return Entry.model_validate(outcome.entry)
