"""How changes reach this worker: from the log in Redis, and from the database itself while Redis is away."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing, suppress

from realtime import metrics
from realtime.change import Change, Position
from realtime.shared import Away, Epoch, Shared
from realtime.source import HEARTBEATS, Lost, Source
from realtime.upkeep import lasting

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
SILENT_BEATS = 3
STALE_BEATS = 4
STUCK_BEATS = 8
PROBE_SECONDS = 1.0
RETRY_SECONDS = 0.5


class Silent(Exception):
    """No error, but no heartbeat either."""


class Feed:
    """Gives every change to `apply`, and calls `reset` whenever some may have been missed.

    Log and database use the same ids, so the feed goes on with one where it stopped with the other.
    """

    def __init__(
        self,
        source: Source,
        shared: Shared,
        apply: Callable[[list[Change]], None],
        reset: Callable[[str], None],
        is_relay: Callable[[], bool],
    ) -> None:
        self._source, self._shared = source, shared
        self._apply, self._reset, self._is_relay = apply, reset, is_relay
        self._position: Position | None = None
        self._epoch = Epoch("")
        self._heard_at = 0.0
        self._beat_at = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_ready = asyncio.Event()
        self.last_beat = 0.0
        self.reads_log = False

    @property
    def is_stale(self) -> bool:
        """True when no heartbeat came through for so long that pages should say so."""
        return time.monotonic() - self._beat_at > STALE_BEATS * BEAT_SECONDS

    def start(self) -> None:
        self._tasks = [asyncio.create_task(lasting(work)) for work in (self._follow, self._keep_beating)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                await self._follow_log()
            except Away as error:
                log.warning("Redis is away, following the database itself: %r", error)
            except Silent:
                log.warning("The log is silent, following the database itself")
            except Exception:
                log.exception("The log cannot be read, following the database itself")
            try:
                await self._follow_database()
            except Silent:
                log.warning("The database's changes are silent, following them anew")
            except Lost as lost:
                log.warning("The database's history was lost: %s", lost)
                await self._begin_after_the_loss()
            except Exception:
                log.exception("The database cannot be followed just now")
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow_log(self) -> None:
        """Reads the log. Ends when there is none; raises one of Away, or Silent."""
        epoch, tip = await self._shared.state()
        if not epoch:
            return
        if self._position is None:
            self._start_anew(tip, "start")
        self._epoch = self._adopted(epoch)
        self._reading_log(True)
        self._heard_at = time.monotonic()
        while True:
            position = self._here()
            changes, epoch, is_trimmed = await self._shared.read(position)
            if epoch != self._epoch:
                if not epoch:
                    return
                self._epoch = self._adopted(epoch)
            elif is_trimmed:
                self._start_anew(position, "trimmed")
            self._take(changes)
            self._check_beats(SILENT_BEATS)

    def _adopted(self, epoch: Epoch) -> Epoch:
        """A log that begins after what was read already leaves a gap; one that begins before does not."""
        if epoch.base > self._here():
            self._start_anew(epoch.base, "epoch")
        return epoch

    async def _follow_database(self) -> None:
        """Reads the database until the log is whole again."""
        self._reading_log(False)
        now = await self._source.now()
        # A position in the future is of another history; followed from there, nothing would ever come.
        if self._position is None or self._position > now.next_time:
            self._start_anew(now, "start")
        self._heard_at = time.monotonic()
        is_log_back = asyncio.create_task(self._wait_for_log())
        try:
            async with aclosing(self._source.follow(self._here())) as history:
                async for batch in history:
                    self._take(batch)
                    if is_log_back.done():
                        return
                    self._check_beats(STUCK_BEATS)
        finally:
            is_log_back.cancel()
            await asyncio.gather(is_log_back, return_exceptions=True)

    async def _begin_after_the_loss(self) -> None:
        self._position = None
        with suppress(Exception):  # without a database it is asked again
            self._start_anew((await self._source.now()).next_time, "lost")

    async def _wait_for_log(self) -> None:
        """Ends when the log has come as far as this worker has read."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            here = self._here()
            with suppress(*Away):
                epoch, tip = await self._shared.state()
                if epoch and tip >= here and tip > epoch.base:
                    return

    def _take(self, changes: list[Change]) -> None:
        if not changes:
            return
        self._position = changes[-1].id
        metrics.changes.labels("log" if self.reads_log else "database").inc(len(changes))
        for change in changes:
            if change.collection == HEARTBEATS:
                self.last_beat, self._beat_at = max(self.last_beat, change.at), time.monotonic()
                self._heard_at = self._beat_at
        self._apply(changes)

    def _check_beats(self, missed: int) -> None:
        if time.monotonic() - self._heard_at > missed * BEAT_SECONDS:
            raise Silent

    def _start_anew(self, position: Position, reason: str) -> None:
        """Position first, drawing after: what changes in between is then seen by one of the two."""
        self._position = position
        self.is_ready.set()
        self._reset(reason)

    def _here(self) -> Position:
        if self._position is None:
            raise Lost("No position yet")
        return self._position

    def _reading_log(self, is_log: bool) -> None:
        self.reads_log = is_log
        metrics.source.set(is_log)

    async def _keep_beating(self) -> None:
        """The relay writes the heartbeat; the others only when they have missed it for a while."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            lag = time.time() - self.last_beat
            metrics.relay_lag.set(min(lag, 1e6))
            if self._is_relay() or lag > 2 * BEAT_SECONDS:
                with suppress(Exception):
                    await self._source.beat()
