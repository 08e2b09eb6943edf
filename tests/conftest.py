"""Real servers for every test: a mongod and a Valkey of this run's own, started as the product starts them."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from webapp import database, embedded

os.environ.setdefault("TURNOUT_SECRET", "a secret for the tests, long enough to be one")


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
