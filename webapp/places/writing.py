"""Decides wishes in a transaction, and writes what was decided in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne, UpdateOne

from webapp import database, when
from webapp.audit import store as audit
from webapp.belonging import By, belongs
from webapp.database import IndexModel, Session, db
from webapp.mail import store as mails
from webapp.places import letters, marks
from webapp.places.case import FREED, Case
from webapp.places.deciding import decide
from webapp.places.lining import serve
from webapp.places.standing import Line, Room, Standing
from webapp.places.wishes import Document, Outcome, Take, Wish

OFFERS_AT_ONCE = 200
MOST_MOVES = 200
"""Of all lines of an event, so that what moved stays one small document."""

KEPT = ("registrations", "entries")

database.keep("books")
database.keep("pools", IndexModel("event_id"), images=True)
database.keep("lines")
database.keep("ledger", IndexModel([("subject", 1), ("step", 1)], unique=True))
database.keep(
    "registrations",
    IndexModel([("event_id", 1), ("number", -1)]),
    IndexModel([("event_id", 1), ("state", 1), ("number", -1)]),
    IndexModel([("event_id", 1), ("words", 1), ("number", -1)]),
    IndexModel([("person_id", 1), ("created_at", -1)], partialFilterExpression={"person_id": {"$gt": ""}}),
    IndexModel("expires_at", sparse=True),
)
database.keep(
    "entries",
    IndexModel([("event_id", 1), ("state", 1), ("number", 1)]),
    IndexModel([("ticket_type_ids", 1), ("state", 1), ("number", 1)]),
    IndexModel("person_id", partialFilterExpression={"person_id": {"$gt": ""}}),
)
database.keep(
    "tickets",
    IndexModel("secret", unique=True),
    IndexModel("registration_id"),
    IndexModel([("event_id", 1), ("words", 1)]),
)
for name in ("pools", "registrations", "entries", "tickets"):
    belongs(name)
for name in ("books", "lines"):
    belongs(name, By.ID)
belongs("ledger", By.PREFIX)


class Stale(Exception):
    """Somebody else wrote since it was read."""


async def written(
    wishes: Mapping[str, Sequence[Wish]],
    standings: Mapping[str, Standing],
    session: Session,
    *,
    looks_first: bool,
    notes: Counter[str] | None = None,
) -> tuple[dict[str, Standing], dict[str, list[Outcome]]]:
    """Decides the wishes of each event and writes it all; answers how it stands then. Raises Stale.

    With `looks_first`, also for places that were perhaps taken by an earlier attempt whose answer was lost. `notes`
    counts what is noted in the ledger; it is true once the transaction is.
    """
    cases = await _cases(wishes, standings, session, looks_first=looks_first)
    outcomes = {case.event_id: [decide(case, wish) for wish in wishes[case.event_id]] for case in cases}
    for case in cases:
        now = max(wish.now for wish in wishes[case.event_id])
        await _serve_the_lines(case, now, session)
        case.letters += await _letters(case, session)
        case.settle(now)
    changed = [case for case in cases if case.ledger]
    await _check([case for case in cases if not case.ledger], session)
    if changed:
        await _write(changed, standings, session)
    if notes is not None:
        notes.update(note["what"] for case in changed for note in case.ledger)
    return {case.event_id: case.standing for case in cases}, outcomes


async def _check(unchanged: Sequence[Case], session: Session) -> None:
    """Raises Stale where it was decided that nothing changes by a book in which another worker wrote since."""
    if not unchanged:
        return
    known = [book_as_known(case.event_id, case.standing.number) for case in unchanged]
    if await db().books.count_documents({"$or": known}, session=session) != len(known):
        raise Stale


async def _cases(
    wishes: Mapping[str, Sequence[Wish]], standings: Mapping[str, Standing], session: Session, *, looks_first: bool
) -> list[Case]:
    asked = [wish for some in wishes.values() for wish in some]
    subjects = [wish.id for wish in asked if looks_first or not isinstance(wish, Take)]
    kept = [await _kept(name, subjects, session) for name in KEPT]
    return [
        Case(event_id, standings[event_id].copy(), *(_of(event_id, found) for found in kept)) for event_id in wishes
    ]


def _of(event_id: str, found: Sequence[Document]) -> list[Document]:
    return [one for one in found if one["event_id"] == event_id]


async def _kept(collection: str, subjects: Sequence[str], session: Session) -> list[Document]:
    if not subjects:
        return []
    found = db()[collection].find({"_id": {"$in": subjects}}, session=session)
    return [dict(one) for one in await found.to_list(None)]


async def _serve_the_lines(case: Case, now: datetime, session: Session) -> None:
    if not case.standing.servable:
        return
    first = db().entries.find(who_fits(case.standing), session=session).sort("number", 1).limit(OFFERS_AT_ONCE)
    for entry in await first.to_list(OFFERS_AT_ONCE):
        case.kept["entries"].setdefault(entry["_id"], dict(entry))
    serve(case, case.kept["entries"].values(), now=now)


def who_fits(standing: Standing) -> Document:
    """Those who wait and for whom there is room, each for all that they want: no others are read."""
    servable = sorted(standing.servable)
    stuck = sorted({key for key, line in standing.lines.items() if line.entries} - {*servable})
    limits = {key: max(0, room.left) for key, room in standing.pools.items() if room.left is not None}
    fits = {f"needs.{pool_id}": {"$not": {"$gt": left}} for pool_id, left in limits.items()}
    return {"ticket_type_ids": {"$in": servable, "$nin": stuck}, "state": "waiting", **fits}


async def _letters(case: Case, session: Session) -> list[Document]:
    told = [one for one in case.offers if one["email"]]
    if not told:
        return []
    event = await db().events.find_one({"_id": case.event_id}, {"title": 1, "zone": 1}, session=session)
    title, zone = (event["title"], event["zone"]) if event else ("", "UTC")
    return [
        mails.mail(
            letters.offered(title, _until(one["expires_at"], zone), one["_id"]).of(one["organiser_id"]),
            to=one["email"],
            now=one["created_at"],
            about=one["_id"],
            what="offer",
        )
        for one in told
    ]


def _until(at: datetime, zone: str) -> str:
    shown = when.wall(at, zone)
    return f"{shown:%H:%M} on {shown.day} {shown:%B} ({zone})"


async def _write(cases: Sequence[Case], before: Mapping[str, Standing], session: Session) -> None:
    await _change("books", [_book(case, before[case.event_id].number) for case in cases], session)
    await _insert("pools", [pool for case in cases for pool in case.pools], session)
    await _change("pools", [one for case in cases for one in _pools(case, before[case.event_id])], session)
    for name in KEPT:
        await _insert(name, [one for case in cases for one in _added(case, name)], session)
        await _change(name, [one for case in cases for one in _replaced(case, name)], session)
    await _insert("ledger", [note for case in cases for note in case.ledger], session)
    await _insert("tickets", [ticket for case in cases for ticket in case.tickets], session)
    await _insert("mails", [letter for case in cases for letter in case.letters], session)
    await audit.add_once([record for case in cases for record in case.records], session)
    void = [ticket_id for case in cases for ticket_id in case.void]
    if void:
        await db().tickets.update_many({"_id": {"$in": void}}, {"$set": {"state": "cancelled"}}, session=session)
    renamed = [UpdateOne({"_id": key}, _renamed(to)) for case in cases for key, to in case.renamed.items()]
    if renamed:
        await db().tickets.bulk_write(renamed, session=session)
    await marks.make([(case.event_id, case.standing) for case in cases], session)
    moved = [_moved_on(case) for case in cases if _has_moved(case)]
    if moved:
        await db().lines.bulk_write(moved, session=session)


def _renamed(to: Document) -> Any:
    """The attendee's details; a secret that is replaced is remembered, so that the door knows it was good once."""
    if "secret" not in to:
        return {"$set": to}
    former = {"$concatArrays": [{"$ifNull": ["$former", []]}, ["$secret"]]}
    return [{"$set": {"former": former}}, {"$set": {name: {"$literal": value} for name, value in to.items()}}]


async def _insert(collection: str, documents: list[Document], session: Session) -> None:
    if documents:
        await db()[collection].insert_many(documents, session=session)


async def _change(collection: str, changes: list[Any], session: Session) -> None:
    """Makes all of these changes. Raises Stale when one does not find what it is made for."""
    if changes:
        done = await db()[collection].bulk_write(changes, session=session)
        if done.matched_count != len(changes):
            raise Stale


def _book(case: Case, number: int) -> Any:
    lines = {type_id: _line(line) for type_id, line in case.standing.lines.items()}
    counted = {name: count for name, count in case.standing.tally.items() if count}
    change = {"$set": {"number": case.standing.number, "lines": lines, "tally": counted, "at": case.standing.at}}
    return UpdateOne(book_as_known(case.event_id, number), change)


def _pools(case: Case, before: Standing) -> list[Any]:
    changed = [(key, before.pools[key], room) for key, room in case.standing.pools.items() if key in before.pools]
    added = [
        UpdateOne({"_id": pool["_id"]}, _pool(Room(None, 0), case.standing.pools[pool["_id"]])) for pool in case.pools
    ]
    return added + [UpdateOne(_allowed(key, was, room), _pool(was, room)) for key, was, room in changed if was != room]


def _pool(was: Room, room: Room) -> Document:
    places = room.taken - was.taken
    if was.capacity != room.capacity:
        return {"$set": {"capacity": room.capacity, "left": room.left}, "$inc": {"taken": places}}
    return {"$inc": {"taken": places, **({} if room.left is None else {"left": -places})}}


def _allowed(pool_id: str, was: Room, room: Room) -> Document:
    is_on_purpose = was.capacity != room.capacity or (room.left is not None and room.left < 0)
    return {"_id": pool_id} if is_on_purpose else pool_with_room(pool_id, room.taken - was.taken)


def book_as_known(event_id: str, number: int) -> Document:
    """The guard between workers: the book, if nobody wrote in it since."""
    return {"_id": event_id, "number": number}


def pool_with_room(pool_id: str, places: int) -> Document:
    """The guard of a pool: it, if it has so many places."""
    return {"_id": pool_id, "$or": [{"left": None}, {"left": {"$gte": places}}]}


def _added(case: Case, collection: str) -> list[Document]:
    kept = case.kept[collection]
    return [kept[subject] for (name, subject), step in case.steps.items() if name == collection and not step]


def _replaced(case: Case, collection: str) -> list[Any]:
    kept = case.kept[collection]
    changed = [(subject, step) for (name, subject), step in case.steps.items() if name == collection and step]
    return [ReplaceOne({"_id": subject, "step": step}, kept[subject]) for subject, step in changed]


def _has_moved(case: Case) -> bool:
    """Whether somebody waits who will want to see it; places that are free again are nobody's business otherwise."""
    waits = any(line.entries for line in case.standing.lines.values())
    return any(move["what"] != FREED for move in case.moves) or bool(waits and case.moves)


def _moved_on(case: Case) -> Any:
    change = {
        "$set": {"organiser_id": case.standing.organiser_id, "number": case.standing.number},
        "$push": {"moves": {"$each": case.moves, "$slice": -MOST_MOVES}},
    }
    return UpdateOne({"_id": case.event_id}, change, upsert=True)


def _line(line: Line) -> Document:
    return {"entries": line.entries, "places": line.places, "pools": line.pools, "is_paused": line.is_paused}
