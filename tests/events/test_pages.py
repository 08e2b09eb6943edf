"""The pages of events as a browser without JavaScript, or htmx, asks for them."""

import asyncio
import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import escape
from quart import Response
from quart.typing import TestClientProtocol as Client

from tests.events.making import NOW, SOON, again, kept, shown, typed
from tests.team import MANAGE
from webapp.events import finding
from webapp.events.event import Details

HTMX = {"HX-Request": "true"}
KEY = re.compile(r'name="key"[^>]*')


async def text(response: Response | Any) -> str:
    return str(await response.get_data(as_text=True))


async def seen(client: Client, path: str, status: int = 200) -> str:
    response = await client.get(path)
    assert response.status_code == status
    return await text(response)


async def test_a_published_event_is_on_the_front_page_and_has_its_own(client: Client) -> None:
    event = await shown(title="Night Walk", summary="Bring a lamp", place_name="Old Mill")
    assert "Night Walk" in await seen(client, "/")
    page = await seen(client, event.path)
    assert "Bring a lamp" in page
    assert "Old Mill" in page


async def test_a_draft_is_not_on_the_front_page(client: Client) -> None:
    await kept(title="Secret Plan")
    assert "Secret Plan" not in await seen(client, "/")
    assert "Secret Plan" in await seen(client, MANAGE)


async def test_an_empty_house_says_what_to_do_first(client: Client) -> None:
    assert "Nothing planned yet" in await seen(client, "/")
    assert "No events yet" in await seen(client, MANAGE)


async def test_times_are_shown_with_their_distance_from_utc(client: Client) -> None:
    event = await shown(zone="Asia/Kolkata")
    assert "Asia/Kolkata, UTC+5:30" in await seen(client, event.path)
    assert "UTC+5:30" in await seen(client, "/")


async def test_search_tag_place_and_day_narrow_the_list(client: Client) -> None:
    await shown(title="Night Walk", tags="outdoors", place_name="Old Mill")
    day = SOON.date()
    for query in ("text=walk", "tag=outdoors", "place=mill", f"day={day}"):
        assert "Night Walk" in await seen(client, f"/?{query}")
    for query in ("text=swim", "tag=indoors", "place=church", f"day={day - timedelta(days=5)}"):
        assert "Nothing matches" in await seen(client, f"/?{query}")


@pytest.mark.parametrize(
    "query",
    ["day=tomorrow", "text=" + "x" * 5000, "after=../../", "tag=%00", "day=9999-99-99", "text=%ff%fe", 'text="'],
)
async def test_a_search_that_makes_no_sense_still_shows_a_page(client: Client, query: str) -> None:
    await shown(title="Night Walk")
    assert "What is on" in await seen(client, f"/?{query}")


async def test_paging_shows_every_event_once_while_others_are_added(client: Client) -> None:
    titles = [f"Evening {number:03}" for number in range(finding.PAGE + 10)]
    for number, title in enumerate(titles):
        start = SOON + timedelta(hours=number)
        await shown(title=title, starts=start.isoformat(), ends=(start + timedelta(hours=1)).isoformat())
    first = await seen(client, "/")
    await shown(title="Added Meanwhile", starts=(SOON - timedelta(hours=5)).isoformat(), ends=SOON.isoformat())
    later = re.search(r'href="(/\?after=[^"]+)"', first)
    assert later
    second = await seen(client, later[1])
    assert sorted(re.findall(r"Evening \d{3}", first + second)) == titles


async def test_the_calendar_shows_a_month_and_a_day(client: Client) -> None:
    await shown(title="Night Walk", starts="2027-05-14T21:00", ends="2027-05-14T23:00")
    month = await seen(client, "/calendar?month=2027-05")
    assert "May 2027" in month
    assert "Night Walk" in month
    assert "Friday 14 May 2027, 1 event" in month
    assert "Night Walk" in await seen(client, "/calendar?day=2027-05-14")
    assert "Nothing on this day" in await seen(client, "/calendar?day=2027-05-15")


async def test_an_event_of_several_days_is_on_each_of_them(client: Client) -> None:
    await shown(title="Festival", starts="2027-05-14T10:00", ends="2027-05-17T00:00")
    month = await seen(client, "/calendar?month=2027-05")
    days = re.findall(r"(\d+) May 2027, 1 event", month)
    assert days == ["14", "15", "16"]


async def test_a_full_day_of_the_calendar_leads_to_all_of_it(client: Client) -> None:
    for number in range(5):
        await shown(title=f"Talk {number}", starts="2027-05-14T10:00", ends="2027-05-14T11:00")
    assert "3 more" in await seen(client, "/calendar?month=2027-05")
    assert "Talk 4" in await seen(client, "/calendar?day=2027-05-14")


@pytest.mark.parametrize("query", ["month=2027-13", "month=x", "month=0001-01", "month=9999-12", "day=0001-01-01"])
async def test_a_month_that_nobody_means_shows_the_present_one(client: Client, query: str) -> None:
    assert NOW.strftime("%Y") in await seen(client, f"/calendar?{query}")


async def test_saving_makes_a_draft_and_opens_it(client: Client) -> None:
    response = await client.post(f"{MANAGE}/events", form=typed(title="Night Walk"))
    assert response.status_code == 303
    assert response.headers["Location"] == "/events/night-walk/edit"
    assert "Saved as a draft." in await seen(client, "/events/night-walk/edit")


async def test_a_gap_of_daylight_saving_is_told(client: Client) -> None:
    night = {"starts": "2027-03-28T02:30", "ends": "2027-03-28T05:00"}
    await client.post(f"{MANAGE}/events", form=typed(title="Night Walk", **night))
    assert "02:30 does not exist on 28 March 2027" in await seen(client, "/events/night-walk/edit")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
async def test_a_wrong_form_keeps_what_was_typed_and_names_the_field(client: Client, headers: dict[str, str]) -> None:
    wrong = typed(title="", summary="Bring a lamp", ends=typed()["starts"], zone="Europe/Nowhere", capacity="many")
    response = await client.post(f"{MANAGE}/events", form=wrong, headers=headers)
    page = await text(response)
    assert response.status_code == 422
    assert 'value="Bring a lamp"' in page
    for field in ("title", "zone", "capacity"):
        assert f'id="{field}-error"' in page
        assert f'href="#{field}"' in page
    assert page.count("autofocus") == 1
    assert page.startswith("<!DOCTYPE") == (not headers)
    assert await finding.count() == 0


WRONG = {
    "title": "x" * 121,
    "summary": "x" * 301,
    "description": "x" * 20_001,
    "starts": "soon",
    "ends": "2020-01-01T00:00",
    "zone": "Mars/Olympus",
    "doors": "2020-01-01T00:00",
    "all_day": "perhaps",
    "place_name": "bell \x07",
    "place_address": "x" * 301,
    "latitude": "91",
    "longitude": "nan",
    "online_url": "javascript:alert(1)",
    "capacity": "0",
    "tags": ",".join(f"t{n}" for n in range(11)),
    "language": "klingon!",
    "organiser_name": "nul \x00",
}


@pytest.mark.parametrize("field", WRONG)
async def test_every_field_can_be_wrong_in_a_sentence(client: Client, field: str) -> None:
    response = await client.post(f"{MANAGE}/events", form=typed(**{field: WRONG[field]}))
    assert response.status_code == 422
    assert re.search(rf'id="{field}-error">[A-Z][^<]+\.<', await text(response))
    assert await finding.count() == 0


async def test_a_preview_saves_nothing_and_draws_the_markdown(client: Client) -> None:
    asked = typed(description="**loud** <script>alert(1)</script>", preview="1")
    page = await text(await client.post(f"{MANAGE}/events", form=asked))
    assert "<strong>loud</strong>" in page
    assert "<script>alert" not in page
    assert await finding.count() == 0


async def test_publish_unpublish_cancel_and_duplicate_work_by_plain_forms(client: Client) -> None:
    event = await kept(title="Night Walk")
    for action, state in (("publish", "published"), ("cancel", "cancelled"), ("unpublish", "draft")):
        response = await client.post(f"{event.path}/{action}")
        assert (response.status_code, (await again(event)).state) == (303, state)
    copy = await client.post(f"{event.path}/duplicate")
    assert copy.headers["Location"] == "/events/night-walk-copy/edit"


async def test_with_htmx_an_action_answers_with_the_redrawn_region(client: Client) -> None:
    event = await kept()
    page = await text(await client.post(f"{event.path}/publish", headers=HTMX))
    assert f'hx-target="#event_status-{event.organiser_id}-{event.id}"' in page
    assert "Published. Everyone can see it now." in page
    assert "<html" not in page


async def test_a_cancelled_event_keeps_its_page_and_says_so(client: Client) -> None:
    event = await shown()
    await client.post(f"{event.path}/cancel")
    assert "This event is cancelled." in await seen(client, event.path)
    assert "Cancelled" in await seen(client, "/")


async def test_a_deleted_event_can_be_brought_back(client: Client) -> None:
    event = await shown(title="Night Walk")
    await client.post(f"{event.path}/delete")
    assert "This event was deleted." in await seen(client, event.path, 404)
    assert f'action="{event.path}/restore"' in await seen(client, MANAGE)
    await client.post(f"{event.path}/restore")
    assert "Night Walk" in await seen(client, event.path)


async def edited(client: Client, path: str, version: int, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return await client.post(f"{path}/edit", form=typed(version=version, **more), headers=headers or {})


async def test_edits_of_different_fields_are_put_together(client: Client) -> None:
    event = await kept()
    await edited(client, event.path, 1, place_name="Old Mill")
    response = await edited(client, event.path, 1, capacity="80")
    page = await text(response)
    assert response.status_code == 409
    assert 'name="place_name" value="Old Mill"' in page
    assert 'name="capacity" value="80"' in page
    assert 'name="version" value="2"' in page
    assert "radio" not in page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["browser", "htmx"])
async def test_where_both_changed_a_field_the_second_editor_chooses(client: Client, headers: dict[str, str]) -> None:
    event = await kept()
    await edited(client, event.path, 1, title="Blues")
    page = await text(await edited(client, event.path, 1, headers, title="Soul"))
    sides = re.findall(r'type="radio" name="title" value="(\w+)"( checked)?', page)
    assert sides == [("Soul", " checked"), ("Blues", "")]
    await edited(client, event.path, 2, title="Soul")
    assert ((await again(event)).title, (await again(event)).version) == ("Soul", 3)


async def test_of_many_editors_at_once_none_is_lost(client: Client) -> None:
    event = await kept()
    answers = await asyncio.gather(*[edited(client, event.path, 1, title=f"Title {n}") for n in range(6)])
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409, 409]
    told = [await text(answer) for answer in answers if answer.status_code == 409]
    assert all(re.search(r'value="Title \d" checked', page) for page in told)


async def test_without_the_check_of_versions_the_first_edit_would_be_lost(client: Client) -> None:
    event = await kept()
    await edited(client, event.path, 1, title="Blues")
    await edited(client, event.path, 2, title="Soul")  # a form that claims to have seen version 2
    assert (await again(event)).title == "Soul"


@pytest.mark.parametrize("action", ["edit", "publish", "unpublish", "cancel", "delete", "restore", "duplicate"])
async def test_what_does_not_exist_is_not_found(client: Client, action: str) -> None:
    assert (await client.post(f"/events/nothing/{action}", form=typed(version=1))).status_code == 404


async def test_another_sites_form_changes_nothing(client: Client) -> None:
    event = await kept()
    response = await client.post(f"{event.path}/delete", headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 403
    assert not (await again(event)).is_deleted


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    '<hx-partial hx-target="#main">owned</hx-partial>',
]
AS_MARKUP = re.compile(r"<script>|<img src=x|<svg onload|<hx-partial")
TEXTS = ["title", "summary", "description", "place_name", "place_address", "tags", "organiser_name"]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_markup_in_a_field_is_shown_as_text_on_every_page(client: Client, attack: str) -> None:
    fields = {name: attack[:40] if name == "tags" else attack for name in TEXTS}
    event = await shown(**fields)
    month = event.starts.strftime("%Y-%m")
    for path in ("/", event.path, f"{event.path}/edit", MANAGE, f"/calendar?month={month}"):
        page = await seen(client, path)
        assert not AS_MARKUP.search(page)
        assert str(escape(attack)) in page


@pytest.mark.parametrize("attack", ATTACKS)
async def test_markup_in_a_form_that_comes_back_is_shown_as_text(client: Client, attack: str) -> None:
    page = await text(
        await client.post(f"{MANAGE}/events", form=dict.fromkeys([*TEXTS, "zone", "starts", "version"], attack))
    )
    assert not AS_MARKUP.search(page)
    await shown()
    page = await seen(client, f"/?text={attack}&tag={attack[:40]}&place={attack}")
    assert not AS_MARKUP.search(page)


async def test_drawing_the_same_state_twice_gives_the_same_bytes(client: Client) -> None:
    event = await shown(tags="jazz, live", place_name="Old Mill", description="*Hi*")
    assert isinstance(event, Details)
    for path in ("/", event.path, MANAGE, "/calendar"):
        first, second = [KEY.sub("", await seen(client, path)) for _ in range(2)]
        assert first == second


async def test_a_page_is_sent_compressed_to_who_takes_it(client: Client) -> None:
    plain = await client.get("/help")
    small = await client.get("/help", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(await small.get_data(as_text=False)) == await plain.get_data(as_text=False)
    assert "Accept-Encoding" in plain.headers["Vary"]
