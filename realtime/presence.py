"""How many look at a thing, over all workers. A region that watches "@viewers" is redrawn when its count changes."""

from collections import Counter
from contextlib import suppress

from realtime import metrics
from realtime.easel import Easel
from realtime.hub import Hub
from realtime.region import Interest
from realtime.shared import Away, Shared

VIEWERS = "@viewers"
REFRESH_SECONDS = 5


class Presence:
    """Counts the streams that watch each region of presence; told to the other workers once a second at most."""

    def __init__(self, hub: Hub, shared: Shared, who: str) -> None:
        self._hub, self._shared, self._who = hub, shared, who
        hub.viewers = self.viewers
        self._here: Counter[str] = Counter()
        self._everywhere: Counter[str] = Counter()
        self._told_ago = REFRESH_SECONDS

    def viewers(self, key: str) -> int:
        """Streams on all workers that watch the region with this key."""
        return self._everywhere[key]

    async def tick(self, now: float) -> None:
        """Once a second: counts, tells, hears, and marks stale what has another count than it shows."""
        here = self._counted()
        self._told_ago += 1
        if here or self._here or self._told_ago >= REFRESH_SECONDS:
            everywhere = await self._exchanged(here)
            self._here, self._told_ago = here, 0
            self._update(everywhere, now)

    async def leave(self) -> None:
        """Counts this worker out at once."""
        with suppress(*Away):
            await self._shared.present(self._who, {})

    def _counted(self) -> Counter[str]:
        watched = self._hub.watching(VIEWERS)
        return +Counter({easel.key: easel.watchers for easel in watched})

    async def _exchanged(self, here: Counter[str]) -> Counter[str]:
        everywhere: Counter[str] = Counter()
        try:
            for counts in await self._shared.present(self._who, dict(here)):
                everywhere.update(counts)
        except Away:
            return self._everywhere - self._here + here
        return everywhere

    def _update(self, everywhere: Counter[str], now: float) -> None:
        before, self._everywhere = self._everywhere, everywhere
        for key in before.keys() | everywhere.keys():
            if before[key] != everywhere[key]:
                for easel in self._shown_by(key):
                    metrics.changes.labels("presence").inc()
                    easel.mark_stale(now)

    def _shown_by(self, key: str) -> list[Easel]:
        """The region with this key, and those that tell its count elsewhere: they watch "@viewers" for that key."""
        told = Interest(VIEWERS, "_id", key)
        own = self._hub.watched(key)
        others = [easel for easel in self._hub.watching(VIEWERS) if told in easel.bound.interests]
        return [*([own] if own else []), *others]
