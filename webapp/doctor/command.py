"""`python -m webapp doctor`: every finding on a line, and 1 where anything is wrong."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from webapp import embedded
from webapp.doctor import machine, mail, mongodb, proxy, redis, secrets, traces
from webapp.doctor.finding import Finding, well
from webapp.settings import Settings


def run(given: Settings) -> int:
    """Prints the findings as they come; answers the exit status."""
    return asyncio.run(_run(given))


async def examine(given: Settings, now: datetime) -> AsyncIterator[Finding]:
    """Every finding about an installation with these settings."""
    for finding in (*secrets.check(given), *machine.check(given), *mail.check(given), *traces.check(given)):
        yield finding
    used = _found(given)
    if used is None:
        yield well("MONGODB_URI and REDIS_URL are not set, so `run` starts servers of its own; none runs just now")
        return
    for finding in (*mongodb.check(used, now), *redis.check(used)):
        yield finding
    async for finding in proxy.check(used):
        yield finding


async def _run(given: Settings) -> int:
    is_well = True
    async for finding in examine(given, mongodb.now()):
        print(finding, flush=True)
        is_well = is_well and finding.is_well
    print("All is well." if is_well else "Cure what is wrong, and ask again.")
    return 0 if is_well else 1


def _found(given: Settings) -> Settings | None:
    """The settings with the addresses of the servers that are used, also of those that `run` started."""
    if given.mongodb_uri and given.redis_url:
        return given
    running = embedded.running(given.var)
    if running is None:
        return None
    addresses = {
        "mongodb_uri": given.mongodb_uri or running.mongodb_uri,
        "redis_url": given.redis_url or running.redis_url,
    }
    return given.model_copy(update=addresses)
