"""Programs that follow the changes on this worker: each has a place in the order, and no queue.

A program that reads slowly is served from the database when it gets round to it. One that takes nothing for half a
minute is cut; it comes again with the id of the last change that it has.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from webapp.changes import store
from webapp.changes.audience import Audience, Wish
from webapp.changes.change import Change
from webapp.changes.tail import Tail
from webapp.errors import TooMany
from webapp.observing import metrics

BEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0
ASK_AGAIN_SECONDS = 60.0
STUCK_SECONDS = 30.0
AT_ONCE = 200
MOST_OF_ONE = 20


@dataclass(eq=False)
class Follower:
    """Somebody who follows. `key` is the place up to which everything was handed over."""

    viewer: Any
    audience: Audience
    wish: Wish
    key: str
    task: "asyncio.Task[Any] | None" = None
    asked_at: float = field(default_factory=time.monotonic)
    handed_at: float | None = None
    # Whoever was revoked since they were let in was not among those who are asked again.
    is_doubtful: bool = True


class Followers:
    """All who follow on one worker. `again` and `subjects_of` are those of the live engine's access."""

    def __init__(
        self,
        audience_of: Callable[[Any], Audience],
        again: Callable[[Any], Awaitable[Any]],
        subjects_of: Callable[[Any], Iterable[str]],
        ends_at: Callable[[Any], float | None],
        is_draining: Callable[[], bool],
    ) -> None:
        self._audience_of, self._again, self._subjects_of = audience_of, again, subjects_of
        self._ends_at, self._is_draining = ends_at, is_draining
        self._tail = Tail()
        self._all: set[Follower] = set()

    @property
    def count(self) -> int:
        return len(self._all)

    def audience_of(self, viewer: Any) -> Audience:
        """What somebody may be told."""
        return self._audience_of(viewer)

    def revoked(self, subject: str) -> None:
        """Asks those again whom this is about, before they are told anything more."""
        for one in self._all:
            if subject in self._subjects_of(one.viewer):
                one.is_doubtful = True

    def check_room_for(self, viewer: Any) -> None:
        """Raises TooMany for somebody who follows often enough on this worker."""
        if sum(one.viewer.id == viewer.id for one in self._all) >= MOST_OF_ONE:
            raise TooMany(60, ", and end streams that you no longer read")

    @contextmanager
    def following(self, viewer: Any, wish: Wish, key: str, transport: str) -> Iterator[Follower]:
        """A follower for as long as the block runs."""
        follower = Follower(viewer, self._audience_of(viewer), wish, key)
        self._all.add(follower)
        self._tail.enter()
        metrics.change_followers.labels(transport).inc()
        try:
            yield follower
        finally:
            self._all.discard(follower)
            self._tail.leave()
            metrics.change_followers.labels(transport).dec()

    async def batches(self, follower: Follower) -> AsyncGenerator[list[Change], None]:
        """What the follower is told, as it happens; nothing at all every quarter of a minute. Raises Gone."""
        follower.task = asyncio.current_task()
        watching = asyncio.create_task(_cut_when_stuck(follower))
        beaten_at = time.monotonic()
        try:
            while await self._may_go_on(follower):
                changes = await self._next(follower)
                if changes or time.monotonic() - beaten_at >= BEAT_SECONDS:
                    beaten_at = follower.handed_at = time.monotonic()
                    yield changes
                    follower.handed_at = None
                elif follower.key >= self._tail.tip:
                    await self._tail.moves(LOOK_SECONDS)
        finally:
            watching.cancel()

    async def _next(self, follower: Follower) -> list[Change]:
        newer = self._tail.after(follower.key)
        if newer is None or len(newer) > AT_ONCE:
            page = await store.page(follower.key, follower.audience, follower.wish, limit=AT_ONCE)
            follower.key = page.next
            return page.changes
        follower.key = self._tail.tip
        return [change for change in newer if follower.audience.has(change) and follower.wish.has(change)]

    async def _may_go_on(self, follower: Follower) -> bool:
        ends_at = self._ends_at(follower.viewer)
        if self._is_draining() or (ends_at is not None and ends_at <= time.time()):
            return False
        if follower.is_doubtful or time.monotonic() - follower.asked_at > ASK_AGAIN_SECONDS:
            follower.is_doubtful, follower.asked_at = False, time.monotonic()
            viewer = await self._again(follower.viewer)
            if viewer is None:
                return False
            follower.viewer, follower.audience = viewer, self._audience_of(viewer)
        return True


async def _cut_when_stuck(follower: Follower) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        handed_at = follower.handed_at
        if handed_at is not None and time.monotonic() - handed_at > STUCK_SECONDS and follower.task:
            follower.task.cancel()
            return
