"""The hub: which regions are watched here, which change makes which of them stale, and the rooms that show them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from realtime import metrics, tracing
from realtime.change import Change
from realtime.drawing import Drawn, Pen, counting, nobody
from realtime.easel import Easel
from realtime.region import ANY, Bound, Interest
from realtime.room import Room, Shown, difference

Standing = Callable[[], Awaitable[object]]
"""Answers who answers reads, once that one shows all that was ever read; another answer, or None, means: read again."""

DRAWS_AT_ONCE = 16
LINGER_SECONDS = 15


class Hub:
    """One worker's watched regions and their rooms."""

    def __init__(self, pen: Pen, frame: float, standing: Standing) -> None:
        self._pen, self._frame, self._standing = pen, frame, standing
        self.viewers: Callable[[str], int] = nobody
        self._limit = asyncio.Semaphore(DRAWS_AT_ONCE)
        self._easels: dict[str, Easel] = {}
        self._rooms: dict[tuple[str, ...], Room] = {}
        self._interested: dict[Interest, set[Easel]] = {}
        self._by_collection: dict[str, set[Easel]] = {}

    @property
    def rooms(self) -> list[Room]:
        """Every room that is kept."""
        return list(self._rooms.values())

    def watched(self, key: str) -> Easel | None:
        """The easel of a key that somebody watches."""
        easel = self._easels.get(key)
        return easel if easel and easel.rooms else None

    def watching(self, collection: str) -> set[Easel]:
        """The watched regions that changes of a collection may concern."""
        return self._by_collection.get(collection, set())

    async def draw(self, bound: Bound) -> Drawn:
        """A drawing that began after this call; watchers are given it too."""
        easel = self._easel(bound)
        try:
            return await easel.fresh()
        finally:
            self._drop_if_idle(easel)

    def apply(self, changes: Iterable[Change]) -> None:
        """Marks stale what the changes touch."""
        for change in changes:
            causes = tracing.causes_of([change])
            for easel in self._touched(change):
                easel.mark_stale(change.at, causes)

    def reset(self, reason: str) -> None:
        """Draws everything that is watched anew, the most watched first."""
        metrics.resets.labels(reason).inc()
        now = time.time()
        for easel in sorted(self._easels.values(), key=lambda easel: easel.watchers, reverse=True):
            easel.mark_stale(now)

    def enter(self, bounds: Iterable[Bound]) -> Room:
        """The room of these regions, which are watched from now on. It stays a while even if nobody joins."""
        easels = {bound.key: self._easel(bound) for bound in bounds}
        keys = tuple(sorted(easels))
        room = self._rooms.get(keys)
        if room is None:
            room = self._rooms[keys] = Room(list(easels.values()), self._frame, self._left_empty)
            self._watch(room)
        room.kept_until = asyncio.get_running_loop().time() + LINGER_SECONDS
        return room

    async def settle(self, room: Room, shown: Shown) -> None:
        """Draws what differs from `shown` afresh: this worker may know less than the screen does."""
        differing = [e for e, has in zip(room.easels, shown, strict=True) if e.drawn is None or e.version != has]
        await asyncio.gather(*(easel.fresh(paced=True) for easel in differing), return_exceptions=True)

    def difference(self, room: Room, shown: Shown) -> str:
        """The partials that make a screen right that shows `shown`."""
        return difference(room.easels, shown)

    def sweep(self) -> None:
        """Forgets rooms that nobody came back to."""
        now = asyncio.get_running_loop().time()
        for room in [room for room in self._rooms.values() if not room.size and room.kept_until < now]:
            self._forget(room)

    def close(self) -> None:
        """Ends all pending draws."""
        for room in self.rooms:
            room.close()
        for easel in self._easels.values():
            easel.cancel()

    def _easel(self, bound: Bound) -> Easel:
        easel = self._easels.get(bound.key)
        if easel is None:
            pace = max(self._frame, bound.region.pace)
            easel = self._easels[bound.key] = Easel(bound, self._timed_draw, pace, self._limit)
        return easel

    async def _timed_draw(self, bound: Bound) -> Drawn:
        counting.set(self.viewers)
        with metrics.draw_seconds.time():
            while True:
                before = await self._standing()
                drawn = await self._pen.draw(bound)
                # Where nobody is known before and after, somebody may have been between, and have known less.
                if before is not None and await self._standing() == before:
                    return drawn

    def _touched(self, change: Change) -> set[Easel]:
        if change.is_of_all:
            everywhere = self._by_collection if not change.collection else {change.collection: ()}
            return {easel for name in everywhere for easel in self._by_collection.get(name, ())}
        found: set[Easel] = set()
        for interest in _interests_of(change):
            found |= self._interested.get(interest, set())
        for field, values in change.values.items():
            if values is None:
                found |= {e for e in self._by_collection.get(change.collection, ()) if _waits_for(e, change, field)}
        return found

    def _watch(self, room: Room) -> None:
        for easel in room.easels:
            if not easel.rooms:
                easel.forget(time.time())
                for interest in easel.bound.interests:
                    self._interested.setdefault(interest, set()).add(easel)
                    self._by_collection.setdefault(interest.collection, set()).add(easel)
            easel.rooms.add(room)
        self._count()

    def _left_empty(self, room: Room) -> None:
        if room.kept_until < asyncio.get_running_loop().time():
            self._forget(room)

    def _forget(self, room: Room) -> None:
        room.close()
        self._rooms.pop(room.keys, None)
        for easel in room.easels:
            easel.rooms.discard(room)
            if not easel.rooms:
                self._unwatch(easel)
        self._count()

    def _unwatch(self, easel: Easel) -> None:
        for interest in easel.bound.interests:
            _discard(self._interested, interest, easel)
            _discard(self._by_collection, interest.collection, easel)
        self._drop_if_idle(easel)

    def _drop_if_idle(self, easel: Easel) -> None:
        if easel.is_idle and self._easels.get(easel.key) is easel:
            del self._easels[easel.key]

    def _count(self) -> None:
        metrics.rooms.set(len(self._rooms))
        metrics.watched.set(sum(1 for easel in self._easels.values() if easel.rooms))


def _interests_of(change: Change) -> list[Interest]:
    fields = [(field, value) for field, values in change.values.items() for value in values or ()]
    pairs: Sequence[tuple[str, str]] = [("_id", change.document), (ANY, ""), *fields]
    return [Interest(change.collection, field, value) for field, value in pairs]


def _waits_for(easel: Easel, change: Change, field: str) -> bool:
    return any(i.collection == change.collection and i.field == field for i in easel.bound.interests)


def _discard(index: dict, name: object, easel: Easel) -> None:  # type: ignore[type-arg]
    found = index.get(name)
    if found is not None:
        found.discard(easel)
        if not found:
            del index[name]
