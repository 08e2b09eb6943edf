"""Turnout with two workers in a process of its own, a Chromium, and a hand on the database beside both."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright
from pymongo import MongoClient

from tests.chromium import launched
from tests.product import Program, processes, running, signed_in
from webapp.demo import team

# A WebSocket that a proxy refuses, and one that it swallows.
REFUSED = """
window.WebSocket = class extends EventTarget {
  static CONNECTING = 0; static OPEN = 1; static CLOSED = 3; readyState = 0;
  constructor() {
    super();
    setTimeout(() => {
      this.readyState = 3;
      this.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
    }, 20);
  }
  close() {} send() {}
};
"""
SWALLOWED = REFUSED.replace("setTimeout", "(() => {})")


@dataclass
class Turnout:
    """The running product."""

    address: str
    var: Path
    program: Program
    manage: str = "/manage/quay-street-studio"

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Of a browser in which the owner of the demo's first organiser is signed in."""
        return signed_in(self.address)

    @contextmanager
    def database(self) -> Iterator[Any]:
        """As a database shell sees it."""
        port = json.loads((self.var / "ports.json").read_text())["mongodb"]
        with MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as client:
            yield client.turnout

    @property
    def next_event(self) -> dict[str, Any]:
        """Of that organiser."""
        query = {"phase": "upcoming", "state": "published", "deleted_at": None}
        with self.database() as shell:
            query["organiser_id"] = shell.organisers.find_one({"slug": self.manage.rpartition("/")[2]})["_id"]
            return dict(shell.events.find_one(query, sort=[("starts_at", 1), ("_id", 1)]))

    def change(self, event_id: str, **values: Any) -> None:
        with self.database() as shell:
            shell.events.update_one({"_id": event_id}, {"$set": values})

    def kill_workers(self) -> None:
        for pid in processes(self.var):
            if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


Open = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def turnout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turnout]:
    var = Path(tmp_path_factory.mktemp("turnout"))
    with running(var, WORKERS="2", TURNOUT_ADMINS=team.OWNER) as (program, address):
        yield Turnout(address, var, program)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def window(chromium: Browser, turnout: Turnout) -> AsyncIterator[Open]:
    """Opens a page in a window of its own; at the end nothing may have broken in any of them."""
    broken: list[str] = []
    async with AsyncExitStack() as stack:

        async def opened(
            path: str = "/",
            *,
            only: str = "",
            at: str = "",
            script: str = "",
            is_owner: bool = False,
            **options: Any,
        ) -> Page:
            context = await chromium.new_context(base_url=at or turnout.address, **options)
            stack.push_async_callback(context.close)
            if is_owner:
                cookies = await asyncio.to_thread(lambda: turnout.cookies)
                await context.add_cookies(
                    [{"name": name, "value": value, "url": turnout.address} for name, value in cookies.items()]
                )
            page = await context.new_page()
            page.on("pageerror", lambda error: broken.append(str(error)))
            page.on(
                "console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None
            )
            if script:
                await page.add_init_script(script)
            if only in ("sse", "poll"):
                await page.add_init_script(REFUSED)
            if only == "poll":
                await page.route("**/live/sse?*", lambda route: route.fulfill(status=503, body="<p>blocked</p>"))
            await page.goto(path)
            return page

        yield opened
    assert not broken
