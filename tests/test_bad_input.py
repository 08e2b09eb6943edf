"""Whatever is sent gets a sentence, and changes nothing."""

import json
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.team import MANAGE
from webapp import database

JSON = {"Accept": "application/json"}


async def documents() -> int:
    return await database.db().events.count_documents({})


@pytest.mark.parametrize(
    "path", ["/nothing", "/events/no-such", "/events/%00", "/events/%ff%fe", f"{MANAGE}/import/none", "/" + "x" * 5000]
)
async def test_an_unknown_address_is_a_page_that_says_so(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "<h1" in await answer.get_data(as_text=True)


@pytest.mark.parametrize("path", [f"{MANAGE}/events", f"{MANAGE}/import"])
async def test_twenty_megabytes_are_refused(client: Client, path: str) -> None:
    answer = await client.post(path, form={"title": "x" * 20_000_000})
    assert answer.status_code == 413
    assert "too large" in await answer.get_data(as_text=True)
    assert await documents() == 0


@pytest.mark.parametrize(
    "body", [b"title=%00", b"title=%ff%fe", b"title=\xff\xfe", b"%=%&&=;", b"\x00\x01", b"title[$gt]="]
)
async def test_bytes_that_are_no_text_are_not_saved(client: Client, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(f"{MANAGE}/events", data=body, headers=kind)
    assert answer.status_code == 422
    assert await documents() == 0


@pytest.mark.parametrize(
    "query", ["day=32", "day=99999-01-01", "after=x", "after=9" + "9" * 40 + ".a", "text=%00", "when=never"]
)
@pytest.mark.parametrize("path", ["/", MANAGE, "/calendar"])
async def test_a_search_that_makes_no_sense_still_shows_a_page(client: Client, path: str, query: str) -> None:
    assert (await client.get(f"{path}?{query}")).status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "0000-00", "-1", "x" * 900, "9999-12", "%00"])
async def test_a_month_that_is_none_is_this_one(client: Client, month: str) -> None:
    assert (await client.get(f"/calendar?month={month}")).status_code == 200


async def test_a_program_is_told_as_a_problem(client: Client) -> None:
    answer = await client.get("/nothing", headers=JSON)
    problem: dict[str, Any] = json.loads(await answer.get_data(as_text=True))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["status"], problem["title"]) == (404, "Not Found")


async def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    answer = await client.delete(MANAGE)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


async def test_what_breaks_is_said_without_its_inside(
    app: Quart, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(**_: Any) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setitem(app.view_functions, "help.show", broken)
    answer = await client.get("/help")
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "<h1" in text
    assert "the inside" not in text
