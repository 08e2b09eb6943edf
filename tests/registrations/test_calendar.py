"""What somebody who comes puts into a calendar, read back by the library that others read it with."""

import datetime as dt
from email import message_from_bytes, policy
from typing import Any

import icalendar
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests.events.making import ANA, NOW, typed
from tests.registrations.making import comes, event_with, registers
from webapp import responses
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.feeds.calendar import calendar as published
from webapp.mail import sending
from webapp.registrations import calendar, store

SUMMER = {"starts": "2030-07-05T20:00", "ends": "2030-07-06T01:00", "place_name": "The Cellar"}


def read(content: bytes) -> Any:
    """The only event of a calendar."""
    read = icalendar.Calendar.from_ical(content)
    assert read["METHOD"] == "PUBLISH"
    (event,) = read.walk("VEVENT")
    return event


async def mails(app: Quart) -> list[Any]:
    """Sends what waits, into files, and reads them."""
    settings = app.extensions["settings"]
    sending.use(settings, responses.render)
    folder = settings.var / "outbox"
    before = set(folder.glob("*.eml"))
    while await sending.start_due(dt.datetime.now(dt.UTC)):
        await sending.finish()
    new = set(folder.glob("*.eml")) - before
    return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in new]


async def test_a_confirmation_brings_the_event_for_a_calendar(client: Browser, app: Quart) -> None:
    jazz = await event_with(3, **SUMMER)
    mine = await registers(jazz, "ana")
    (mail,) = await mails(app)
    (attached,) = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_param("method")) == ("text/calendar", "PUBLISH")
    assert attached.get_filename() == "event.ics"
    event = read(attached.get_content().encode())
    assert event["UID"] == f"{jazz.event.id}@turnout"
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event.start.astimezone(dt.UTC) == dt.datetime(2030, 7, 5, 18, 0, tzinfo=dt.UTC)
    assert str(event["URL"]).endswith(store.path_of(mine.id))
    downloaded = await client.get(f"{store.path_of(mine.id)}/calendar.ics")
    assert downloaded.mimetype == "text/calendar"
    assert read(await downloaded.get_data(as_text=False)).to_ical() == event.to_ical()


async def test_an_edit_and_an_end_are_the_same_entry_with_news(db: Any, connection: Any) -> None:
    jazz = await event_with(3, **SUMMER)
    mine = await registers(jazz, "ana")
    before = read(await calendar.of(mine.id, ""))
    details = Details.model_validate(typed(**SUMMER | {"title": "Late jazz"}))
    edited = await events.edit(jazz.event, details, version=jazz.event.version, by=ANA, now=NOW)
    await events.cancel(edited, by=ANA, now=NOW)
    after = read(await calendar.of(mine.id, ""))
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert (after["SUMMARY"], after["STATUS"]) == ("Late jazz", "CANCELLED")


async def test_only_what_is_confirmed_has_an_entry(client: Browser) -> None:
    jazz = await event_with(3)
    held = await comes(jazz, "ana")
    assert (await client.get(f"{store.path_of(held.id)}/calendar.ics")).status_code == 404
    assert await calendar.attached(held.id, "") is None


@pytest.mark.parametrize(
    ("more", "starts", "ends"),
    [
        ({"all_day": True, "starts": "2030-07-05T00:00", "ends": "2030-07-07T00:00"}, "20300705", "20300707"),
        ({"all_day": True, "starts": "2030-07-05T00:00", "ends": "2030-07-05T23:59"}, "20300705", "20300706"),
        ({"zone": "UTC", "starts": "2030-07-05T20:00", "ends": "2030-07-05T21:00"}, "20300705T200000Z", ""),
        # A time that the clocks of spring skip is the one that they show instead.
        ({"starts": "2030-03-31T02:30", "ends": "2030-03-31T05:00"}, "20300331T033000", "20300331T050000"),
    ],
)
async def test_days_zones_and_turned_clocks(more: dict[str, Any], starts: str, ends: str) -> None:
    event = Event.model_validate(
        typed(**more) | {"id": "e", "organiser_id": "o", "slug": "jazz", "created_at": NOW, "changed_at": NOW}
    )
    made = read(published([(event, "https://example.org/registrations/x")]))
    assert made["DTSTART"].to_ical().decode() == starts
    assert not ends or made["DTEND"].to_ical().decode() == ends


async def test_every_time_zone_that_is_named_is_described(db: Any, connection: Any) -> None:
    jazz = await event_with(3, **SUMMER)
    content = await calendar.of((await registers(jazz, "ana")).id, "")
    read = icalendar.Calendar.from_ical(content)
    assert [str(one["TZID"]) for one in read.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert read.get_missing_tzids() == set()
