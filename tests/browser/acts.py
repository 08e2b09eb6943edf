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


async def asks(page: Page, path: str) -> str:
    """Asks for a place at an event; gives the path of what that leads to."""
    await page.goto(path)
    await page.locator("#register").get_by_role("button").click()
    await page.wait_for_url(re.compile(r"/registrations/[^/]+$"))
    return page.url.partition("//")[2].partition("/")[2].join(["/", ""])


async def confirms(page: Page, name: str) -> None:
    """Fills in the form of a hold."""
    await fill(page, name=name, email=f"{name.lower()}@example.org")
    async with page.expect_navigation():
        await press(page, "Confirm")
    await expect(page.get_by_text("Confirmed")).to_be_visible()


async def ticket_of(page: Page) -> str:
    """The path of the first ticket of the registration that is open."""
    return str(await page.locator('a[href^="/tickets/"]').first.get_attribute("href"))


async def registered(page: Page) -> list[str]:
    """The addresses of every kind of page around the registrations of an event with two places."""
    event = await published(page, a_title(), capacity="2")
    confirmed = await asks(page, event)
    await confirms(page, "Ana")
    ticket = await ticket_of(page)
    await page.goto(confirmed)
    await press(page, "Go on")
    await page.wait_for_url(re.compile(r"/more\?"))
    more = page.url[page.url.index("/registrations/") :]
    held, waiting = await asks(page, event), await asks(page, event)
    await page.goto(f"{event}/registrations")
    one = await page.get_by_role("link", name="Open Ana").get_attribute("href")
    await page.goto(f"{event}/tickets")
    await fill(page, label="Food")
    await press(page, "Add the question")
    question = await page.get_by_role("link", name="Change Food").get_attribute("href")
    team = [f"{event}/{name}" for name in ("registrations", "registrations/new", "line", "tickets", "tickets/new")]
    return [event, confirmed, more, ticket, held, waiting, *team, str(one), str(question), await written(page, event)]


async def written(page: Page, event: str) -> str:
    """Writes to everybody who registered; gives the path of what was written."""
    await page.goto(f"{event}/messages")
    await fill(page, subject="Bring a lamp", text="It is dark there.")
    await press(page, "Preview")
    await press(page, "Send it")
    await page.wait_for_url(re.compile(r"/messages$"))
    return str(await page.get_by_role("link", name="Bring a lamp").get_attribute("href"))


async def published(page: Page, title: str, **fields: str) -> str:
    """Makes an event that everyone sees; gives its path."""
    path = await draft(page, title, **fields)
    await press(page, "Publish")
    await expect(page.locator("#notices")).to_contain_text("Published.")
    return path


async def is_live(page: Page) -> None:
    """Waits until the page says that it is live, or that it asks again and again."""
    await expect(page.locator("#live-status")).to_have_text(re.compile("^live|^polling"))
