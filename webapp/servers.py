"""The MongoDB and the Redis that a Turnout uses: those that are set, else its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from realtime import server as live_server
from webapp import database, embedded
from webapp.errors import Misconfigured
from webapp.settings import Settings


@contextmanager
def chosen(given: Settings, *, share: bool = False) -> Iterator[Settings]:
    """The settings with the addresses of a MongoDB and a Redis that answer; starts what was not given.

    With `share`, the embedded servers of a Turnout that runs on the same data are used where there is one.
    """
    with ExitStack() as stack:
        found = embedded.running(given.var) if share else None
        if not (found or (given.mongodb_uri and given.redis_url)):
            wanted = embedded.servers(given.var, mongodb=not given.mongodb_uri, redis=not given.redis_url)
            found = stack.enter_context(wanted)
        used = _at(given, found)
        database.check(used.mongodb_uri)
        _check_redis(used.redis_url)
        yield used


def _at(given: Settings, found: embedded.Addresses | None) -> Settings:
    if found is None:
        return given
    addresses = {
        "mongodb_uri": given.mongodb_uri or found.mongodb_uri,
        "redis_url": given.redis_url or found.redis_url,
    }
    return given.model_copy(update=addresses)


def _check_redis(url: str) -> None:
    problem = live_server.redis_problem(url)
    if problem:
        raise Misconfigured(f"Redis does not answer at REDIS_URL ({problem}); start it, or correct the address.")
