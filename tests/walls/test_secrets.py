"""No secret reaches a log, whatever is asked for."""

import signal
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.product import running
from webapp import settings
from webapp.errors import Misconfigured

CANARY = "canary-0123456789abcdef"
SECRET = f"{CANARY}-the-secret-that-signs-cookies"
TOKEN = f"{CANARY}-what-prometheus-sends"
AS_JSON = {"Content-Type": "application/json"}
UPGRADE = {
    **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
    **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
}
JOURNEY = [
    ("GET", "/", {}, ""),
    ("GET", "/metrics", {"Authorization": f"Bearer {TOKEN}"}, ""),
    ("GET", f"/?token={CANARY}&text={CANARY}", {"Cookie": f"turnout_notice={CANARY}"}, ""),
    ("GET", f"/live/sse?r={CANARY}", {"Authorization": f"Bearer {CANARY}"}, ""),
    ("GET", "/live/poll?r=a.b.c", {"Cookie": f"session={CANARY}"}, ""),
    ("POST", "/sign-in", {}, urlencode({"email": CANARY, "password": CANARY})),
    ("POST", "/organisers", {"Origin": f"https://{CANARY}.example"}, "title=x"),
    ("POST", "/import", {}, urlencode({"address": f"https://ana:{CANARY}@127.0.0.1:1/a.ics?key={CANARY}"})),
    (
        "POST",
        "/api/v1/tokens",
        AS_JSON,
        f'{{"email": "{CANARY}@example.org", "password": "{CANARY}", "code": "{CANARY}"}}',
    ),
    ("POST", "/api/v1/tokens", AS_JSON, f'{{"refresh_token": "tr_{CANARY}"}}'),
    ("POST", "/api/v1/tokens", AS_JSON, f'{{"api_token": "to_{CANARY}", {CANARY}'),
    ("GET", "/api/v1/tokens/current", {"Authorization": f"Bearer to_{CANARY}"}, ""),
    ("GET", "/api/v1/tokens/current", {"Authorization": f"Bearer e30.{CANARY}.{CANARY}"}, ""),
    ("GET", f"/live/ws?r=a.b.c&ticket=tt_{CANARY}", UPGRADE, ""),
    ("GET", "/live/ws?r=a.b.c", {**UPGRADE, "Authorization": f"Bearer {CANARY}"}, ""),
    ("GET", "/", {"Host": f"{CANARY}.example"}, ""),
    ("BREAK", f"/{CANARY}", {}, ""),
]


@pytest.mark.parametrize("env", ["development", "production"])
def test_a_journey_with_secrets_leaves_none_in_the_log(tmp_path: Path, env: str) -> None:
    given = {"TURNOUT_SECRET": SECRET, "TURNOUT_METRICS_TOKEN": TOKEN, "TURNOUT_LOG_LEVEL": "debug"}
    with running(tmp_path, TURNOUT_ENV=env, **given) as (turnout, address):
        for method, path, headers, body in JOURNEY:
            connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
            form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, path, body or None, {**form, **headers})
            connection.getresponse()
            connection.close()
        turnout.send_signal(signal.SIGTERM)
        told = "".join(turnout.finished(timeout=30))
    assert CANARY not in told


@pytest.mark.parametrize("variable", ["MONGODB_URI", "REDIS_URL", "TURNOUT_PUBLIC_URL"])
def test_a_wrong_address_is_told_without_its_password(variable: str) -> None:
    with pytest.raises(Misconfigured, match=variable) as told:
        settings.read({"TURNOUT_SECRET": SECRET, variable: f"ftp://ana:{CANARY}@p@host/"})
    assert CANARY not in str(told.value)
