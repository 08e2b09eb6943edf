"""Two people become a team, in real browsers, with JavaScript and without."""

import re

from playwright.async_api import Page, expect

from tests.browser.acts import is_live, press
from tests.browser.conftest import Person
from tests.browser.test_accounts import an_address, join, link_in_mail
from tests.browser.test_journeys import BOTH
from tests.browser.test_looks import WIDER, WIDTHS, findings

MANAGE = "/manage/quay-street-studio"


async def invited(owner: Page, role: str, email: str = "") -> str:
    """Makes an invitation; gives its address."""
    await owner.goto(f"{MANAGE}/team")
    await owner.get_by_label("E-mail address").fill(email)
    await owner.get_by_role("radio", name=role).check()
    await press(owner, "Make the invitation")
    await expect(owner.get_by_role("heading", level=1)).to_have_text("The invitation is made")
    return (await owner.locator("#link").inner_text()).strip()


@BOTH
async def test_somebody_new_is_invited_joins_and_is_in_the_team(person: Person, scripts: bool) -> None:
    olive, email = await person("/", java_script_enabled=scripts), an_address()
    await invited(olive, "Editor", email)
    ben = await person("/", java_script_enabled=scripts, nobody=True)
    await ben.goto(await link_in_mail(ben, email))
    await ben.locator("main").get_by_role("link", name="Open an account").click()
    await ben.get_by_label("E-mail address").fill(email)
    await press(ben, "Send the link")
    await expect(ben.locator("main")).to_contain_text("Look into your mail")
    await ben.goto(await link_in_mail(ben, email, "/join"))
    await ben.get_by_label("Name").fill("Ben")
    await ben.get_by_label("Password").fill("seven blue herons")
    await press(ben, "Open the account")
    await expect(ben.locator("main")).to_contain_text("You are signed in as Ben")
    await press(ben, "Accept")
    await expect(ben.locator("#notices")).to_contain_text("You are an editor of “Quay Street Studio” now.")
    await expect(ben.get_by_role("heading", level=1)).to_have_text("Manage events")


async def test_a_team_sees_who_comes_and_who_goes(person: Person) -> None:
    olive, ben = await person("/"), await person("/", nobody=True)
    await join(ben, an_address())
    link = await invited(olive, "Manager")
    watching = await person(f"{MANAGE}/team")
    await is_live(watching)
    ana = watching.locator("main li").filter(has=watching.get_by_text("Ana", exact=True))
    await ben.goto(link)
    await press(ben, "Accept")
    await expect(ana).to_contain_text("Manager")
    await ben.goto(f"{MANAGE}/team")
    await is_live(ben)
    await ana.get_by_role("link").click()
    await press(watching, "Remove")
    await expect(watching.locator("#notices")).to_contain_text("Ana is not in the team any more.")
    await expect(ana).to_have_count(0)
    await expect(ben.get_by_role("heading", level=1)).to_have_text("Not Found")


PAGES = ("", "/team", "/settings", "/leave", "/delete", "/import", "/events/new")


async def everywhere(page: Page) -> list[str]:
    """The address of every kind of page about organisers."""
    link = await invited(page, "Door")
    made = page.url
    await page.goto(f"{MANAGE}/team")
    member = await page.locator("main").get_by_role("link", name=re.compile("Change .*Door")).get_attribute("href")
    public = ("/organisers/quay-street-studio", "/me/organisers", "/organisers/new")
    return [*public, *(MANAGE + path for path in PAGES), str(member), made, link]


@WIDTHS
async def test_axe_finds_nothing_about_organisers(person: Person, width: int) -> None:
    page = await person("/", viewport={"width": width, "height": 800}, reduced_motion="reduce")
    found = []
    for path in await everywhere(page):
        await page.goto(path)
        found += await findings(page)
    await page.goto("/organisers/new")
    await press(page, "Create")
    assert [*found, *await findings(page)] == []


async def test_no_page_about_organisers_is_wider_than_the_narrowest_screen(person: Person) -> None:
    page, wide = await person("/", viewport={"width": 320, "height": 640}), {}
    for path in await everywhere(page):
        await page.goto(path)
        wide[path] = await page.evaluate(WIDER)
    assert {path: by for path, by in wide.items() if by > 0} == {}
