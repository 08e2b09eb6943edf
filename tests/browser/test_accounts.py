"""People with accounts in a real Chromium, with JavaScript and without; what every page looks like."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.async_api import Page, expect
from pymongo.database import Database

from tests.browser.acts import press
from tests.browser.conftest import Person
from tests.browser.test_journeys import BOTH
from tests.browser.test_looks import WIDER, WIDTHS, findings
from tests.people.conftest import PASSWORD


def an_address() -> str:
    return f"ana-{secrets.token_hex(4)}@example.org"


async def link_in_mail(page: Page, email: str, to: str = "/") -> str:
    """The link in the last mail to somebody that leads there, from the outbox of a development installation."""
    for _ in range(40):
        await page.goto("/outbox")
        mail = page.locator("article", has_text=email).filter(has=page.locator(f"a[href*='{to}']")).first
        if await mail.count():
            link = urlsplit(str(await mail.get_by_role("link").first.get_attribute("href")))
            return f"{link.path}?{link.query}"
        await page.wait_for_timeout(250)
    raise AssertionError("No mail came")


async def join(page: Page, email: str) -> None:
    await page.goto("/sign-up")
    await page.get_by_label("E-mail address").fill(email)
    await press(page, "Send the link")
    await expect(page.locator("main")).to_contain_text("Look into your mail")
    await page.goto(await link_in_mail(page, email))
    await page.get_by_label("Name").fill("Ana")
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Open the account")
    await expect(page.locator("#notices")).to_contain_text("Welcome, Ana.")


async def sign_in(page: Page, email: str) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Sign in")


DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}


async def device(page: Page, *, recognises: bool = True) -> None:
    """Gives the browser a device for passkeys that recognises its owner, or does not."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {**DEVICE, "isUserVerified": recognises, "automaticPresenceSimulation": True}
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def by_name(address: str) -> str:
    """The same Turnout by a name: browsers give no passkeys to a number."""
    return address.replace("127.0.0.1", "localhost")


@BOTH
async def test_an_account_from_its_first_mail_to_its_end(person: Person, scripts: bool) -> None:
    page, email = await person("/", java_script_enabled=scripts, nobody=True), an_address()
    await join(page, email)
    await page.locator("summary", has_text="Ana").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("#notices")).to_contain_text("You are signed out.")
    await page.goto("/me")
    await expect(page).to_have_url(re.compile("/sign-in"))
    await sign_in(page, email)
    await page.goto("/me/delete")
    await press(page, "Delete my account")
    await expect(page.locator("#notices")).to_contain_text("Your account is deleted.")


@BOTH
async def test_the_second_step_is_set_up_and_asked_for(person: Person, scripts: bool) -> None:
    page, email = await person("/", java_script_enabled=scripts, nobody=True), an_address()
    await join(page, email)
    await page.goto("/me/two-step")
    secret = re.search(r"select-all\">(\w+)<", await page.content())
    assert secret
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret[1]).now())
    await press(page, "Turn it on")
    code = await page.locator("main li").first.inner_text()
    await page.context.clear_cookies()
    await sign_in(page, email)
    await page.get_by_label("Code").fill(code.upper())
    await press(page, "Sign in")
    await expect(page.locator("header")).to_contain_text("Ana")


async def add_passkey(page: Page, name: str) -> None:
    await page.goto("/me")
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_label("Name").fill(name)
    await press(page, "Add a passkey")
    await expect(page.locator("#notices")).to_contain_text("The passkey is added.")


ONLY_WHEN_PRESSED = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


async def test_a_passkey_signs_in_until_it_is_removed(person: Person, by_name: str) -> None:
    page, email = await person("/", base_url=by_name, nobody=True), an_address()
    await page.add_init_script(ONLY_WHEN_PRESSED)
    await device(page)
    await join(page, email)
    await add_passkey(page, "Ana's laptop")
    await expect(page.locator("main")).to_contain_text("not used yet")
    await page.context.clear_cookies()
    await page.goto("/sign-in?next=/me")
    await press(page, "Sign in with a passkey")
    await expect(page.locator("main")).to_contain_text("last used")
    await page.get_by_role("link", name="Change Ana's laptop").click()
    await press(page, "Remove the passkey")
    await expect(page.locator("main")).to_contain_text("None yet")
    await page.context.clear_cookies()
    await page.goto("/sign-in")
    await press(page, "Sign in with a passkey")
    await expect(page.locator("#error-summary")).to_contain_text("does not open anything")


async def test_a_passkey_is_offered_where_the_address_is_typed(person: Person, by_name: str) -> None:
    page, email = await person("/", base_url=by_name, nobody=True), an_address()
    await device(page)
    await join(page, email)
    await add_passkey(page, "Laptop")
    await page.context.clear_cookies()
    # This browser's device takes the offer by itself, where people choose it from a list.
    await page.goto("/sign-in?next=/me")
    await expect(page.locator("main")).to_contain_text("last used")


async def test_a_passkey_is_asked_for_again_before_what_matters(
    person: Person, by_name: str, shell: Database[dict[str, Any]]
) -> None:
    page, email = await person("/", base_url=by_name, nobody=True), an_address()
    await device(page)
    await join(page, email)
    await add_passkey(page, "Key")
    shell.sessions.update_many({}, {"$unset": {"confirmed_at": ""}})
    await page.goto("/me/delete")
    await expect(page.locator("h1")).to_have_text("Confirm that it is you")
    await press(page, "Use a passkey")
    await press(page, "Delete my account")
    await expect(page.locator("#notices")).to_contain_text("Your account is deleted.")


async def test_a_device_that_does_not_know_its_owner_gives_no_passkey(person: Person, by_name: str) -> None:
    page, email = await person("/", base_url=by_name, nobody=True), an_address()
    await device(page, recognises=False)
    await join(page, email)
    await page.goto("/me/passkeys/new")
    await press(page, "Add a passkey")
    await expect(page.locator("[data-problem]")).to_contain_text("No passkey was given")


async def test_without_javascript_there_is_no_button_for_passkeys(person: Person, by_name: str) -> None:
    page = await person("/sign-in", base_url=by_name, nobody=True, java_script_enabled=False)
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


async def test_signing_out_a_device_is_seen_on_the_others(person: Person) -> None:
    here, there, email = await person("/", nobody=True), await person("/", nobody=True), an_address()
    await join(here, email)
    await here.goto("/me")
    await expect(here.locator("main")).to_contain_text("Last seen")
    await expect(here.locator("#live-status")).to_have_text("live")
    await sign_in(there, email)
    await expect(there.locator("header")).to_contain_text("Ana")
    button = here.get_by_role("button", name="Sign out", exact=True).and_(here.locator("main button"))
    await expect(button).to_have_count(1)
    await button.click()
    await expect(button).to_have_count(0)
    await expect(there.locator("header")).to_contain_text("Sign in")
    await there.goto("/me")
    await expect(there).to_have_url(re.compile("/sign-in"))


OF_ACCOUNTS = (
    *("/me", "/me/address", "/me/password", "/me/two-step", "/me/delete", "/me/confirm", "/me/passkeys/new"),
    *("/sign-up", "/forgotten-password"),
)


async def everywhere(page: Page, email: str) -> list[str]:
    """The address of every kind of page about accounts, each of the three links among them."""
    await page.goto("/forgotten-password")
    await page.get_by_label("E-mail address").fill(email)
    await press(page, "Send the link")
    password = await link_in_mail(page, email)
    return [*OF_ACCOUNTS, password, "/outbox"]


@WIDTHS
async def test_axe_finds_nothing_about_accounts(person: Person, by_name: str, width: int) -> None:
    options = {"viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    page, email, found = await person("/sign-in", base_url=by_name, nobody=True, **options), an_address(), []
    await device(page)
    found += await findings(page)
    await press(page, "Sign in")
    found += await findings(page)
    await join(page, email)
    await add_passkey(page, "Laptop")
    await page.get_by_role("link", name="Change Laptop").click()
    found += await findings(page)
    for path in await everywhere(page, email):
        await page.goto(path)
        found += await findings(page)
    await page.locator("summary").click()
    assert [*found, *await findings(page)] == []


async def test_no_page_about_accounts_is_wider_than_the_narrowest_screen(person: Person) -> None:
    page, email, wide = await person("/sign-in", viewport={"width": 320, "height": 640}, nobody=True), an_address(), {}
    await join(page, email)
    for path in await everywhere(page, email):
        await page.goto(path)
        wide[path] = await page.evaluate(WIDER)
    assert {path: by for path, by in wide.items() if by > 0} == {}
