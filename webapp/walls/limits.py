"""How often one visitor may ask for what: counted for all workers together, and told in headers.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11. Without Redis everybody is answered, uncounted.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from quart import Quart, Response, current_app, g, request

from realtime import Away, Refused
from webapp.access import who
from webapp.errors import TooOften
from webapp.observing import metrics
from webapp.settings import Settings
from webapp.together import Together
from webapp.walls.proxy import address_of, counted

PRODUCTION = {"reads": "300/10", "writes": "60/60", "heavy": "10/60", "door": "3000/60", "live": "6000/60"}
# Demos and tests are many people behind one address.
DEVELOPMENT = {"reads": "100000/10", "writes": "60000/60", "heavy": "6000/60", "door": "300000/60", "live": "600000/60"}
SAFE = {"GET", "HEAD", "OPTIONS"}
TRY_REDIS_AGAIN_SECONDS = 3.0
MOST_REMEMBERED = 20_000
# Of one worker to Redis, however many visitors come at once.
CONNECTIONS = 16
Take = Callable[..., Awaitable[tuple[int, float]]]
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
    asking: Together[None, bool] | None = None


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
        """Whether this one may pass. What a visitor wants while Redis is asked, is asked for together afterwards."""
        tally.asking = tally.asking or Together(partial(self._pass, limit, visitor, tally))
        return await tally.asking.ask(None)

    async def _pass(self, limit: Limit, visitor: str, tally: _Tally, asked: Sequence[None]) -> list[bool]:
        async with self._questions:
            now = time.monotonic()
            passing = 0 if tally.shut_until > now else await self._settle(limit, visitor, tally, len(asked), now)
        return [place < passing for place in range(len(asked))]

    async def _settle(self, limit: Limit, visitor: str, tally: _Tally, wanted: int, now: float) -> int:
        """How many of those who are `wanted` to pass may."""
        if self._away_until > now:
            metrics.uncounted.labels(limit.name).inc(wanted)
            return wanted
        if self._away_until:
            # One visitor tries whether Redis is back; the others do not wait with them.
            self._away_until = now + TRY_REDIS_AGAIN_SECONDS
        owed, tally.owed = tally.owed, 0
        try:
            key = f"{limit.name}:{visitor}"
            taken, spent = await self._take(key, limit.count, limit.seconds, owed=owed, wanted=wanted)
        except Away as error:
            self._away_until = time.monotonic() + TRY_REDIS_AGAIN_SECONDS
            metrics.uncounted.labels(limit.name).inc(wanted)
            log.warning("Redis is away, so nobody is limited", error=repr(error))
            return wanted
        self._away_until = 0.0
        tally.spent_until = now + spent
        if taken < wanted:
            tally.shut_until = now + spent + limit.seconds / limit.count - limit.seconds
        return taken

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
        g.spent = spent = await limits.take(limit, _visitor())
        if spent.wait:
            raise TooOften(f"That was too often from here; try again in {_seconds(spent.wait)}.")

    @app.after_request
    async def tell(response: Response) -> Response:
        if spent := g.get("spent"):
            response.headers.update(spent.headers())
        return response


async def admit_stream(scope: dict[str, Any], limits: Limits, account: str = "") -> None:
    """The same for live streams. Raises Refused when one visitor opens too many in a while."""
    spent = await limits.take(limits.classes["live"], f"program {account}" if account else address_of(scope))
    if spent.wait:
        sentence = f"Too many streams were opened from here; try again in {_seconds(spent.wait)}."
        raise Refused(429, sentence, spent.headers())


def _visitor() -> str:
    """Whom the current request counts for: an account where one is known, so that it and its neighbours do not share.

    A person's programs and a person's browsers count apart: neither stops the other.
    """
    person = who()
    if not person.is_signed_in:
        return counted(request.remote_addr or "")
    return f"program {person.id}" if person.bearer else f"person {person.id}"


def _class_of_request(limits: Limits) -> Limit | None:
    name = "reads" if request.method in SAFE else "writes"
    if request.endpoint:
        name = getattr(current_app.view_functions[request.endpoint], "limit", name)
    return limits.classes[name] if name else None


def _limit(name: str, settings: Settings) -> Limit:
    defaults = DEVELOPMENT if settings.is_development else PRODUCTION
    count, seconds = map(int, (getattr(settings, f"limit_{name}") or defaults[name]).split("/"))
    return Limit(name, count, seconds, unasked=min(9, count // 30) if name == "reads" else 0)


def _seconds(wait: float) -> str:
    seconds = math.ceil(wait)
    return f"{seconds} seconds" if seconds > 1 else "a second"
