"""Every answer carries the headers that keep a browser from being used against its owner."""

import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from quart import Quart
from werkzeug.datastructures import Headers

from tests.walls.conftest import Begin
from webapp.access import allowed, anyone

PUBLIC = "https://turnout.example"
EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ODD = ["/nothing", "/events/nothing", "/live/", "/live/poll", "/live/sse?r=x", "/favicon.ico", "/%00", "//evil.example"]


def check(headers: Headers, where: str) -> None:
    found = {name.lower(): value for name, value in headers.items()}
    assert {name: found.get(name) for name in EXPECTED} == EXPECTED, where
    policy = found["content-security-policy"]
    assert "default-src 'none'" in policy, where
    assert "frame-ancestors 'none'" in policy, where
    assert "unsafe" not in policy, where
    assert "geolocation=()" in found["permissions-policy"], where


def filled(rule: str) -> str:
    return re.sub(r"<[^>]+>", "x", rule)


async def test_every_route_and_every_error_carries_them(app: Quart) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in (*(rule.methods or ()), "PATCH"):
            answer = await client.open(filled(rule.rule), method=method)
            check(answer.headers, f"{method} {rule.rule}")
    for path in ODD:
        check((await client.get(path)).headers, path)


async def test_a_failure_that_nobody_foresaw_carries_them(begin: Begin) -> None:
    app = await begin()

    @app.get("/broken")
    @allowed(anyone)
    async def breaks() -> str:
        raise RuntimeError("nobody foresaw this")

    answer = await app.test_client().get("/broken")
    assert answer.status_code == 500
    check(answer.headers, "broken")


async def test_a_refused_host_is_answered_with_them(app: Quart) -> None:
    headers = (await app.test_client().get("/", headers={"Host": "evil.example"})).headers
    check(headers, "421")
    assert "evil.example" not in headers["Content-Security-Policy"]


async def test_https_is_kept_only_where_it_is_the_public_address(begin: Begin) -> None:
    secure = await begin(public_url=PUBLIC)
    answer = await secure.test_client().get("/help", headers={"Host": "turnout.example"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "wss://turnout.example" in answer.headers["Content-Security-Policy"]
    plain = await (await begin()).test_client().get("/help")
    assert "Strict-Transport-Security" not in plain.headers


@pytest.mark.parametrize(
    ("public_url", "host", "name", "secure"),
    [(PUBLIC, "turnout.example", "__Host-turnout_notice", True), ("", "localhost", "turnout_notice", False)],
)
async def test_the_cookie_is_bound_to_the_host_where_that_can_be(
    begin: Begin, public_url: str, host: str, name: str, secure: bool
) -> None:
    client = (await begin(public_url=public_url)).test_client()
    answer = await client.post("/demo/traffic", headers={"Host": host})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is secure
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie


def test_a_stream_taken_from_the_server_carries_them_too(product: str) -> None:
    connection = HTTPConnection(urlsplit(product).netloc, timeout=20)
    connection.request("GET", "/")
    page = connection.getresponse().read().decode()
    asked = re.search(r'data-shown="([^"]+)"', page)
    assert asked
    connection.request("GET", f"/live/sse?r={asked[1]}")
    stream = connection.getresponse()
    assert stream.getheader("Content-Type", "").startswith("text/event-stream")
    check(Headers(stream.getheaders()), "/live/sse")
    connection.close()


def test_a_refused_websocket_carries_them(product: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "https://evil.example"}
    for headers, status in ((key, 403), ({**key, "Host": "evil.example"}, 421)):
        connection = HTTPConnection(urlsplit(product).netloc, timeout=20)
        connection.request("GET", "/live/ws?r=x", headers={**upgrade, **headers})
        refused = connection.getresponse()
        assert refused.status == status
        check(Headers(refused.getheaders()), f"/live/ws {status}")
        connection.close()
