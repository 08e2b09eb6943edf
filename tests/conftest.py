"""Real servers for every test: a mongod and a Valkey of this run's own, started as the product starts them."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from webapp import database, embedded
from webapp.app import create_app
from webapp.settings import Settings

SECRET = "a secret for the tests, long enough to be one"
os.environ.setdefault("TURNOUT_SECRET", SECRET)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Addresses]:
    with embedded.servers(Path(tmp_path_factory.mktemp("servers"))) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def connection(servers: embedded.Addresses) -> AsyncIterator[database.Database]:
    connected = database.connect(servers.mongodb_uri, "turnout_test")
    await database.prepare()
    yield connected
    database.close()


@pytest.fixture
async def db(connection: database.Database) -> database.Database:
    """The connected database, emptied before the test (collections and indexes stay)."""
    for name in await connection.list_collection_names():
        await connection[name].delete_many({})
    return connection


@pytest.fixture(scope="session")
async def app(
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
async def client(app: Quart, db: database.Database) -> TestClientProtocol:
    """A browser without JavaScript."""
    return app.test_client()
