"""How often one visitor may ask for what: counted for all workers together, and told in headers.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11. Without Redis everybody is answered, uncounted.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from quart import Quart, Response, current_app, g, request

from realtime import Away, Refused
from webapp import metrics
from webapp.errors import TooOften
from webapp.proxy import address_of, counted
from webapp.settings import Settings

PRODUCTION = {"reads": "300/10", "writes": "60/60", "heavy": "10/60", "live": "6000/60"}
# Demos and tests are many people behind one address.
DEVELOPMENT = {"reads": "100000/10", "writes": "60000/60", "heavy": "6000/60", "live": "600000/60"}
SAFE = {"GET", "HEAD", "OPTIONS"}
TRY_REDIS_AGAIN_SECONDS = 3.0
MOST_REMEMBERED = 20_000
# Of one worker to Redis, however many visitors come at once.
CONNECTIONS = 16
Take = Callable[..., Awaitable[tuple[bool, float]]]
log = structlog.get_logger()


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds. Of `unasked`, a worker lets as many through before it asks and settles what it owes.

    Asking Redis costs a fifth of a page, so reads are settled in tens: N workers may let 9 N more than the limit
    through, once; what was let through is counted all the same, and the wait is the longer for it.
    """

    name: str
    count: int
    seconds: int
    unasked: int = 0

    @property
    def policy(self) -> str:
        return f'"{self.name}";q={self.count};w={self.seconds}'


@dataclass(frozen=True, slots=True)
class Spent:
    """Where a visitor stands: how many are left, and in how many seconds there will be one, or all of them."""

    limit: Limit
    left: int
    whole_in: float
    wait: float = 0

    def headers(self) -> dict[str, str]:
        said = {
            "RateLimit-Policy": self.limit.policy,
            "RateLimit": f'"{self.limit.name}";r={self.left};t={math.ceil(self.whole_in)}',
        }
        return said | ({"Retry-After": str(math.ceil(self.wait))} if self.wait else {})


@dataclass(slots=True)
class _Tally:
    """What this worker knows of one visitor. Times are of the monotonic clock."""

    owed: int = 0
    spent_until: float = 0.0
    shut_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limits:
    """The limits of this installation, counted by the live engine's `take`."""

    def __init__(self, settings: Settings, take: Take) -> None:
        self._take = take
        self.classes = {name: _limit(name, settings) for name in PRODUCTION}
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._away_until = 0.0
        self._questions = asyncio.Semaphore(CONNECTIONS)

    async def take(self, limit: Limit, visitor: str) -> Spent:
        """Counts one for this visitor. `wait` of the answer is above zero where it was one too many."""
        now, tally = time.monotonic(), self._tally(limit, visitor)
        if tally.shut_until > now:
            return self._refused(limit, tally, now)
        if tally.owed < limit.unasked and tally.spent_until < now + limit.seconds / 2:
            tally.owed += 1
        elif not await self._asked(limit, visitor, tally):
            return self._refused(limit, tally, now)
        spent = max(0.0, tally.spent_until - time.monotonic()) + tally.owed * limit.seconds / limit.count
        return Spent(limit, max(0, int(limit.count * (1 - spent / limit.seconds))), spent)

    async def _asked(self, limit: Limit, visitor: str, tally: _Tally) -> bool:
        """Whether this one may pass. A flood of one visitor asks one by one, and not at all once it is refused."""
        async with tally.turn, self._questions:
            now = time.monotonic()
            if tally.shut_until <= now:
                await self._settle(limit, visitor, tally, now)
            return tally.shut_until <= now

    async def _settle(self, limit: Limit, visitor: str, tally: _Tally, now: float) -> None:
        if self._away_until > now:
            metrics.uncounted.labels(limit.name).inc()
            return
        if self._away_until:
            # One visitor tries whether Redis is back; the others do not wait with them.
            self._away_until = now + TRY_REDIS_AGAIN_SECONDS
        owed, tally.owed = tally.owed, 0
        try:
            taken, spent = await self._take(f"{limit.name}:{visitor}", limit.count, limit.seconds, owed=owed)
        except Away as error:
            self._away_until = time.monotonic() + TRY_REDIS_AGAIN_SECONDS
            metrics.uncounted.labels(limit.name).inc()
            log.warning("Redis is away, so nobody is limited", error=repr(error))
            return
        self._away_until = 0.0
        tally.spent_until = now + spent
        if not taken:
            tally.shut_until = now + spent + limit.seconds / limit.count - limit.seconds

    def _tally(self, limit: Limit, visitor: str) -> _Tally:
        key = limit.name, visitor
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= MOST_REMEMBERED:
                self._tallies.pop(next(iter(self._tallies)))
            tally = self._tallies[key] = _Tally()
        return tally

    @staticmethod
    def _refused(limit: Limit, tally: _Tally, now: float) -> Spent:
        metrics.limited.labels(limit.name).inc()
        return Spent(limit, 0, tally.spent_until - now, max(tally.shut_until - now, 0.001))


def enforce(app: Quart) -> None:
    """Refuses what is too much before a handler runs, and says in every counted answer how much is left."""
    limits: Limits = app.extensions["limits"]

    @app.before_request
    async def count() -> None:
        limit = _class_of_request(limits)
        if limit is None:
            return
        g.spent = spent = await limits.take(limit, counted(request.remote_addr or ""))
        if spent.wait:
            raise TooOften(f"That was too often from here; try again in {_seconds(spent.wait)}.")

    @app.after_request
    async def tell(response: Response) -> Response:
        if spent := g.get("spent"):
            response.headers.update(spent.headers())
        return response


async def admit_stream(scope: dict[str, Any], limits: Limits) -> None:
    """The same for live streams. Raises Refused when one visitor opens too many in a while."""
    spent = await limits.take(limits.classes["live"], address_of(scope))
    if spent.wait:
        sentence = f"Too many streams were opened from here; try again in {_seconds(spent.wait)}."
        raise Refused(429, sentence, spent.headers())


def _class_of_request(limits: Limits) -> Limit | None:
    name = "reads" if request.method in SAFE else "writes"
    if request.endpoint:
        name = getattr(current_app.view_functions[request.endpoint], "limit", name)
    return limits.classes[name] if name and not (name == "heavy" and request.method in SAFE) else None


def _limit(name: str, settings: Settings) -> Limit:
    defaults = DEVELOPMENT if settings.is_development else PRODUCTION
    count, seconds = map(int, (getattr(settings, f"limit_{name}") or defaults[name]).split("/"))
    return Limit(name, count, seconds, unasked=min(9, count // 30) if name == "reads" else 0)


def _seconds(wait: float) -> str:
    seconds = math.ceil(wait)
    return f"{seconds} seconds" if seconds > 1 else "a second"
