"""A door of its own for every test; every door there is is counted again from the check-ins when the test is over."""

from collections.abc import AsyncIterator

import pytest

from tests.door.making import AtTheDoor, door
from webapp.database import Database
from webapp.door import audit


@pytest.fixture
async def at_the_door(db: Database) -> AtTheDoor:
    return await door()


@pytest.fixture(autouse=True)
async def counted_right(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """After every test the figures are what the check-ins come to, except where a test breaks them on purpose."""
    yield
    if "connection" in request.fixturenames and not getattr(request.module, "MEDDLES", False):
        assert [said for event_id in await audit.events() for said in await audit.differences(event_id)] == []
