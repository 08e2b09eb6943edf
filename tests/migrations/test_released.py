"""What every released version kept is still read, counted and served by this one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from quart import Quart

from tests.migrations.release import FOLDER
from webapp import database, embedded
from webapp.app import create_app
from webapp.backup import store
from webapp.migrations import store as migrations
from webapp.migrations.steps import STEPS
from webapp.places import audit
from webapp.settings import Settings

NAME = "turnout_released_before"
SECRET = "a secret for the tests, long enough to be one"


@pytest.fixture(params=sorted(FOLDER.glob("*.backup")), ids=lambda file: file.stem)
async def of_then(
    request: pytest.FixtureRequest, servers: embedded.Addresses, connection: database.Database, tmp_path: Path
) -> AsyncIterator[Quart]:
    """This version on the database of an older one."""
    settings = Settings(
        mongodb_uri=servers.mongodb_uri, redis_url=servers.redis_url, database=NAME, secret=SECRET, var=tmp_path
    )
    app = create_app(settings)
    with MongoClient[Any](servers.mongodb_uri, tz_aware=True) as client:
        store.put_back(client, NAME, request.param, replaces=True)
        database.connect(servers.mongodb_uri, NAME)
        await migrations.bring_up_to_date()
        await app.extensions["live"].start()
        yield app
        await app.extensions["live"].stop()
        database.close()
        client.drop_database(NAME)


async def test_it_is_brought_up_to_date_and_every_place_is_there(of_then: Quart) -> None:
    assert (await migrations.current()).number == STEPS[-1].number
    assert await database.lacks() == []
    audits = await audit.audit_all(datetime.now(UTC))
    assert [(one.taken, one.findings) for one in audits if one.taken] == [(5, [])]


async def test_its_pages_are_served(of_then: Quart) -> None:
    client = of_then.test_client()
    for event in await database.db().events.find({"state": "published"}).to_list(None):
        page = await client.get(f"/events/{event['slug']}")
        assert page.status_code == 200
        assert event["title"] in await page.get_data(as_text=True)
    assert (await client.get("/")).status_code == 200
