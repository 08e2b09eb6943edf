"""No page of another site changes anything here, whatever it sends."""

from collections.abc import Iterator
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import kept
from tests.team import browser, somebody
from tests.walls.conftest import Begin
from tests.walls.test_headers import filled
from webapp import access
from webapp.database import Database

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SAFE = {"GET", "HEAD", "OPTIONS"}
FOREIGN = {
    "a form elsewhere": {**FORM, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "a form in an old browser": {**FORM, "Origin": "https://evil.example"},
    "a form without its origin": {**FORM, "Sec-Fetch-Site": "cross-site"},
    "a form in a sandbox": {**FORM, "Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a fetch of plain text": {"Content-Type": "text/plain", "Origin": "https://evil.example"},
    "a fetch as if by htmx": {**FORM, "Origin": "https://evil.example", "HX-Request": "true"},
    "a sibling host": {**FORM, "Origin": "http://evil.localhost", "Sec-Fetch-Site": "same-site"},
    "another port": {**FORM, "Origin": "http://localhost:8001", "Sec-Fetch-Site": "same-site"},
    "another scheme": {**FORM, "Origin": "https://localhost", "Sec-Fetch-Site": "same-site"},
    "a longer name": {**FORM, "Origin": "http://localhost.evil.example"},
    "a name before an @": {**FORM, "Origin": "http://localhost@evil.example"},
}


def changing(app: Quart) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - SAFE:
            yield method, filled(rule.rule)


async def state(db: Database) -> dict[str, int]:
    names = sorted(name for name in await db.list_collection_names() if "heartbeat" not in name)
    return {name: await db[name].count_documents({}) for name in names}


@pytest.mark.parametrize("how", FOREIGN)
async def test_every_route_that_changes_refuses(app: Quart, db: Database, how: str) -> None:
    before, asked = await state(db), list(changing(app))
    for method, path in asked:
        answer = await app.test_client().open(path, method=method, headers=FOREIGN[how], data="title=x")
        assert answer.status_code == 403, (method, path)
    assert len(asked) >= 10
    assert await state(db) == before


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_our_own_pages_and_programs_are_not_refused(client: Client, headers: dict[str, str]) -> None:
    event = await kept()
    answer = await client.post(f"{event.path}/publish", headers=headers)
    assert answer.status_code == 303


async def test_without_the_guard_another_site_would_delete(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_is_ours", lambda *_: True)
    app, event = await begin(), await kept()
    client = await browser(app, await somebody("olive"))
    answer = await client.post(f"{event.path}/delete", headers=FOREIGN["a form elsewhere"])
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://turnout.example", 200), ("http://turnout.example", 403), ("https://turnout.example:8443", 403)],
)
async def test_behind_a_proxy_the_public_address_is_the_origin(begin: Begin, origin: str, status: int) -> None:
    app = await begin(public_url="https://turnout.example")
    headers = {"Host": "turnout.example", "Origin": origin}
    given = {"email": "ana@example.org"}
    assert (await app.test_client().post("/sign-up", form=given, headers=headers)).status_code == status


@pytest.mark.parametrize("transport", ["poll", "sse"])
async def test_another_sites_page_reads_no_stream(app: Quart, transport: str) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await app.test_client().get(f"/live/{transport}?r=x", headers=headers)
        assert answer.status_code == 403


def handshake(**headers: str) -> dict[str, Any]:
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "scheme": "ws", "headers": lines}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"Host": "localhost", "Origin": "null"},
        {"Origin": "null"},
        {"Host": "localhost", "Origin": "http://evil.example"},
        {"Host": "localhost", "Origin": "https://localhost"},
    ],
)
def test_a_websocket_must_come_from_a_page_of_ours(headers: dict[str, str]) -> None:
    is_ours = access.origin_check("")
    assert is_ours(handshake(Host="localhost", Origin="http://localhost"))
    assert not is_ours(handshake(**headers))
