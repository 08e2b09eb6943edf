"""What the workers share in Redis or Valkey; the only door to redis here."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from realtime import metrics
from realtime.change import ZERO, Change, Position
from realtime.distinct import Distinct
from realtime.quota import Quota

__all__ = ["Away", "Shared", "redis_facts", "redis_problem"]

Away = (RedisError, OSError, asyncio.TimeoutError)
"""What tells that Redis is not there, not well, or not answering."""

P = ParamSpec("P")
T = TypeVar("T")

BLOCK_MS = 1_000
READ_AT_ONCE = 1_000
# Longer than BLOCK_MS, or every quiet second would look like a hung server.
ANSWER_SECONDS = 2.5
CONNECT_SECONDS = 1.0
LEASE_MS = 3_000
PRESENCE_MS = 15_000

# Every Lua number is a double and an id has 64 bits, so ids are only ever compared for equality, as text.
APPEND = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return {'epoch', ''} end
local tip = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then tip = info[i + 1] end end
end
if tip ~= ARGV[2] then return {'tip', tip} end
for i = 4, #ARGV, 2 do tip = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], ARGV[i], 'c', ARGV[i + 1]) end
return {'ok', tip}
"""
BEGIN = """
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2])
return 1
"""
RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"
PRESENT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
local all, here = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local at, counts = string.match(all[i + 1], '^(%d+) (.*)$')
  if now - tonumber(at) > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i]) else here[#here + 1] = counts end
end
return here
"""


class Epoch(str):
    """Names one unbroken run of the log: a random word and, after `@`, the position it begins after."""

    __slots__ = ()

    @classmethod
    def begun(cls, base: Position) -> "Epoch":
        return cls(f"{secrets.token_hex(6)}@{base}")

    @property
    def base(self) -> Position:
        return Position.parse(self.partition("@")[2]) if self else ZERO


def _promptly(call: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """A hung Redis is noticed as soon as a dead one."""

    @wraps(call)
    async def timed(*args: P.args, **kwargs: P.kwargs) -> T:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await call(*args, **kwargs)
        except Away:
            metrics.redis_failures.labels(call.__name__).inc()
            raise
        metrics.redis_seconds.labels(call.__name__).observe(time.perf_counter() - begun)
        return answer

    return timed


class Shared:
    """Log, lease, messages and presence of one Turnout. Every call raises one of `Away` when Redis is not well."""

    def __init__(self, url: str, name: str, fingerprint: str, *, log_entries: int = 20_000) -> None:
        calm: dict[str, Any] = {
            "retry": Retry(NoBackoff(), 0),
            # Its own timeout is asyncio.wait_for, which on Python 3.11 swallows a cancellation now and then.
            "socket_timeout": None,
            "socket_connect_timeout": CONNECT_SECONDS,
        }
        self._redis = Redis.from_url(url, **calm)
        self._listener = Redis.from_url(url, **calm)
        # The braces keep all keys in one slot of a cluster.
        self.log, self.epoch = (f"{name}:{{{fingerprint}}}:{part}" for part in ("log", "epoch"))
        self.lease, self.presence = f"{name}:{{{fingerprint}}}:lease", f"{name}:presence"
        self.channel = f"{name}:messages"
        self._entries = log_entries
        self._append, self._begin = (self._redis.register_script(code) for code in (APPEND, BEGIN))
        self._renew, self._release = (self._redis.register_script(code) for code in (RENEW, RELEASE))
        self._present = self._redis.register_script(PRESENT)
        self.quota = Quota(self._redis, f"{name}:{{{fingerprint}}}:quota")
        self.distinct = Distinct(self._redis, f"{name}:{{{fingerprint}}}:distinct")

    @_promptly
    async def state(self) -> tuple[Epoch, Position]:
        """The log's epoch ("" when there is no log) and the position of its newest entry."""
        epoch = Epoch(_text(await self._redis.get(self.epoch)))
        return epoch, max(await self._tip(), epoch.base)

    @_promptly
    async def length(self) -> int:
        return int(await self._redis.xlen(self.log))

    @_promptly
    async def begin(self, instead_of: Epoch, base: Position) -> Epoch:
        """Starts a new, empty log after `base`, unless somebody else was first; answers the epoch that is."""
        begun = Epoch.begun(base)
        if await self._begin(keys=[self.log, self.epoch], args=[instead_of, begun]):
            return begun
        return (await self.state())[0]

    @_promptly
    async def append(self, epoch: Epoch, after: Position, changes: Sequence[Change]) -> tuple[str, Position]:
        """Appends when the newest entry is `after`, in one step.

        Answers ("ok", newest entry), ("tip", newest entry) when it is another one, or ("epoch", ZERO).
        """
        previous = ZERO if after == epoch.base else after
        entries = [part for change in changes for part in (str(change.id), change.to_json())]
        args: list[str | int] = [epoch, str(previous), self._entries, *entries]
        result, tip = await self._append(keys=[self.log, self.epoch], args=args)
        return result.decode(), max(Position.parse(tip.decode()), epoch.base) if tip else ZERO

    @_promptly
    async def read(self, after: Position) -> tuple[list[Change], Epoch, bool]:
        """Entries after `after`, waiting up to a second; the epoch; and whether some may have been trimmed away."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.xread({self.log: str(after)}, count=READ_AT_ONCE, block=BLOCK_MS)
        pipe.get(self.epoch)
        pipe.xrange(self.log, count=1)
        found, epoch, first = await pipe.execute()
        entries = _entries(found)
        changes = [Change.from_json(Position.parse(id.decode()), fields[b"c"]) for id, fields in entries]  # noqa: A001
        has_begun = Epoch(_text(epoch))
        oldest = Position.parse(first[0][0].decode()) if first else ZERO
        return changes, has_begun, oldest > after > has_begun.base

    @_promptly
    async def take_lease(self, who: str) -> bool:
        return bool(await self._redis.set(self.lease, who, nx=True, px=LEASE_MS))

    @_promptly
    async def renew_lease(self, who: str) -> bool:
        return bool(await self._renew(keys=[self.lease], args=[who, LEASE_MS]))

    @_promptly
    async def release_lease(self, who: str) -> None:
        """Hands the lease over: whoever hears of it takes it."""
        if await self._release(keys=[self.lease], args=[who]):
            await self.tell({"lease": "free"})

    @_promptly
    async def tell(self, message: dict[str, str]) -> None:
        """Tells every worker that listens just now."""
        await self._redis.publish(self.channel, json.dumps(message))

    async def messages(self) -> AsyncGenerator[dict[str, str], None]:
        """What workers tell each other, from now on."""
        async with self._listener.pubsub(ignore_subscribe_messages=True) as listening:
            await listening.subscribe(self.channel)
            async for message in listening.listen():
                yield json.loads(message["data"])

    @_promptly
    async def present(self, who: str, counts: dict[str, int]) -> list[dict[str, int]]:
        """Leaves this worker's counts and answers those of all living workers."""
        found = await self._present(keys=[self.presence], args=[who, json.dumps(counts), PRESENCE_MS])
        return [json.loads(text) for text in found]

    async def close(self) -> None:
        """Ends the connections."""
        for client in (self._redis, self._listener):
            with suppress(*Away):
                await client.aclose()

    async def _tip(self) -> Position:
        try:
            info = await self._redis.xinfo_stream(self.log)
        except ResponseError:
            return ZERO
        return Position.parse(info["last-generated-id"].decode())


def redis_problem(url: str) -> str:
    """Why no Redis answers at `url`, or nothing when one does."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return str(error)
    return ""


def redis_facts(url: str) -> dict[str, str]:
    """The version, and what is done when memory is full ("" where that may not be asked)."""
    with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5, decode_responses=True) as client:
        told = client.info()
        version = told.get("valkey_version") or told["redis_version"]
        return {"version": str(version), "policy": str(told.get("maxmemory_policy", ""))}


def _entries(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """XREAD's answer for the one stream, which is a list in RESP2 and a map in RESP3."""
    if not found:
        return []
    entries: list[tuple[bytes, dict[bytes, bytes]]]
    if isinstance(found, dict):
        (entries,) = next(iter(found.values()))
    else:
        ((_, entries),) = found
    return entries


def _text(value: Any) -> str:
    return value.decode() if value else ""
