"""What those who come are told when an event moves or is taken away: once, and not where its editor says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests.events.making import ANA, NOW, again, typed
from tests.messages.test_messages import posted
from tests.registrations.making import event_with, registers
from tests.registrations.test_calendar import mails, read
from tests.registrations.test_pages import html
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.messages import posting, store
from webapp.registrations import ending

LATER = {"starts": "2030-05-03T21:00", "ends": "2030-05-03T23:00"}


async def edited(event: Event, *, is_quiet: bool = False, **more: str) -> Event:
    """The event as somebody saves it."""
    now_it_is = await again(event)
    details = Details.model_validate(typed(capacity=9) | now_it_is.model_dump() | more)
    return await events.edit(now_it_is, details, version=now_it_is.version, by=ANA, now=NOW, is_quiet=is_quiet)


async def posted_later(db: Any) -> list[str]:
    """To whom goes what is due in three minutes."""
    while await posting.post_due(datetime.now(UTC) + timedelta(minutes=3)):
        pass
    return await posted(db)


async def test_who_comes_is_told_once_of_another_time_with_the_new_entry(db: Any, app: Quart) -> None:
    jazz = await event_with(9, place_name="The Cellar")
    await registers(jazz, "ana")
    await ending.cancel((await registers(jazz, "ben")).id, by="ben", now=NOW)
    await mails(app)
    await edited(jazz.event, **LATER)
    await edited(jazz.event, title="Late jazz")
    assert await posted(db) == ["ana@example.org"]
    (mail,) = await mails(app)
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Friday, 3 May 2030, 21:00 (Europe/Berlin)\nThe Cellar" in text
    (entry,) = mail.iter_attachments()
    assert read(entry.get_content().encode()).start.hour == 21
    await db.mails.delete_many({})
    await edited(jazz.event, place_name="The Attic")
    assert await posted(db) == ["ana@example.org"]


@pytest.mark.parametrize("change", [{"title": "Late jazz"}, {"description": "Bring a coat."}, {"capacity": "8"}])
async def test_what_does_not_matter_to_who_comes_is_not_told(db: Any, connection: Any, change: dict[str, str]) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")
    await edited(jazz.event, **change)
    assert await posted(db) == []


async def test_an_editor_may_choose_not_to_tell(client: Browser, db: Any) -> None:
    jazz = await event_with(9)
    path = f"{jazz.event.path}/edit"
    assert "Do not write to those who are coming" not in await html(client, path)
    await registers(jazz, "ana")
    assert "Do not write to those who are coming" in await html(client, path)
    form = typed(capacity="9") | LATER | {"version": "1", "quiet": "true"}
    assert (await client.post(path, form=form)).status_code == 303
    assert await posted(db) == []
    answer = await client.post(path, form=form | {"version": "2", "place_name": "Attic"}, follow_redirects=True)
    assert await posted(db) == []
    del form["quiet"]
    answer = await client.post(path, form=form | {"version": "3", "place_name": "Roof"}, follow_redirects=True)
    assert "1 person is told of it by mail." in await answer.get_data(as_text=True)
    assert await posted(db) == ["ana@example.org"]
    assert "when its time or its place changed" in await html(client, f"{jazz.event.path}/messages")


@pytest.mark.parametrize("how", ["delete", "unpublish"])
async def test_what_people_count_on_is_not_taken_away_unasked(client: Browser, db: Any, how: str) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")
    asked = await client.post(f"{jazz.event.path}/{how}")
    assert "1 registration has places." in await html(client, asked.headers["Location"])
    assert (await again(jazz.event)).is_public
    assert (await client.post(f"{jazz.event.path}/{how}", form={"sure": "yes"})).status_code == 303
    assert not (await again(jazz.event)).is_public
    assert await posted(db) == []
    assert await posted_later(db) == ["ana@example.org"]


async def test_what_is_brought_back_in_time_nobody_hears_of(db: Any, connection: Any) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")
    await events.delete(jazz.event, by=ANA, now=NOW)
    assert await store.coming(jazz.event) == 1
    await events.restore(await again(jazz.event), by=ANA, now=NOW)
    assert await posted_later(db) == []


async def test_what_was_called_off_is_not_taken_away_as_well(db: Any, connection: Any) -> None:
    jazz = await event_with(9)
    await registers(jazz, "ana")
    await events.cancel(jazz.event, by=ANA, now=NOW)
    await events.delete(await again(jazz.event), by=ANA, now=NOW)
    assert await posted_later(db) == ["ana@example.org"]
