"""Turnout itself, in this process, on the servers of the test run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from webapp import database, embedded
from webapp.app import create_app
from webapp.settings import Settings


@pytest.fixture(scope="session")
async def app(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    app = create_app(
        Settings(
            mongodb_uri=servers.mongodb_uri,
            redis_url=servers.redis_url,
            database=connection.name,
            secret="a secret for the tests, long enough to be one",
            var=Path(tmp_path_factory.mktemp("var")),
        )
    )
    await app.extensions["live"].start()
    yield app
    await app.extensions["live"].stop()


@pytest.fixture
async def client(app: Quart, db: database.Database) -> TestClientProtocol:
    """A browser without JavaScript."""
    return app.test_client()
