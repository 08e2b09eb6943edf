"""The Redis or Valkey: there, new enough, and never throwing anything away by itself."""

from collections.abc import Iterator

from realtime.server import redis_facts, redis_problem
from webapp.doctor.finding import Finding, well, wrong
from webapp.settings import Settings

OLDEST = 7


def check(given: Settings) -> Iterator[Finding]:
    """Findings about Redis."""
    problem = redis_problem(given.redis_url)
    if problem:
        yield wrong(f"Redis does not answer at REDIS_URL ({problem})", "start it, or correct the address")
        return
    facts = redis_facts(given.redis_url)
    yield _version(facts["version"])
    yield _memory(facts["policy"])


def _version(version: str) -> Finding:
    if int(version.split(".", maxsplit=1)[0]) < OLDEST:
        return wrong(f"Redis is {version}", "upgrade to Redis 7 or Valkey")
    return well(f"Redis or Valkey is {version}")


def _memory(policy: str) -> Finding:
    if policy not in {"", "noeviction"}:
        cure = "set maxmemory-policy to noeviction: the log, the lease and the limits must not vanish one by one"
        return wrong(f"Redis throws keys away when it is full ({policy})", cure)
    return well("Redis throws nothing away")
