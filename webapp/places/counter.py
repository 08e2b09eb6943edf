"""The one function through which every place goes: `ask`.

What is wished for while a transaction runs waits for the next, which decides all of it in order of arrival and writes
it at once, for many events. So a rush costs a few transactions, and one that comes alone waits for nobody. Between
workers the number of an event's book keeps the count right: whoever knew an older one reads again and decides again.
"""

import asyncio
import random
import time
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from webapp import database
from webapp.database import BulkWriteError, DuplicateKeyError, PyMongoError, db
from webapp.errors import NotFound, Unavailable
from webapp.observing import metrics
from webapp.places.recount import recounted
from webapp.places.standing import Standing
from webapp.places.wishes import Outcome, Wish
from webapp.places.writing import Stale, written

AT_ONCE = 200
"""Wishes in one transaction: some 800 documents; MongoDB advises to stay below a thousand."""

PATIENCE_SECONDS = 20.0
ABANDONED_SECONDS = 1.5
"""A transaction takes milliseconds; one that is idle for so long belongs to a worker that is gone."""

MOST_KNOWN = 2_000
DUPLICATE = 11000

log = structlog.get_logger()

Asked = tuple[Wish, "asyncio.Future[Outcome]"]
Groups = dict[str, list[Asked]]


class Counter:
    """Grants wishes. One is enough for a worker; several are as several workers."""

    def __init__(self) -> None:
        self._tray: list[tuple[str, Asked]] = []
        self._serving: asyncio.Task[None] | None = None
        self._queues: dict[str, list[Asked]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: OrderedDict[str, Standing] = OrderedDict()

    async def ask(self, event_id: str, wish: Wish) -> Outcome:
        """Grants a wish for an event, or says why not. Raises Unavailable when the database stays away."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if event_id in self._queues:
            self._queues[event_id].append((wish, answer))
        else:
            self._tray.append((event_id, (wish, answer)))
            self._serving = self._serving or asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        """All events together, once. An event with which that fails gets a queue of its own, and holds up no other."""
        try:
            while self._tray:
                batch, self._tray = self._tray[:AT_ONCE], self._tray[AT_ONCE:]
                await self._serve_together(_by_event(batch))
        finally:
            self._serving = None

    async def _serve_together(self, groups: Groups) -> None:
        try:
            standings = {event_id: await self._standing(event_id) for event_id in groups}
            wishes = {event_id: [wish for wish, _ in asked] for event_id, asked in groups.items()}
            outcomes = await self._write(wishes, standings, is_again=False)
        except Exception:  # whatever it was, each event is tried alone, and tells its own
            for event_id, asked in groups.items():
                self._serve_alone(event_id, asked)
        else:
            for event_id, asked in groups.items():
                _tell(asked, outcomes[event_id])

    def _serve_alone(self, event_id: str, asked: list[Asked]) -> None:
        later = [one for other, one in self._tray if other == event_id]
        self._tray = [one for one in self._tray if one[0] != event_id]
        self._queues[event_id] = asked + later
        task = asyncio.create_task(self._serve_queue(event_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_queue(self, event_id: str) -> None:
        try:
            while queue := self._queues[event_id]:
                batch, self._queues[event_id] = queue[:AT_ONCE], queue[AT_ONCE:]
                await self._answer(event_id, batch)
        finally:
            del self._queues[event_id]

    async def _answer(self, event_id: str, asked: Sequence[Asked]) -> None:
        try:
            outcomes = await self._grant(event_id, [wish for wish, _ in asked])
        except Exception as error:
            # One that cannot be granted must not take those beside it along.
            if len(asked) > 1 and not isinstance(error, Unavailable):
                for one in asked:
                    await self._answer(event_id, [one])
            else:
                _tell(asked, [error] * len(asked))
        else:
            _tell(asked, outcomes)

    async def _grant(self, event_id: str, wishes: Sequence[Wish]) -> list[Outcome]:
        """Tries until it is written once. What a lost answer may have written already is found and answered."""
        began = time.monotonic()
        while True:
            try:
                standing = await self._standing(event_id)
                return (await self._write({event_id: wishes}, {event_id: standing}, is_again=True))[event_id]
            except Stale:
                pass
            except PyMongoError as error:
                if not _is_passing(error):
                    raise
                if time.monotonic() - began > PATIENCE_SECONDS:
                    raise Unavailable("The database does not answer just now. Please try again.") from error
            if time.monotonic() - began > ABANDONED_SECONDS:
                await _make_way()
            await asyncio.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - so that two workers do not stay in step

    async def _write(
        self, wishes: Mapping[str, Sequence[Wish]], standings: Mapping[str, Standing], *, is_again: bool
    ) -> dict[str, list[Outcome]]:
        notes: Tally[str] = Tally()
        try:
            known, outcomes = await database.attempt(
                lambda session: written(wishes, standings, session, looks_first=is_again, notes=notes)
            )
        except BaseException:
            for event_id in wishes:
                self._known.pop(event_id, None)
            raise
        for event_id, standing in known.items():
            self._remember(event_id, standing)
        _count(notes, outcomes)
        return outcomes

    async def _standing(self, event_id: str) -> Standing:
        if event_id not in self._known:
            self._remember(event_id, await _standing(event_id))
        return self._known[event_id]

    def _remember(self, event_id: str, standing: Standing) -> None:
        self._known[event_id] = standing
        self._known.move_to_end(event_id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)


_counter = Counter()


async def ask(event_id: str, wish: Wish) -> Outcome:
    """Grants a wish for an event, or says why not. Raises Unavailable when the database stays away."""
    return await _counter.ask(event_id, wish)


def _by_event(batch: Sequence[tuple[str, Asked]]) -> Groups:
    groups: Groups = {}
    for event_id, asked in batch:
        groups.setdefault(event_id, []).append(asked)
    return groups


def _tell(asked: Sequence[Asked], told: Sequence[Outcome | Exception]) -> None:
    for (_, answer), one in zip(asked, told, strict=True):
        if answer.done():  # whoever asked has gone
            continue
        if isinstance(one, Exception):
            answer.set_exception(one)
        else:
            answer.set_result(one)


def _count(notes: Tally[str], outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    for step, times in notes.items():
        metrics.registrations.labels(step).inc(times)
    for refused in (one.refused for some in outcomes.values() for one in some if one.refused):
        metrics.refusals.labels(refused.replace(" ", "_")).inc()


def _is_passing(error: PyMongoError) -> bool:
    if isinstance(error, BulkWriteError):
        return any(one["code"] == DUPLICATE for one in error.details["writeErrors"])
    return database.is_passing(error) or isinstance(error, DuplicateKeyError)


async def _make_way() -> None:
    with suppress(PyMongoError):
        ended = await database.end_abandoned(ABANDONED_SECONDS)
        if ended:
            log.warning("ended transactions that a worker left behind", count=ended)
        else:
            await asyncio.sleep(0.1)


async def _standing(event_id: str) -> Standing:
    # The book first: pools that are newer than it are noticed by its number, the other way round would not be.
    book = await db().books.find_one({"_id": event_id})
    if book is None:
        raise NotFound("Nobody can register for this event yet.")
    if "tally" not in book:
        return await _counted(event_id)
    return Standing.of(book, await db().pools.find({"event_id": event_id}).to_list(None))


async def _counted(event_id: str) -> Standing:
    """For a book from before there was a tally: all of it as it is at one instant."""
    async with await database.snapshot() as session:
        book = await db().books.find_one({"_id": event_id}, session=session)
        pools = await db().pools.find({"event_id": event_id}, session=session).to_list(None)
        return Standing.of({**(book or {}), "tally": await recounted(event_id, session)}, pools)
