"""How many different things all workers saw in a while, without keeping what they were.

Redis holds a sketch of them (HyperLogLog, Flajolet et al. 2007: 12 KB at most, wrong by some 0.8 %) and the random key
under which they were hashed. Both go when the while is over, so nothing can be recognised after it.
"""

import asyncio
import hmac
import secrets
from collections.abc import Collection
from typing import Any

from realtime import metrics

ANSWER_SECONDS = 2.5
KEY_BYTES, HASH_BYTES = 32, 16
# Lua hands on some eight thousand arguments at most.
AT_ONCE = 1_000

KEY = """
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return redis.call('GET', KEYS[1])
"""
ADD = """
local before = redis.call('PFCOUNT', KEYS[1])
redis.call('PFADD', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('PFCOUNT', KEYS[1]) - before
"""


class Distinct:
    """Counts with this client of Redis. `name` keeps several installations apart."""

    def __init__(self, redis: Any, name: str) -> None:
        self._name, self._key, self._add = name, redis.register_script(KEY), redis.register_script(ADD)
        self._period, self._known = "", b""

    async def new(self, period: str, group: str, things: Collection[str], seconds: float) -> int:
        """How many of these nobody had noted in this period of the group. The period ends in so many seconds.

        Raises one of shared.Away.
        """
        milliseconds = max(1, int(seconds * 1000))
        with metrics.redis_seconds.labels("distinct").time():
            async with asyncio.timeout(ANSWER_SECONDS):
                key = await self._key_of(period, milliseconds)
                hashes = [hashed(key, f"{group} {thing}") for thing in things]
                place = f"{self._name}:{period}:{group}"
                return sum(
                    [max(0, await self._add(keys=[place], args=[milliseconds, *some])) for some in _parts(hashes)]
                )

    async def _key_of(self, period: str, milliseconds: int) -> bytes:
        if period != self._period:
            given = [secrets.token_bytes(KEY_BYTES), milliseconds]
            self._known = await self._key(keys=[f"{self._name}:{period}"], args=given)
            self._period = period
        return self._known


def hashed(key: bytes, thing: str) -> bytes:
    """What stands for a thing where it must not be known; nobody can tell without the key."""
    return hmac.digest(key, thing.encode(), "sha256")[:HASH_BYTES]


def _parts(hashes: list[bytes]) -> list[list[bytes]]:
    return [hashes[at : at + AT_ONCE] for at in range(0, len(hashes), AT_ONCE)]
