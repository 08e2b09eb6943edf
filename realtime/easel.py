"""One region drawn over and over: one draw at a time, shared by all who wait for one that began after they asked."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from realtime import metrics, tracing
from realtime.drawing import Drawn
from realtime.region import Bound
from realtime.tracing import NOTHING, Causes

if TYPE_CHECKING:
    from realtime.room import Room

log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


class CutOff(Exception):
    """Something that a drawing waited for was cancelled, though the drawing itself was not."""


class Easel:
    """A region being watched or drawn. `drawn` is the newest drawing; `rooms` show it."""

    __slots__ = (
        *("bound", "key", "drawn", "rooms", "is_stale", "stale_since", "not_before"),
        *("_draw", "_limit", "_frame", "_waiting", "_timer", "_task", "_loop", "_failure", "_causes"),
    )

    def __init__(
        self,
        bound: Bound,
        draw: Callable[[Bound], Awaitable[Drawn]],
        frame: float,
        limit: AbstractAsyncContextManager[object, bool | None],
    ) -> None:
        self.bound, self.key = bound, bound.key
        self.drawn: Drawn | None = None
        self.rooms: set[Room] = set()
        self.is_stale, self.stale_since, self.not_before = False, 0.0, 0.0
        self._draw, self._frame, self._limit = draw, frame, limit
        self._waiting: asyncio.Future[Drawn] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure = ""
        self._causes = NOTHING
        self._loop = asyncio.get_running_loop()

    @property
    def version(self) -> str:
        return self.drawn.version if self.drawn else ""

    @property
    def watchers(self) -> int:
        """How many streams here show the region."""
        return sum(room.size for room in self.rooms)

    @property
    def is_idle(self) -> bool:
        return not self.rooms and self._task is None and self._waiting is None

    def mark_stale(self, since: float, causes: Causes = NOTHING) -> None:
        """Draws soon: at once when the last draw is a frame ago. `since` is when the change was written."""
        self._causes |= causes
        if not self.is_stale:
            self.is_stale, self.stale_since = True, since
            self._request(paced=True)

    async def fresh(self, *, paced: bool = False) -> Drawn:
        """A drawing that began after this call, so it shows every write that was acknowledged before it.

        With `paced`, at most one draw is made in a frame. Raises what the loader raises.
        """
        return await asyncio.shield(self._request(paced=paced))

    def forget(self, now: float) -> None:
        """Forgets what was drawn while nobody watched: changes since then were not reported to it."""
        self.drawn = None
        if self._task is not None:
            self.mark_stale(now)

    def cancel(self) -> None:
        """Ends a pending draw; nobody waits any more."""
        for pending in (self._timer, self._task, self._waiting):
            if pending is not None:
                pending.cancel()

    def _request(self, *, paced: bool) -> "asyncio.Future[Drawn]":
        if self._waiting is None:
            self._waiting = self._loop.create_future()
            self._waiting.add_done_callback(_retrieve)
        waiting = self._waiting
        delay = self.not_before - self._loop.time() if paced else 0.0
        if delay <= 0:
            self._begin()
        elif self._timer is None:
            self._timer = self._loop.call_later(delay, self._begin)
        return waiting

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None:
            self._task = self._loop.create_task(self._draw_until_nobody_waits())

    async def _draw_until_nobody_waits(self) -> None:
        try:
            while self._waiting is not None and self._timer is None:
                async with self._limit:
                    await self._draw_once()
        finally:
            self._task = None

    async def _draw_once(self) -> None:
        waiting, self._waiting = self._waiting, None
        since, self.is_stale = self.stale_since if self.is_stale else 0.0, False
        self.not_before = self._loop.time() + self._frame
        begun, causes, self._causes = time.time(), self._causes, NOTHING
        try:
            drawn = await self._drawn()
        except Exception as error:
            self._causes |= causes
            self._keep_the_old_one(error, since)
            if waiting and not waiting.done():
                waiting.set_exception(error)
        except asyncio.CancelledError:
            if waiting:
                waiting.cancel()
            raise
        else:
            tracing.note("draw", causes, begun, time.time(), region=self.bound.region.name, watchers=self.watchers)
            self._show(drawn, since, causes)
            if waiting and not waiting.done():
                waiting.set_result(drawn)

    async def _drawn(self) -> Drawn:
        """A cancellation that is not ours would end the task and leave whoever is stale or waits behind for good."""
        try:
            return await self._draw(self.bound)
        except asyncio.CancelledError as error:
            if self._task is None or self._task.cancelling():
                raise
            raise CutOff(f"The drawing of {self.key} was cut off") from error

    def _keep_the_old_one(self, error: Exception, since: float) -> None:
        metrics.draws.labels("failed").inc()
        if repr(error) != self._failure:
            self._failure = repr(error)
            log.error("the region %s could not be drawn", self.key, exc_info=error)
        if self.rooms:
            self._loop.call_later(RETRY_SECONDS, self.mark_stale, since)

    def _show(self, drawn: Drawn, since: float, causes: Causes) -> None:
        self._failure = ""
        is_same = drawn.version == self.version
        metrics.draws.labels("same" if is_same else "new").inc()
        if not is_same:
            self.drawn = drawn
            for room in self.rooms:
                room.touch(since, causes)


def _retrieve(waiting: "asyncio.Future[Drawn]") -> None:
    """A failure that nobody awaited was logged already."""
    if not waiting.cancelled():
        waiting.exception()
