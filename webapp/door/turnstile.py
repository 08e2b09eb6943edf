"""The scans that wait in a worker: those for one event are written together, one batch after the other.

What is scanned for one event while a transaction runs waits for the next, which writes all of it at once.
"""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Sequence

from webapp import database
from webapp.database import PyMongoError
from webapp.door import writing
from webapp.door.checkin import Verdict
from webapp.door.deciding import decide
from webapp.door.wishes import Outcome, Wish
from webapp.errors import TurnoutError, Unavailable
from webapp.observing import metrics

AT_ONCE = 200
"""Scans in one transaction: some 600 documents; MongoDB advises to stay below a thousand."""

SHARDS = 16
"""Counters of one event, so that workers do not wait for each other; what is shown is their sum."""

PATIENCE_SECONDS = 20.0
ABANDONED_SECONDS = 1.5
MOST_TURNSTILES = 2_000


class Turnstiles:
    """The scans of a worker, event by event. Several are as several workers."""

    def __init__(self) -> None:
        self._turnstiles: OrderedDict[str, _Turnstile] = OrderedDict()
        self._shard = random.randrange(SHARDS)  # noqa: S311 - only spreads

    async def ask(self, wish: Wish) -> Verdict:
        """Grants one wish. Raises what it is refused with."""
        event_id = wish.door.event_id
        turnstile = self._turnstiles.pop(event_id, None) or _Turnstile(event_id, self._shard)
        self._turnstiles[event_id] = turnstile
        if len(self._turnstiles) > MOST_TURNSTILES:
            kept = {key: one for key, one in self._turnstiles.items() if one.is_busy or one is turnstile}
            self._turnstiles = OrderedDict(kept)
        outcome = await turnstile.ask(wish)
        if isinstance(outcome, TurnoutError):
            raise outcome
        return outcome


class _Turnstile:
    """The scans for one event that wait in this worker."""

    def __init__(self, event_id: str, shard: int) -> None:
        self._event_id, self._shard = event_id, shard
        self._waiting: list[tuple[Wish, asyncio.Future[Outcome]]] = []
        self._serving: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._serving is not None

    async def ask(self, wish: Wish) -> Outcome:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._answer(batch)
        finally:
            self._serving = None

    async def _answer(self, batch: Sequence[tuple[Wish, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._grant([wish for wish, _ in batch])
        except Exception as error:
            # One scan that cannot be written must not take those beside it along.
            if len(batch) > 1 and not isinstance(error, Unavailable):
                for one in batch:
                    await self._answer([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if not answer.done():
                    answer.set_result(outcome)

    async def _grant(self, wishes: Sequence[Wish]) -> list[Outcome]:
        """Tries until it is written once. What a lost answer may have written already is found and answered."""
        began = time.monotonic()
        while True:
            try:
                case = await writing.read(self._event_id, wishes)
                outcomes = [decide(case, wish) for wish in wishes]
                if case.records:
                    await database.attempt(lambda session, case=case: writing.write(case, self._shard, session))  # type: ignore[misc]
            except PyMongoError as error:
                if not writing.is_worth_another(error):
                    raise
                if time.monotonic() - began > PATIENCE_SECONDS:
                    raise Unavailable("The database does not answer just now. Please scan again.") from error
            else:
                for record in case.records:
                    metrics.checkins.labels(record["kind"], record["result"]).inc()
                return outcomes
            if time.monotonic() - began > ABANDONED_SECONDS:
                await database.end_abandoned(ABANDONED_SECONDS)
            await asyncio.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - so that two workers do not stay in step
