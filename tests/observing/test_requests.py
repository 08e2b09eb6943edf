"""Every request is counted by its route, and found again in the log by its id."""

import json
import re
import signal
import urllib.error
import urllib.request
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import kept
from tests.product import running
from tests.walls.conftest import Begin, begin
from webapp import database, failures
from webapp.observing import http
from webapp.settings import Settings

__all__ = ["begin"]


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def requests(route: str, status: int, method: str = "GET") -> float:
    return count("turnout_http_request_duration_seconds_count", method=method, route=route, status=str(status))


async def test_requests_are_counted_by_route_and_status(client: Client) -> None:
    before = requests("/events/<slug>", 404)
    for slug in ("nothing", "nowhere"):
        await client.get(f"/events/{slug}")
    assert requests("/events/<slug>", 404) == before + 2
    assert not count("turnout_http_requests_in_progress")


async def test_addresses_and_methods_that_do_not_exist_make_no_figures_of_their_own(client: Client) -> None:
    before = requests("none", 404), requests("none", 405, "other") + requests("none", 404, "other")
    await client.get("/one-of-a-million")
    await client.open("/another-of-a-million", method="BREAK")
    assert requests("none", 404) == before[0] + 1
    assert requests("none", 405, "other") + requests("none", 404, "other") == before[1] + 1


async def test_commands_are_counted_by_collection(client: Client, db: database.Database) -> None:
    named = {"command": "insert", "collection": "events"}
    before = count("turnout_mongodb_command_duration_seconds_count", **named)
    await kept()
    assert count("turnout_mongodb_command_duration_seconds_count", **named) == before + 1


async def test_a_command_that_fails_is_counted_by_its_reason(db: database.Database) -> None:
    with pytest.raises(database.PyMongoError):
        await db.command("collMod", "nothing_here", validator={})
    named = {"command": "collMod", "collection": "nothing_here", "code": "26"}
    assert count("turnout_mongodb_command_failures_total", **named) == 1


@pytest.mark.parametrize(("trusted", "is_taken"), [("", False), ("203.0.113.0/24", True)])
async def test_only_a_trusted_proxy_names_a_request(begin: Begin, trusted: str, is_taken: bool) -> None:
    client = (await begin(trusted_proxies=trusted)).test_client()
    visitor: dict[str, Any] = {"scope_base": {"client": ("203.0.113.9", 4000)}}
    answer = await client.get("/healthz", headers={"X-Request-Id": "from-the-proxy-1"}, **visitor)
    assert (answer.headers["X-Request-Id"] == "from-the-proxy-1") is is_taken


async def test_an_id_that_could_forge_a_log_is_not_taken(begin: Begin) -> None:
    client = (await begin(trusted_proxies="203.0.113.0/24")).test_client()
    visitor: dict[str, Any] = {"scope_base": {"client": ("203.0.113.9", 4000)}}
    answer = await client.get("/healthz", headers={"X-Request-Id": 'x"} {"level": "forged'}, **visitor)
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])


async def test_a_request_that_changes_something_is_found_among_the_changes(client: Client, app: Any) -> None:
    event = await kept()
    position = (await app.extensions["live"].shared.state())[1]
    with structlog.testing.capture_logs() as told:
        await client.post(f"{event.path}/publish")
    line = next(line for line in told if line["event"] == "request")
    async with aclosing(app.extensions["live"].changes(str(position))) as history:
        async for changes in history:
            if any(change.document == event.id and str(change.id).startswith(line["changed"]) for change in changes):
                break
    assert (line["route"], line["status"]) == ("/events/<slug>/publish", 303)


async def test_what_nobody_foresaw_is_logged_by_its_route_and_never_by_its_path() -> None:
    app = Quart(__name__)
    app.extensions["settings"] = Settings(secret="x" * 40)
    failures.translate(app)
    http.install(app)

    @app.get("/tickets/<secret>")
    async def broken(secret: str) -> str:
        raise ZeroDivisionError

    with structlog.testing.capture_logs() as told:
        answer = await app.test_client().get("/tickets/0123456789", headers={"Accept": "application/json"})
    (line,) = (one for one in told if one["event"] == "unforeseen")
    assert (answer.status_code, line["route"]) == (500, "/tickets/<secret>")
    assert "0123456789" not in str(told)


def test_production_logs_json_with_the_requests_id(tmp_path: Path) -> None:
    given = {"TURNOUT_ENV": "production", "TURNOUT_SECRET": "x" * 40}
    with running(tmp_path, **given) as (turnout, address):
        form = urllib.request.Request(f"{address}/nothing", data=b"", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(form, timeout=60)
        refused.value.close()
        turnout.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in turnout.finished(timeout=60)[1].splitlines()]
    line = next(line for line in lines if line["message"] == "request")
    assert line["request_id"] == refused.value.headers["X-Request-Id"]
    # A machine that is busy may take longer than a second, which is told as a warning.
    level = "warning" if line["ms"] > 1000 * http.SLOW_SECONDS else "info"
    assert (line["level"], line["status"], line["route"]) == (level, 404, "none")
