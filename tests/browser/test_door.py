"""A helper with a camera and a hardware scanner, and the team that sees it happen."""

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Playwright, expect
from pymongo.database import Database

from tests.browser.acts import published
from tests.browser.cameras import film
from tests.browser.conftest import Person
from tests.chromium import launched
from tests.conftest import SECRET
from webapp.door import codes
from webapp.door.checkin import Ticket

Shell = Database[dict[str, Any]]


class Evening:
    """An event with tickets, and its team's page."""

    def __init__(self, shell: Shell, owner: Page, path: str) -> None:
        self.shell, self.owner, self.path = shell, owner, path
        found = shell.events.find_one({"slug": path.rpartition("/")[2]})
        assert found
        self.event = found

    def sold(self, name: str) -> Ticket:
        """A ticket as a registration issues it."""
        secret = hashlib.sha256(f"{self.event['_id']} {name}".encode()).hexdigest()[:28]
        whose = {"organiser_id": self.event["organiser_id"], "event_id": self.event["_id"]}
        known = {"_id": secret, **whose, "ticket_type_id": "day", "name": name, "state": "valid", "secret": secret}
        self.shell.tickets.insert_one({**known, "words": name.casefold().split()})
        return Ticket.model_validate(known)

    def code(self, ticket: Ticket) -> str:
        return codes.Key(SECRET, ticket.event_id).code(ticket)

    async def link(self) -> str:
        """The address of a new door link."""
        await self.owner.goto(f"{self.path}/door/setup")
        await self.owner.fill("#whom", "Evening shift")
        await self.owner.click("text=Make the link")
        return (await self.owner.inner_text("text=/door/")).strip()


@pytest.fixture
async def evening(person: Person, shell: Shell) -> Evening:
    owner = await person("/")
    return Evening(shell, owner, await published(owner, "Evening"))


async def begun(page: Page, link: str, name: str) -> None:
    await page.goto(link)
    await page.fill("#name", name)
    await page.click("text=Begin")
    await page.wait_for_selector("html[data-live=live]")


async def typed(page: Page, code: str) -> None:
    """As a hardware scanner does: into whatever has the focus, then Enter."""
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")


async def test_a_camera_lets_somebody_in_and_everybody_sees_it(
    evening: Evening, playwright: Playwright, tmp_path: Path
) -> None:
    ines = evening.sold("Ines")
    link = await evening.link()
    await evening.owner.goto(f"{evening.path}/door")
    await evening.owner.wait_for_selector("html[data-live=live]")
    seen = film(tmp_path / "ticket.y4m", evening.code(ines))
    camera = "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"
    browser = await launched(playwright, *camera, "--use-fake-ui-for-media-stream")
    try:
        helper = await browser.new_page(viewport={"width": 390, "height": 800})
        await begun(helper, link, "Ana's phone")
        await helper.click("text=Scan with the camera")
        await helper.wait_for_selector("[data-verdict=ok]")
        told = time.monotonic()
        await expect(evening.owner.locator("[data-inside]")).to_have_text("1")
        assert time.monotonic() - told < 5
        await helper.wait_for_timeout(1000)
        assert evening.shell.checkins.count_documents({"event_id": ines.event_id}) == 1
        assert await helper.inner_text("[data-verdict] p:nth-child(2)") == "Ines"
    finally:
        await browser.close()


async def test_two_helpers_and_the_team_at_one_door(evening: Evening, person: Person) -> None:
    ines, ben, link = evening.sold("Ines"), evening.sold("Benedikt"), await evening.link()
    one, other = await person("/", nobody=True), await person("/", nobody=True)
    await begun(one, link, "Ana's phone")
    await begun(other, link, "Ben's phone")
    await evening.owner.goto(f"{evening.path}/door")
    await evening.owner.wait_for_selector("html[data-live=live]")
    await typed(one, evening.code(ines))
    await one.wait_for_selector("[data-verdict=ok]")
    await expect(other.locator("[data-inside]")).to_have_text("1")
    await typed(other, ines.secret)
    await expect(other.locator("[data-verdict=already_in]")).to_contain_text("by Ana's phone")
    await expect(evening.owner.locator("text=Already in")).to_be_visible()
    await typed(other, ben.secret)
    await expect(other.locator("[data-verdict=ok]")).to_contain_text("Benedikt")
    await one.click("text=Take back")
    await expect(one.locator("[data-verdict]")).to_contain_text("Taken back")
    await expect(evening.owner.locator("[data-inside]")).to_have_text("1")
    await other.fill("#q", "in")
    await other.click("text=Let in")
    await expect(evening.owner.locator("[data-inside]")).to_have_text("2")


async def test_a_phone_is_shut_out_while_its_page_is_open(evening: Evening, person: Person) -> None:
    helper = await person("/", nobody=True)
    await begun(helper, await evening.link(), "Ana's phone")
    await evening.owner.goto(f"{evening.path}/door/setup")
    await evening.owner.click("text=Take back")
    await expect(helper.locator("text=There is nothing here for you")).to_be_visible()
