"""Turnout itself, in this process, on the servers of the test run."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from webapp import database, embedded
from webapp.app import create_app
from webapp.events import store
from webapp.events.event import Details, Event
from webapp.settings import Settings

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SOON = (NOW + timedelta(days=2)).replace(tzinfo=None)


@pytest.fixture(scope="session")
async def app(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Quart]:
    settings = Settings(
        mongodb_uri=servers.mongodb_uri,
        redis_url=servers.redis_url,
        database=connection.name,
        secret="a secret for the tests, long enough to be one",
        var=Path(tmp_path_factory.mktemp("var")),
    )
    app = create_app(settings)
    # The run's own connection stays; only the live engine is started.
    await app.extensions["live"].start()
    yield app
    await app.extensions["live"].stop()


@pytest.fixture
async def client(app: Quart, db: database.Database) -> TestClientProtocol:
    """A browser without JavaScript."""
    return app.test_client()


def typed(**more: Any) -> dict[str, Any]:
    """What somebody types into the form of an event."""
    starts, ends = SOON, SOON + timedelta(hours=2)
    times = {"starts": starts.isoformat(timespec="minutes"), "ends": ends.isoformat(timespec="minutes")}
    return {"title": "Jazz", **times, "zone": "Europe/Berlin", "language": "en", **more}


async def kept(**more: Any) -> Event:
    """A draft."""
    return await store.create(Details.model_validate(typed(**more)), now=NOW, by="ana")


async def shown(**more: Any) -> Event:
    """A published event."""
    return await store.publish((await kept(**more)).id, now=NOW)
