"""What every resource of the API does alike."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart

from tests.api.conftest import EVENTS, JAZZ, Program, program_of
from tests.team import somebody
from tests.walls.conftest import Begin, begin
from webapp.api import kept_answers, tags, versions
from webapp.api.idempotency import REPLAYED
from webapp.api.problem import KINDS
from webapp.database import Database
from webapp.errors import StillRunning

__all__ = ["begin"]

KEY = {"Idempotency_Key": "the-key-of-this-one-thing"}


async def test_every_fault_is_named_at_once_and_by_its_place(olive: Program) -> None:
    told = await olive.posts(EVENTS, {"title": "", "zone": "Mars", "tags": ["a", 5], "colour": "red"})
    assert (told.status, told.problem) == (422, "invalid")
    assert {"/title", "/zone", "/starts", "/ends", "/tags/1", "/colour"} <= set(told.pointers)
    assert told.headers["Content-Type"] == "application/problem+json"


async def test_a_parameter_that_is_not_known_is_named(olive: Program) -> None:
    told = await olive.reads(f"{EVENTS}?limit=0&color=red")
    assert (told.status, sorted(told.pointers)) == (422, ["color", "limit"])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"[]", "application/json", 422),
    ],
)
async def test_what_is_no_json_is_refused(olive: Program, body: bytes, kind: str, status: int) -> None:
    told = await olive.posts(EVENTS, body, Content_Type=kind)
    assert (told.status, told.said["status"]) == (status, status)


async def test_every_kind_of_problem_has_a_page(olive: Program) -> None:
    for name in KINDS:
        page = await olive.client.get(f"/help/api/problems/{name}")
        assert page.status_code == 200
        assert KINDS[name].title in await page.get_data(as_text=True)
    assert (await olive.reads("/help/api/problems/none")).status == 404


async def test_what_was_read_is_not_sent_again(olive: Program) -> None:
    path = f"/api/v1/events/{(await olive.makes())['slug']}"
    first = await olive.reads(path)
    again = await olive.reads(path, If_None_Match=first.tag)
    assert (again.status, again.content, again.tag) == (304, b"", first.tag)
    await olive.patches(path, {"title": "Blues"})
    assert (await olive.reads(path, If_None_Match=first.tag)).status == 200


async def test_an_edit_says_which_version_it_is_for(olive: Program) -> None:
    path = f"/api/v1/events/{(await olive.makes())['slug']}"
    assert (await olive.asks("PATCH", path, {"title": "Blues"})).problem == "if-match-missing"
    first = (await olive.reads(path)).tag
    assert (await olive.patches(path, {"title": "Blues"}, If_Match=first)).said["title"] == "Blues"
    late = await olive.patches(path, {"title": "Funk"}, If_Match=first)
    assert (late.status, late.problem) == (412, "changed")
    for odd in ('W/""', '"', "x", 'W/"1", "'):
        assert (await olive.patches(path, {"title": "Funk"}, If_Match=odd)).status == 412
    assert (await olive.patches(path, {"title": "Funk"}, If_Match="*")).status == 200


async def test_without_the_check_the_second_edit_would_win(olive: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/api/v1/events/{(await olive.makes())['slug']}"
    first = (await olive.reads(path)).tag
    await olive.patches(path, {"title": "Blues"}, If_Match=first)
    monkeypatch.setattr(tags, "expect", lambda _: None)
    assert (await olive.patches(path, {"title": "Funk"}, If_Match=first)).said["title"] == "Funk"


async def test_two_edits_of_one_version_at_once_are_one(olive: Program) -> None:
    path = f"/api/v1/events/{(await olive.makes())['slug']}"
    first = (await olive.reads(path)).tag
    told = await asyncio.gather(*(olive.patches(path, {"title": title}, If_Match=first) for title in ("A", "B", "C")))
    assert sorted(one.status for one in told) == [200, 412, 412]


async def test_a_merge_patch_takes_away_what_is_null(olive: Program) -> None:
    path = f"/api/v1/events/{(await olive.makes(capacity=80, tags=['jazz'], summary='Two sets'))['slug']}"
    told = (await olive.patches(path, {"capacity": None, "tags": ["blues"]})).said
    assert (told["capacity"], told["tags"], told["summary"]) == (None, ["blues"], "Two sets")
    refused = await olive.patches(path, {"title": None, "colour": "red"})
    assert sorted(refused.pointers) == ["/colour", "/title"]
    plain = await olive.patches(path, {"title": "x"}, Content_Type="application/json")
    assert plain.problem == "wrong-media-type"


async def test_a_write_that_is_sent_twice_is_done_once(olive: Program, db: Database) -> None:
    first, again = [await olive.posts(EVENTS, JAZZ, **KEY) for _ in range(2)]
    assert (first.status, again.status, first.content) == (201, 201, again.content)
    assert (again.headers[REPLAYED], again.headers["Location"]) == ("true", first.headers["Location"])
    assert REPLAYED not in first.headers
    assert await db.events.count_documents({}) == 1


async def test_without_a_key_it_is_done_twice(olive: Program, db: Database) -> None:
    for _ in range(2):
        await olive.posts(EVENTS, JAZZ)
    assert await db.events.count_documents({}) == 2


async def test_sent_at_once_it_is_done_once(olive: Program, db: Database) -> None:
    told = await asyncio.gather(*(olive.posts(EVENTS, JAZZ, **KEY) for _ in range(8)))
    assert {one.status for one in told} <= {201, 409}
    assert {one.problem for one in told if one.status == 409} <= {"still-running"}
    assert await db.events.count_documents({}) == 1


async def test_a_key_is_for_one_thing_and_one_caller(app: Quart, olive: Program, db: Database) -> None:
    await olive.posts(EVENTS, JAZZ, **KEY)
    told = await olive.posts(EVENTS, {**JAZZ, "title": "Blues"}, **KEY)
    assert (told.status, told.problem) == (422, "idempotency-key-reused")
    ben = await program_of(app, await somebody("ben"))
    assert (await ben.posts(EVENTS, JAZZ, **KEY)).status == 404


async def test_a_refusal_is_kept_too(olive: Program) -> None:
    for _ in range(2):
        told = await olive.posts(EVENTS, {"title": ""}, **KEY)
        assert (told.status, told.problem) == (422, "invalid")
    assert told.headers[REPLAYED] == "true"


async def test_a_run_that_never_ended_blocks_for_a_minute_only(db: Database) -> None:
    at = datetime.now(UTC)
    run = await kept_answers.begin("ana", "key", b"asked", now=at)
    with pytest.raises(StillRunning):
        await kept_answers.begin("ana", "key", b"asked", now=at + timedelta(seconds=59))
    second = await kept_answers.begin("ana", "key", b"asked", now=at + timedelta(seconds=61))
    assert isinstance(run, kept_answers.Run)
    assert isinstance(second, kept_answers.Run)
    await kept_answers.keep(run, kept_answers.Kept(201, {}, b"late"))
    with pytest.raises(StillRunning):
        await kept_answers.begin("ana", "key", b"asked", now=at + timedelta(seconds=62))


async def test_an_answer_is_kept_for_a_day_and_sealed(olive: Program, db: Database) -> None:
    told = await olive.posts(EVENTS, JAZZ, **KEY)
    kept = await db.kept_answers.find_one()
    assert told.said["id"] not in str(kept)
    assert timedelta(hours=23) < kept["expires_at"] - datetime.now(UTC) <= timedelta(hours=24)
    later = await kept_answers.begin("ana", "key", b"x", now=datetime.now(UTC) - timedelta(hours=25))
    assert isinstance(await kept_answers.begin("ana", "key", b"y", now=datetime.now(UTC)), type(later))


async def test_a_key_of_somebody_unknown_has_to_be_long(nobody: Program) -> None:
    told = await nobody.posts("/api/v1/events/x/publish", Idempotency_Key="1")
    assert told.status in {401, 403}


def after(told: dict[str, Any]) -> str:
    _, api, rest = (told["next"] or "").partition("/api/")
    return api + rest


async def walked(program: Program, path: str) -> list[str]:
    titles: list[str] = []
    while path:
        told = (await program.reads(path)).said
        titles += [one["title"] for one in told["items"]]
        path = after(told)
    return titles


async def test_pages_stay_right_while_events_come_and_go(olive: Program) -> None:
    made = [
        await olive.makes(title=f"E{n}", starts=f"2199-08-0{n}T20:00", ends=f"2199-08-0{n}T21:00") for n in range(1, 8)
    ]
    first = await olive.reads(f"{EVENTS}?limit=3")
    assert [one["title"] for one in first.said["items"]] == ["E1", "E2", "E3"]
    assert first.headers["Link"] == f'<{first.said["next"]}>; rel="next"'
    await olive.asks("DELETE", f"/api/v1/events/{made[1]['slug']}")
    await olive.makes(title="E0", starts="2199-07-30T20:00", ends="2199-07-30T21:00")
    rest = await walked(olive, after(first.said))
    assert rest == ["E4", "E5", "E6", "E7"]
    assert await walked(olive, f"{EVENTS}?limit=2&sort=-starts_at") == ["E7", "E6", "E5", "E4", "E3", "E1", "E0"]


@pytest.mark.parametrize("after", ["x", "bnVsbA", "WyJ4IiwxLCJhIl0", "WyJzdGFydHNfYXQiLHsiYXQiOjFlOTl9LCJhIl0"])
async def test_a_cursor_that_is_none_is_refused(olive: Program, after: str) -> None:
    told = await olive.reads(f"{EVENTS}?after={after}")
    assert (told.status, told.pointers) == (422, ["after"])


async def test_lists_are_filtered_narrowed_and_widened(olive: Program) -> None:
    await olive.publishes(title="Jazz", tags=["music"])
    await olive.makes(title="Draft")
    told = (await olive.reads(f"{EVENTS}?state=published&tag=Music&fields=title&expand=organiser")).said["items"]
    assert [(one["title"], one["organiser"]["name"]) for one in told] == [("Jazz", "The House")]
    assert "summary" not in told[0]
    assert (await olive.reads(f"{EVENTS}?text=draft&starts_after=2199-01-01T00:00:00Z")).said["items"][0][
        "title"
    ] == "Draft"
    assert (await olive.reads(f"{EVENTS}?fields=colour")).pointers == ["fields"]
    assert (await olive.reads(f"{EVENTS}?expand=colour")).pointers == ["expand"]


async def test_a_list_says_of_each_what_reading_it_alone_says(olive: Program) -> None:
    long = {"description": "An evening of **music**.\n\n“Bring a chair”, \\o/ \t ünï €", "tags": ["jazz", "Open Air"]}
    place = {"place_name": "Harbour Hall", "latitude": 53.54, "longitude": 1e-7, "capacity": 120, "language": "de-AT"}
    await olive.publishes(**long, **place, doors="2199-08-01T19:00", all_day=True)
    draft = await olive.makes(title="Draft", online_url="https://example.org/stream")
    await olive.asks("DELETE", f"/api/v1/events/{draft['slug']}")
    await olive.posts(f"/api/v1/events/{draft['slug']}/restore")
    for listed in (await olive.reads(EVENTS)).said["items"]:
        alone = (await olive.reads(f"/api/v1/events/{listed['slug']}")).said
        assert listed == alone
        assert list(listed) == list(alone)


async def test_an_event_from_before_a_field_was_kept_is_listed(olive: Program, db: Database) -> None:
    made = await olive.makes()
    await db.events.update_one({"_id": made["id"]}, {"$unset": {"language": "", "organiser_name": "", "doors_at": ""}})
    alone = (await olive.reads(f"/api/v1/events/{made['slug']}")).said
    assert (await olive.reads(EVENTS)).said["items"] == [alone]


async def test_what_is_asked_for_twice_is_sent_along_once(olive: Program) -> None:
    await olive.makes()
    told = await olive.reads(f"{EVENTS}?expand=organiser,organiser&fields=title")
    assert list(told.said["items"][0]) == ["id", "title", "organiser"]
    assert told.content.count(b'"organiser":') == 1


async def test_many_are_made_each_by_itself(olive: Program, db: Database) -> None:
    told = await olive.posts(f"{EVENTS}/bulk", {"items": [JAZZ, {"title": ""}, JAZZ]}, **KEY)
    assert [one["status"] for one in told.said["results"]] == [201, 422, 201]
    assert told.said["results"][1]["problem"]["errors"]
    await olive.posts(f"{EVENTS}/bulk", {"items": [JAZZ, {"title": ""}, JAZZ]}, **KEY)
    assert await db.events.count_documents({}) == 2


async def test_an_answer_says_how_much_is_left_and_which_version_it_is(olive: Program) -> None:
    told = await olive.reads(EVENTS)
    assert all(name in told.headers for name in ("RateLimit", "RateLimit-Policy", "Turnout-Version", "ETag"))
    assert (await olive.reads(EVENTS, Turnout_Version="1999-01-01")).problem == "not-understood"


async def test_a_token_stays_with_the_version_it_was_made_for(
    olive: Program, nobody: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "VERSIONS", [*versions.VERSIONS, "2027-05-01"])
    assert (await olive.reads(EVENTS)).headers["Turnout-Version"] == versions.VERSIONS[0]
    assert (await olive.reads(EVENTS, Turnout_Version="2027-05-01")).headers["Turnout-Version"] == "2027-05-01"
    assert (await nobody.reads("/api/v1/events")).headers["Turnout-Version"] == "2027-05-01"


async def test_a_long_answer_is_compressed(olive: Program) -> None:
    for number in range(4):
        await olive.makes(title=f"E{number}", description="An evening of music. " * 20)
    told = await olive.reads(EVENTS, Accept_Encoding="gzip")
    assert told.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(told.content))["items"]) == 4


async def test_head_and_options_are_answered(olive: Program) -> None:
    head, whole = await olive.asks("HEAD", EVENTS), await olive.reads(EVENTS)
    assert (head.status, head.tag) == (200, whole.tag)
    options = await olive.asks("OPTIONS", EVENTS)
    assert {"GET", "HEAD", "OPTIONS", "POST"} <= {one.strip() for one in options.headers["Allow"].split(",")}


async def test_a_page_of_a_named_site_may_send_what_the_conventions_need(begin: Begin) -> None:
    app = await begin(cors_origins="https://app.example.org")
    told = await Program(app).asks("OPTIONS", "/api/v1/events", Origin="https://app.example.org")
    allowed = told.headers["Access-Control-Allow-Headers"]
    assert all(name in allowed for name in ("Idempotency-Key", "If-Match", "If-None-Match", "Turnout-Version"))
    assert "ETag" in told.headers["Access-Control-Expose-Headers"]
