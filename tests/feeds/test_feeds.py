"""What people's own programs read, read back by the libraries that other people wrote."""

import datetime as dt
import json
from typing import Any
from xml.etree import ElementTree

import extruct
import feedparser
import icalendar
import pytest
import recurring_ical_events
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import ANA, again, kept, shown, typed
from tests.team import house, somebody
from webapp import database
from webapp.database import Database
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.feeds import links
from webapp.people import store as people
from webapp.registrations import confirming, taking
from webapp.registrations.registration import Contact, Wanted
from webapp.ticket_types import store as ticket_types

NOW = dt.datetime.now(dt.UTC)
SUMMER = {"starts": "2030-07-05T20:00", "ends": "2030-07-06T01:00", "zone": "Europe/Berlin"}
WINTER = {"starts": "2030-12-05T20:00", "ends": "2030-12-05T22:00", "zone": "America/New_York"}


async def asked(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return answer


async def body(client: Client, path: str) -> bytes:
    return bytes(await (await asked(client, path)).get_data(as_text=False))


async def calendar(client: Client, path: str) -> Any:
    return icalendar.Calendar.from_ical(await body(client, path))


def titles(read: Any) -> list[str]:
    return [str(one["SUMMARY"]) for one in read.walk("VEVENT")]


async def test_a_calendar_of_all_events_with_their_zones(visitor: Client) -> None:
    for more in (SUMMER, WINTER, SUMMER | {"zone": "UTC"}):
        await shown(**more)
    await kept(**SUMMER)
    read = await calendar(visitor, "/events.ics")
    assert sorted(str(zone["TZID"]) for zone in read.walk("VTIMEZONE")) == ["America/New_York", "Europe/Berlin"]
    assert len({str(one["UID"]) for one in read.walk("VEVENT")}) == 3
    found = recurring_ical_events.of(read).between(dt.date(2030, 12, 1), dt.date(2030, 12, 31))
    assert [one.start.astimezone(dt.UTC).hour for one in found] == [1]


async def test_a_tag_a_place_and_an_organiser_have_calendars(visitor: Client) -> None:
    await shown(title="Jazz", tags="music", place_name="The Cellar")
    await shown(title="Run", tags="sport", place_name="The Park")
    assert titles(await calendar(visitor, "/events.ics?tag=music")) == ["Jazz"]
    assert titles(await calendar(visitor, "/events.ics?place=park")) == ["Run"]
    house_path = (await house()).path
    assert sorted(titles(await calendar(visitor, f"{house_path}/events.ics"))) == ["Jazz", "Run"]
    await asked(visitor, "/organisers/nobody/events.ics", 404)


async def test_what_was_read_already_is_not_sent_again(visitor: Client) -> None:
    event = await shown(**SUMMER)
    for path in ("/events.ics", "/events.atom", f"{event.path}/event.ics", "/sitemap.xml"):
        tag = (await asked(visitor, path)).headers["ETag"]
        same = await asked(visitor, path, 304, **{"If-None-Match": tag})
        assert await same.get_data(as_text=False) == b""
        assert same.headers["ETag"] == tag
    await events.cancel(await again(event), by=ANA, now=NOW)
    await asked(visitor, "/events.ics", 200, **{"If-None-Match": tag})


async def test_every_change_is_the_same_entry_with_a_higher_sequence(visitor: Client) -> None:
    event = await shown(**SUMMER)
    path = f"{event.path}/event.ics"
    [before] = (await calendar(visitor, path)).walk("VEVENT")
    later = Details.model_validate(typed(**SUMMER | {"title": "Later"}))
    event = await events.edit(event, later, version=1, by=ANA, now=NOW + dt.timedelta(seconds=5))
    [edited] = (await calendar(visitor, path)).walk("VEVENT")
    await events.cancel(event, by=ANA, now=NOW + dt.timedelta(seconds=10))
    [ended] = (await calendar(visitor, path)).walk("VEVENT")
    assert before["UID"] == edited["UID"] == ended["UID"]
    assert before["SEQUENCE"] < edited["SEQUENCE"] < ended["SEQUENCE"]
    assert (str(edited["SUMMARY"]), str(ended["STATUS"])) == ("Later", "CANCELLED")


@pytest.mark.parametrize("rest", ["event.ics", "../sitemap.xml"])
async def test_a_draft_is_nowhere(client: Client, rest: str) -> None:
    draft = await kept(title="Secret plans")
    if rest == "event.ics":
        await asked(client, f"{draft.path}/{rest}", 404)
    for path in ("/events.ics", "/events.atom", "/sitemap.xml", f"{(await house()).path}/events.atom"):
        text = await body(client, path)
        assert b"Secret" not in text
        assert draft.slug.encode() not in text


async def test_atom_is_what_feed_readers_expect(visitor: Client) -> None:
    event = await shown(title="Jazz & <b>Blues</b>", summary="Late", description="**Loud**", tags="music")
    for path in ("/events.atom", f"{(await house()).path}/events.atom"):
        read = feedparser.parse(await body(visitor, path))
        assert not read.bozo
        assert read.version == "atom10"
        [entry] = read.entries
        assert entry.title.startswith("Jazz &")
        assert entry.link.endswith(event.path)
        assert "<strong>Loud</strong>" in entry.content[0].value
        assert [tag.term for tag in entry.tags] == ["music"]


async def test_a_page_says_to_programs_what_it_says_to_people(visitor: Client) -> None:
    event = await shown(
        **SUMMER,
        title='</script><script>alert("x")</script>',
        place_name="The Cellar",
        latitude="52.5",
        longitude="13.4",
    )
    text = (await body(visitor, event.path)).decode()
    read = extruct.extract(text, base_url="http://localhost", syntaxes=["json-ld", "opengraph"])
    [linked] = read["json-ld"]
    assert linked["@type"] == "Event"
    assert linked["name"] == event.title
    assert linked["startDate"] == "2030-07-05T20:00:00+02:00"
    assert linked["location"][0]["geo"]["latitude"] == 52.5
    assert linked["organizer"]["name"] == "The House"
    graph = dict(read["opengraph"][0]["properties"])
    assert graph["og:title"] == event.title
    assert "<script>alert" not in text


async def test_pages_lead_to_their_feeds(visitor: Client) -> None:
    event = await shown()
    pages = {"/": "/events.ics", event.path: f"{event.path}/event.ics", "/organisers/the-house": "/events.atom"}
    for path, feed in pages.items():
        text = (await body(visitor, path)).decode()
        assert 'rel="alternate"' in text
        assert text.count(feed) >= 2


async def test_search_engines_find_every_public_page(visitor: Client) -> None:
    event = await shown()
    found = [
        one.text
        for one in ElementTree.fromstring(await body(visitor, "/sitemap.xml")).iter()
        if one.tag.endswith("loc")
    ]
    assert any(address and address.endswith(event.path) for address in found)
    robots = (await body(visitor, "/robots.txt")).decode()
    assert "Disallow: /manage" in robots
    assert "/sitemap.xml" in robots


async def comes_to(event: Event, person_id: str) -> None:
    offered = await ticket_types.offered(event)
    wanted = Wanted(tickets={offered.types[0].id: 1}, key="a key of olive's")
    held = await taking.take(offered, wanted, by=person_id, now=NOW, person_id=person_id)
    contact = Contact(name="Olive", email="olive@example.org")
    await confirming.confirm(held.id, contact, by=person_id, now=NOW)


async def test_a_personal_calendar_opens_with_its_link_until_it_is_taken_back(
    client: Client, visitor: Client, app: Quart, db: Database
) -> None:
    mine, _ = await shown(title="Mine", capacity="5"), await shown(title="Not mine")
    await comes_to(mine, (await somebody("olive")).id)
    await client.post("/me/calendar")
    token = await links.of((await somebody("olive")).id)
    assert token in (await body(client, "/me/calendar")).decode()
    answer = await asked(visitor, f"/calendars/{token}.ics")
    assert answer.headers["Cache-Control"].startswith("private")
    assert titles(icalendar.Calendar.from_ical(await answer.get_data(as_text=False))) == ["Mine"]
    await client.post("/me/calendar")
    await asked(visitor, f"/calendars/{token}.ics", 404)
    newer = await links.of((await somebody("olive")).id)
    await client.post("/me/calendar/revoke")
    await asked(visitor, f"/calendars/{newer}.ics", 404)
    await asked(visitor, "/calendars/nonsense.ics", 404)


async def test_a_link_ends_with_the_account(db: Database, app: Quart) -> None:
    ben = await somebody("ben")
    token = await links.make(ben.id, now=NOW)
    assert "calendar_link" in json.dumps(await links.tell(ben.id))
    await database.transaction(lambda session: links.part(ben.id, session))
    with pytest.raises(Exception, match="no calendar"):
        await links.whose(token)
    assert await people.by_email("ben@example.org")
