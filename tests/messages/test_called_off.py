"""What those who would have come are told when an event is called off, and that they are told once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.events.making import ANA, NOW, again
from tests.imports.calendars import entry
from tests.imports.test_importing import at, imported, the_event
from tests.messages.test_messages import posted
from tests.registrations.making import comes, event_with, registers
from tests.registrations.test_pages import html
from webapp.database import transaction
from webapp.events import store as events
from webapp.events import telling
from webapp.imports import store as imports
from webapp.imports import work
from webapp.registrations import ending
from webapp.registrations import store as registrations
from webapp.ticket_types import store as ticket_types


async def test_everybody_with_a_place_is_told_and_nobody_twice(client: Browser, db: Any) -> None:
    jazz = await event_with(9)
    mine = await registers(jazz, "ana")
    await registers(jazz, "ben")
    gone = await registers(jazz, "eve")
    await ending.cancel(gone.id, by="eve", now=NOW)
    await comes(jazz, "ida")
    for _ in range(2):
        await client.post(f"{jazz.event.path}/cancel")
    assert await posted(db) == ["ana@example.org", "ben@example.org"]
    page = await html(client, registrations.path_of(mine.id))
    assert "The organiser has called this event off." in page
    assert "By itself, when the event was called off" in await html(client, f"{jazz.event.path}/messages")


async def test_called_off_once_more_only_those_who_came_since_are_told(client: Browser, db: Any) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")
    await events.cancel(jazz.event, by=ANA, now=NOW)
    assert await posted(db) == ["ana@example.org"]
    await events.publish(await again(jazz.event), by=ANA, now=NOW)
    await registers(jazz, "ben")
    await events.cancel(await again(jazz.event), by=ANA, now=NOW)
    assert await posted(db) == ["ana@example.org", "ben@example.org"]
    kept = await db.messages.find_one()
    assert (kept["total"], kept["posted"]) == (2, 2)


async def test_what_is_not_cancelled_is_not_told(db: Any, connection: Any) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")

    async def fails(session: Any) -> None:
        await telling.tell_called_off(jazz.event, NOW, session)
        raise RuntimeError("before it was written")

    with pytest.raises(RuntimeError):
        await transaction(fails)
    assert await db.messages.count_documents({}) == 0
    assert await posted(db) == []


async def test_an_event_without_people_is_called_off_without_a_message(db: Any, connection: Any) -> None:
    jazz = await event_with(9)
    await events.cancel(jazz.event, by=ANA, now=NOW)
    assert await db.messages.count_documents({}) == 0


async def test_a_calendar_that_cancels_an_event_tells_as_well(db: Any, connection: Any) -> None:
    await imported(entry(start=at()), entry(start=at(), uid="b@test"))
    for uid, who in (("a@test", "ana"), ("b@test", "ben")):
        await registers(await ticket_types.offered(await the_event(db, uid)), who)
    one = await imported(entry("STATUS:CANCELLED", "SEQUENCE:1", start=at()))
    assert (one.concern.called_off, one.concern.called_off_people) == (2, 2)
    await imports.go_on(one, by=ANA, now=NOW, is_quiet=True)
    await work.start_due(datetime.now(UTC))
    await work.finish()
    assert await posted(db) == ["ana@example.org", "ben@example.org"]
