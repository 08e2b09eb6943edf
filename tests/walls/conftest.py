"""Turnout with whatever settings a test needs, in this process, and as a program of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from tests.conftest import SECRET, at_rest
from tests.product import running
from webapp import database, embedded
from webapp.app import create_app
from webapp.settings import Settings

Begin = Callable[..., Awaitable[Quart]]
_visitors = itertools.count(1)


@pytest.fixture
async def begin(servers: embedded.Addresses, db: database.Database, tmp_path: Path) -> AsyncIterator[Begin]:
    """Starts a worker: `await begin(limit_writes="5/1")`; all of a test are one Turnout."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Quart:
            given = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url, **settings}
            app = create_app(Settings(database=db.name, secret=SECRET, var=tmp_path, **given))
            await app.extensions["live"].start()
            stack.push_async_callback(app.extensions["live"].stop)
            await stack.enter_async_context(at_rest(app))
            return app

        yield start


@pytest.fixture(scope="module")
async def worker(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    given = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url, "database": connection.name}
    app = create_app(Settings(**given, secret=SECRET, var=Path(tmp_path_factory.mktemp("var"))))
    await app.extensions["live"].start()
    yield app
    await app.extensions["live"].stop()


@pytest.fixture
async def app(worker: Quart, db: database.Database) -> AsyncIterator[Quart]:
    """A worker as it is without settings, and an empty database."""
    async with at_rest(worker):
        yield worker


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real program."""
    with running(Path(tmp_path_factory.mktemp("var"))) as (_, address):
        yield address


def somebody() -> dict[str, Any]:
    """An address that no other test has, as a test client takes it."""
    return {"scope_base": {"client": (f"203.0.113.{next(_visitors)}", 4000)}}
