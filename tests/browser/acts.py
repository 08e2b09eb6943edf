"""What people do with Turnout, in the words of the page."""

import re
import secrets

from playwright.async_api import Page, expect

FORM = {"starts": "2027-05-14T20:00", "ends": "2027-05-14T22:00", "zone": "Europe/Berlin"}


def a_title() -> str:
    """A title that no other test has."""
    return f"Night Walk {secrets.token_hex(4)}"


async def fill(page: Page, **fields: str) -> None:
    """Types into the form of an event."""
    for name, value in fields.items():
        await page.fill(f"#{name}", value)


async def press(page: Page, text: str) -> None:
    """Presses the button in the page's content that says `text`."""
    await page.locator("main").get_by_role("button", name=text, exact=True).click()


async def draft(page: Page, title: str, **fields: str) -> str:
    """Makes a draft; gives its path."""
    await page.goto("/events/new")
    await fill(page, title=title, **{**FORM, **fields})
    await press(page, "Save as a draft")
    await page.wait_for_url(re.compile(r"/events/[a-z0-9-]+/edit$"))
    return page.url.partition("//")[2].partition("/")[2].removesuffix("/edit").join(["/", ""])


async def published(page: Page, title: str, **fields: str) -> str:
    """Makes an event that everyone sees; gives its path."""
    path = await draft(page, title, **fields)
    await press(page, "Publish")
    await expect(page.locator("#notices")).to_contain_text("Published.")
    return path


async def is_live(page: Page) -> None:
    """Waits until the page says that it is live, or that it asks again and again."""
    await expect(page.locator("#live-status")).to_have_text(re.compile("^live|^polling"))
