"""How changes are kept: in one order that only ever grows at its end, so that a reader can miss nothing.

The tip is one document: how far everything is written (`at`), and from where on everything is still there (`since`).
Whoever adds changes moves the tip in the same transaction, and only from where they believed it to be.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReturnDocument

from webapp import database
from webapp.belonging import apart
from webapp.changes.audience import EVERYTHING, Audience, Wish
from webapp.changes.change import Change, id_of, kept, key_of
from webapp.database import IndexModel, Session, db
from webapp.errors import TurnoutError

TIP, LEASE = "tip", "lease"
LEASE_MS = 3_000
MOST = 1_000
FIRST = key_of("0-0")

Beside = Callable[[Sequence[Change], Session], Awaitable[None]]

database.keep("changes", IndexModel([("organiser_id", 1), ("_id", 1)]), IndexModel([("event_id", 1), ("_id", 1)]))
database.keep("change_tips")
apart("changes", "They name no person, and go after TURNOUT_KEEP_CHANGES_DAYS.")
_beside: list[Beside] = []


class Gone(TurnoutError):
    """What came after this id is no longer kept, so following on would miss something; `latest` is an id of now."""

    status, problem = 410, "gone"

    def __init__(self, latest: str) -> None:
        super().__init__(
            "What came after this id is no longer kept. Read the resources that you keep a copy of again, "
            "then follow from the id in “latest”, which you take before you begin to read."
        )
        self.latest = latest
        self.more = {"latest": id_of(latest)}


class Moved(Exception):
    """Somebody else added changes since."""


@dataclass(frozen=True)
class Tip:
    """Everything after `since` and up to `at` is kept; both are places in the order."""

    at: str
    since: str


@dataclass(frozen=True)
class Page:
    """Some changes, in order; `next` is where the following page begins."""

    changes: list[Change]
    next: str
    has_more: bool


def beside(work: Beside) -> Beside:
    """Registers `work(changes, session)`, done in the transaction that adds the changes."""
    _beside.append(work)
    return work


async def begin(at: str) -> Tip:
    """The tip; where there is none yet, the order begins after `at`."""
    first = {"$setOnInsert": {"at": at, "since": at}}
    found = await db().change_tips.find_one_and_update(
        {"_id": TIP}, first, upsert=True, return_document=ReturnDocument.AFTER
    )
    return _tip(found)


async def tip() -> Tip | None:
    """How far everything is written, None before there is anything."""
    found = await db().change_tips.find_one({"_id": TIP})
    return _tip(found) if found else None


async def add(changes: Sequence[Change], *, after: str, to: str) -> None:
    """Adds changes at the end and moves the tip. Raises Moved where `after` is not, or no longer, the end."""

    async def write(session: Session) -> None:
        moved = await db().change_tips.update_one({"_id": TIP, "at": after}, {"$set": {"at": to}}, session=session)
        if not moved.matched_count:
            raise Moved
        if changes:
            await db().changes.insert_many([change.document() for change in changes], session=session)
            for work in _beside:
                await work(changes, session)

    await database.transaction(write)


async def page(after: str, audience: Audience, wish: Wish = EVERYTHING, *, limit: int = MOST) -> Page:
    """What somebody is told of the changes after a place in the order. Raises Gone."""
    await database.standing()
    known = await tip()
    if known is None:
        return Page([], after, has_more=False)
    until = known.at
    query = {"$and": [{"_id": {"$gt": after, "$lte": until}}, audience.query(), wish.query()]}
    found = await db().changes.find(query).sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    # Asked once more after reading: what was deleted in between would otherwise be a gap that nobody sees.
    known = await tip()
    if known is None or after < known.since or after > known.at:
        raise Gone(_latest(known))
    changes = [kept(one) for one in found[:limit]]
    has_more = len(found) > limit
    return Page(changes, changes[-1].key if has_more else until, has_more)


async def whole(after: str, until: str, *, limit: int) -> list[Change]:
    """Every change of everybody after one place and up to another, so many at most."""
    found = db().changes.find({"_id": {"$gt": after, "$lte": until}}).sort("_id", 1).limit(limit)
    return [kept(one) for one in await found.to_list(limit)]


async def one(key: str) -> Change | None:
    """The change at a place in the order."""
    found = await db().changes.find_one({"_id": key})
    return kept(found) if found else None


async def forget(before: str) -> int:
    """Lets go of what is older; first nobody may follow from there any more, then it is deleted."""
    raised = await db().change_tips.update_one(
        {"_id": TIP, "since": {"$lt": before}, "at": {"$gte": before}}, {"$set": {"since": before}}
    )
    if not raised.matched_count:
        return 0
    return int((await db().changes.delete_many({"_id": {"$lte": before}})).deleted_count)


async def start_again(after: str, at: str) -> None:
    """Begins anew where the history after the tip is lost: whoever follows is told so, and nobody skips anything."""
    await db().change_tips.update_one({"_id": TIP, "at": after}, {"$set": {"at": at, "since": at}})


async def hold(holder: str) -> bool:
    """Whether this worker writes, for the next three seconds by the database's clock."""
    is_free = {"$or": [{"$eq": ["$holder", holder]}, {"$lt": [{"$ifNull": ["$until", 0]}, "$$NOW"]}]}
    until = {"$cond": [is_free, {"$add": ["$$NOW", LEASE_MS]}, "$until"]}
    given = {"holder": {"$cond": [is_free, holder, "$holder"]}, "until": until}
    # Not in the tip's own document: renewing would get in the way of the transactions that move it.
    lease = await db().change_tips.find_one_and_update(
        {"_id": LEASE}, [{"$set": given}], upsert=True, return_document=ReturnDocument.AFTER
    )
    return bool(lease["holder"] == holder)


async def release(holder: str) -> None:
    """Lets another worker write."""
    await db().change_tips.delete_one({"_id": LEASE, "holder": holder})


def _latest(known: Tip | None) -> str:
    return known.at if known else FIRST


def _tip(found: Any) -> Tip:
    return Tip(found["at"], found["since"])
