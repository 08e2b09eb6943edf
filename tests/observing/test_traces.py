"""One trace from a form to the screens, through two workers, received as OpenTelemetry's protocol has it."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from html import unescape
from itertools import count
from pathlib import Path

import httpx
import pytest

from ops.bench.rush import Client, Rush
from tests.observing.receiver import Collector, collecting, facts
from tests.product import ROOT, running
from tests.registrations.making import elsewhere, event_with
from webapp import embedded
from webapp.errors import Misconfigured
from webapp.events.event import Event
from webapp.observing import tracing
from webapp.settings import Settings

NAME = "turnout_traced"
ROUTE = "POST /events/<slug>/registrations"
STEPS = ("relay", "draw", "screens")


@pytest.fixture
async def jazz(servers: embedded.Addresses) -> AsyncIterator[Event]:
    async with elsewhere(servers.mongodb_uri, NAME):
        yield (await event_with(50)).event


async def follow(address: str, event: Event, is_following: asyncio.Event) -> None:
    """A screen that shows the event's page and stays; as a page does, it asks again where it was refused or cut."""
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as viewer:
        while True:
            with suppress(httpx.HTTPError):
                shown = re.search(r'data-shown="([^"]*)"', (await viewer.get(event.path)).raise_for_status().text)
                assert shown
                async with viewer.stream("GET", f"/live/sse?r={unescape(shown[1])}") as stream:
                    async for _ in stream.raise_for_status().aiter_lines():
                        is_following.set()
            await asyncio.sleep(0.2)


async def posted(visitor: Client, event: Event, collector: Collector) -> bytes:
    """Sends forms until the trace of one has every step; answers its id.

    The first nearly always does, but a busy machine may change the relay, or cut the screen, just then.
    """
    for number in count():
        await visitor.ask(event, f"somebody-{number:04}")
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                return await whole(collector)
    raise AssertionError("The count has no end")


async def whole(collector: Collector) -> bytes:
    """Waits for a trace of the form that has every step; answers its id."""
    while True:
        for span in collector.named(ROUTE):
            if all(collector.named(step, span.trace_id) for step in STEPS):
                return span.trace_id
        await asyncio.sleep(0.1)


async def test_a_form_is_one_trace_to_the_screens(jazz: Event, servers: embedded.Addresses, tmp_path: Path) -> None:
    given = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url, "TURNOUT_DATABASE": NAME}
    with collecting() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with running(tmp_path, **given, **traced, WORKERS="2") as (_, address):
            is_following = asyncio.Event()
            following = asyncio.create_task(follow(address, jazz, is_following))
            visitor = Client(int(address.rpartition(":")[2]), Rush())
            async with asyncio.timeout(90):
                await is_following.wait()
                trace_id = await posted(visitor, jazz, collector)
            visitor.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    (form,) = collector.named(ROUTE, trace_id)
    steps = [collector.named(step, trace_id)[0] for step in STEPS]
    assert {step.parent_span_id for step in steps} == {form.span_id}
    assert collector.named("commitTransaction", trace_id)[0].parent_span_id == form.span_id
    assert facts(form)["http.response.status_code"] == 303
    assert facts(steps[2])["turnout.viewers"] == 1
    assert form.start_time_unix_nano < steps[2].end_time_unix_nano
    assert collector.services == {"turnout"}


def test_nothing_of_it_is_imported_while_it_is_off() -> None:
    program = """
import sys
from webapp.app import create_app
from webapp.settings import Settings
create_app(Settings(mongodb_uri="mongodb://127.0.0.1:1", secret="x" * 40))
print([name for name in sys.modules
       if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter"))])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_packages_that_are_missing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Misconfigured, match="install the extra `traces`, or unset it"):
        tracing.use(Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:1"))
