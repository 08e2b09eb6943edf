"""The real product in a process of its own, and people with a real Chromium."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, async_playwright
from pymongo import MongoClient
from pymongo.database import Database

from tests.chromium import launched
from tests.product import running, signed_in
from webapp import embedded
from webapp.demo import team

NAME = "turnout_browser"
Person = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def address(servers: embedded.Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the product is, with its demo city."""
    var = Path(tmp_path_factory.mktemp("var"))
    given = {
        "MONGODB_URI": servers.mongodb_uri,
        "REDIS_URL": servers.redis_url,
        "TURNOUT_DATABASE": NAME,
        "TURNOUT_ADMINS": team.OWNER,
    }
    with running(var, **given) as (_, told):
        yield told


@pytest.fixture(scope="session")
def owner(address: str) -> list[Any]:
    """The cookies of the owner of the demo's first organiser."""
    return [{"name": name, "value": value, "url": address} for name, value in signed_in(address).items()]


@pytest.fixture(scope="session")
def shell(servers: embedded.Addresses) -> Iterator[Database[dict[str, Any]]]:
    """A database shell: writes past Turnout."""
    with MongoClient[dict[str, Any]](servers.mongodb_uri, tz_aware=True) as client:
        yield client[NAME]


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    # One for each test: closing a window while it navigates hangs this browser, ending the browser does not.
    browser = await launched(playwright)
    yield browser
    await browser.close()


@pytest.fixture
async def person(chromium: Browser, address: str, owner: list[Any]) -> AsyncIterator[Person]:
    """Gives an owner a window of their own: `await person("/path", java_script_enabled=False)`; `nobody` is a visitor.

    `wire` makes the page live over "ws", "sse" or "poll". What the browser complains about fails the test.
    """
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not re.search(r"status of 4\d\d", message.text):
            complaints.append(message.text)

    async def arrive(path: str, wire: str | None = None, *, nobody: bool = False, **more: Any) -> Page:
        looks = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "Europe/Berlin", "locale": "en-GB"}
        window = await chromium.new_context(**{"base_url": address, **looks, **more})
        if not nobody:
            await window.add_cookies(owner)
        if wire:
            await window.add_init_script(f"sessionStorage.setItem('live-transport', '{wire}')")
        page = await window.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(path)
        return page

    yield arrive
    assert complaints == []
