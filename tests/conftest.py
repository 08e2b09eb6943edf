"""Real servers for every test: a mongod and a Valkey of this run's own, started as the product starts them."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from tests import team, whole
from webapp import database, embedded
from webapp.app import create_app, use
from webapp.settings import Settings
from webapp.ticket_types import store as ticket_types

SECRET = "a secret for the tests, long enough to be one"
os.environ.setdefault("TURNOUT_SECRET", SECRET)
LONGEST = ("changes/test_soak", "walls/test_forms", "browser/test_looks", "live/test_away", "live/")
LONGEST += ("organisers/test_access", "browser/test_accounts", "browser/", "test_serving", "api/test_examples")
LONGEST += ("ops/test_check", "migrations/", "observing/", "door/test_workers", "places/test_races")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that in the end no process of the run is alone with it."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    found = (turn for turn, one in enumerate(LONGEST) if item.nodeid.startswith(f"tests/{one}"))
    return next(found, len(LONGEST))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Addresses]:
    with embedded.servers(Path(tmp_path_factory.mktemp("servers"))) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def connection(servers: embedded.Addresses) -> AsyncIterator[database.Database]:
    with database.connected(servers.mongodb_uri, "turnout_test", is_patient=True):
        await database.prepare()
    with database.connected(servers.mongodb_uri, "turnout_test") as connected:
        yield connected


@pytest.fixture
async def db(connection: database.Database) -> database.Database:
    """The connected database, emptied before the test (collections and indexes stay)."""
    for name in await whole.filled(connection):
        await connection[name].delete_many({})
    ticket_types.forget()
    return connection


@pytest.fixture(scope="session")
async def turnout(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    """Turnout itself, in this process, on the servers of the test run."""
    var = Path(tmp_path_factory.mktemp("var"))
    urls = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url}
    app = create_app(Settings(**urls, database=connection.name, secret=SECRET, var=var))
    # The run's own connection stays; only the live engine is started.
    await app.extensions["live"].start()
    yield app
    await app.extensions["live"].stop()


@pytest.fixture
async def app(turnout: Quart) -> AsyncIterator[Quart]:
    """Turnout itself; whatever another application of an earlier test set for the process is set back."""
    use(turnout.extensions["settings"])
    async with at_rest(turnout):
        yield turnout


@asynccontextmanager
async def at_rest(app: Quart) -> AsyncIterator[None]:
    """Ends what a test had an application do beside its answers, such as traffic that calls off events for a minute."""
    yield
    for moving in app.background_tasks:
        moving.cancel()
    await asyncio.gather(*app.background_tasks, return_exceptions=True)


@pytest.fixture
async def client(app: Quart, db: database.Database) -> TestClientProtocol:
    """A browser without JavaScript in which the owner of the tests' organiser is signed in."""
    await team.house()
    return await team.browser(app, await team.somebody("olive"))


@pytest.fixture
async def visitor(app: Quart, db: database.Database) -> TestClientProtocol:
    """A browser without JavaScript in which nobody is signed in."""
    return app.test_client()
