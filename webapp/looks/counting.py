"""Counts looks beside the pages: a page only notes who looks, and once a second what was noted is counted and kept.

Who looks again within the hour is the same look. Where Redis is away, each worker knows that of its own visitors alone.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from realtime import Away
from realtime.distinct import KEY_BYTES, hashed
from webapp.database import PyMongoError
from webapp.looks import store
from webapp.looks.look import Spot

EVERY_SECONDS, FINISH_SECONDS = 1.0, 2.0
TRY_REDIS_AGAIN_SECONDS = 3.0
# After its hour, for those who write what came in its last second.
LINGERS_SECONDS = 30
MOST_NOTED, MOST_ALONE = 50_000, 20_000

New = Callable[[str, str, Collection[str], float], Awaitable[int]]
log = structlog.get_logger()


class Looks:
    """The looks that this worker has noted; `new` is that of the live engine, for all workers together."""

    def __init__(self, new: New) -> None:
        self._new, self._away_until, self._alone = new, 0.0, _Alone()
        self._noted: dict[Spot, set[str]] = {}
        self._owed: Counter[Spot] = Counter()
        self._room = MOST_NOTED

    def note(self, spot: Spot, visitor: str) -> None:
        """Notes a look. It asks nobody and waits for nothing; what is noted here is gone within seconds."""
        if self._room > 0:
            self._noted.setdefault(spot, set()).add(visitor)
            self._room -= 1

    async def write(self) -> None:
        """Counts what was noted and adds it to what is kept; without the database, the next time."""
        noted, self._noted, self._room = self._noted, {}, MOST_NOTED
        for spot, visitors in noted.items():
            self._owed[spot] += await self._counted(spot, visitors)
        owed, self._owed = self._owed, Counter()
        try:
            await store.add(owed)
        except PyMongoError as error:
            self._owed.update(owed)
            log.info("looks wait for the database", error=str(error))

    async def keep_writing(self) -> None:
        """Once a second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.write()

    async def finish(self) -> None:
        """Writes what is left, unless that takes long: a worker that ends waits for no server."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                await self.write()

    async def _counted(self, spot: Spot, visitors: Collection[str]) -> int:
        if time.monotonic() < self._away_until:
            return self._alone.new(spot, visitors)
        seconds = (spot.ends_at - datetime.now(UTC)).total_seconds() + LINGERS_SECONDS
        try:
            return await self._new(f"{spot.hour:%Y%m%d%H}", spot.event_id, visitors, seconds)
        except Away as error:
            self._away_until = time.monotonic() + TRY_REDIS_AGAIN_SECONDS
            log.info("Redis is away, so looks are counted by each worker", error=repr(error))
            return self._alone.new(spot, visitors)


class _Alone:
    """Whom this worker has seen in an hour, under a key that nobody else has and that goes with the hour."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._key, self._seen = b"", set[bytes]()

    def new(self, spot: Spot, visitors: Collection[str]) -> int:
        if spot.hour != self._hour:
            self._hour, self._key, self._seen = spot.hour, secrets.token_bytes(KEY_BYTES), set()
        before = len(self._seen)
        if before < MOST_ALONE:
            self._seen |= {hashed(self._key, f"{spot.event_id} {visitor}") for visitor in visitors}
        return len(self._seen) - before
