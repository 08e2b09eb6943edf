"""How often somebody may do something, counted in Redis for all workers together.

The generic cell rate algorithm (ITU-T I.371): one number a name, the time until which it is spent; one round trip.
"""

import asyncio
from typing import Any

from realtime import metrics

# Long enough that a worker under a flood does not take its own lateness for a Redis that hangs.
ANSWER_SECONDS = 2.5

# What was let through already (ARGV[3]) is spent in any case; then ARGV[4] more are asked for. Times are microseconds,
# which a double holds exactly and which must not be written by Lua's own %.14g.
TAKE = """
local each, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local spent = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + tonumber(ARGV[3]) * each
local taken = math.max(0, math.min(tonumber(ARGV[4]), math.floor((now + whole - spent) / each)))
spent = spent + taken * each
if spent > now then
  redis.call('SET', KEYS[1], string.format('%.0f', spent), 'PX', math.ceil((spent - now) / 1000))
end
return {taken, spent - now}
"""


class Quota:
    """Counts with this client of Redis. `name` keeps several installations apart."""

    def __init__(self, redis: Any, name: str) -> None:
        self._name, self._take = name, redis.register_script(TAKE)

    async def take(self, key: str, count: int, seconds: int, *, owed: int = 0, wanted: int = 1) -> tuple[int, float]:
        """Takes `wanted` of `count` in `seconds`, after the `owed` ones that were used without asking.

        Answers how many of them there were, and in how many seconds all are there again. Raises one of shared.Away.
        """
        whole = seconds * 1_000_000
        with metrics.redis_seconds.labels("take").time():
            async with asyncio.timeout(ANSWER_SECONDS):
                args = [whole // count, whole, owed, wanted]
                taken, spent = await self._take(keys=[f"{self._name}:{key}"], args=args)
        return int(taken), spent / 1_000_000
