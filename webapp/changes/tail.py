"""The newest changes, read once on a worker for everybody who follows there."""

import asyncio
from collections import deque
from contextlib import suppress

import structlog

from realtime import lasting
from webapp.changes import store
from webapp.changes.change import Change
from webapp.database import PyMongoError

POLL_SECONDS = 0.1
MOST_KEPT = 5_000

log = structlog.get_logger()


class Tail:
    """What came in while somebody followed. It asks the database for as long as there are followers."""

    def __init__(self) -> None:
        self.tip = ""
        self._start = ""
        self._kept: deque[Change] = deque()
        self._moved = asyncio.Event()
        self._followers = 0
        self._polling: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """Begins to count for one more follower."""
        self._followers += 1
        if self._polling is None or self._polling.done():
            self.tip, self._start = "", ""
            self._kept.clear()
            self._polling = asyncio.create_task(lasting(self._poll))

    def leave(self) -> None:
        """One follower fewer."""
        self._followers -= 1

    def after(self, key: str) -> list[Change] | None:
        """All changes after a place in the order up to the tip; None where they have to be asked of the database."""
        if not self._start or not self._start <= key <= self.tip:
            return None
        newer = []
        for change in reversed(self._kept):
            if change.key <= key:
                break
            newer.append(change)
        return newer[::-1]

    async def moves(self, seconds: float) -> None:
        """Waits until the tip moves, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    async def _poll(self) -> None:
        while self._followers:
            try:
                known = await store.tip()
                if known and known.at != self.tip:
                    await self._read(known.at)
            except PyMongoError as error:
                log.info("who follows the changes waits for the database", error=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _read(self, at: str) -> None:
        newer = await store.whole(self.tip, at, limit=MOST_KEPT) if self.tip and at > self.tip else None
        if newer is None or len(newer) == MOST_KEPT:
            self._kept.clear()
            self._start = at
        else:
            self._kept.extend(newer)
            while len(self._kept) > MOST_KEPT:
                self._start = self._kept.popleft().key
        self.tip = at
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
