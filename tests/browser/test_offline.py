"""Helpers whose network goes: they scan on, nothing is lost, and what turns out wrong comes back to everybody."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright, expect

from tests.browser.acts import published
from tests.browser.cameras import film
from tests.browser.conftest import Person
from tests.browser.test_door import Evening, Shell, begun, typed
from tests.browser.test_looks import findings
from tests.browser.wire import Wire, wired
from tests.chromium import launched

# Everything that the phone keeps, as text: bytes as if they were letters, so that nothing readable stays unseen.
KEPT = """async () => {
  const letters = (bytes) => new TextDecoder().decode(bytes) + new TextDecoder("utf-16le").decode(bytes)
  const told = (value) => value instanceof ArrayBuffer ? letters(value.slice(0)) : typeof value === "object" && value
    ? Object.values(value).map(told).join(" ") : String(value)
  const ask = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result) })
  const database = await ask(indexedDB.open("turnout-door")), found = []
  for (const name of database.objectStoreNames) {
    found.push(...await ask(database.transaction(name).objectStore(name).getAll()))
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const {url} of await cache.keys()) if (!url.includes("/static/")) {
      found.push(url, await (await cache.match(url, {ignoreVary: true})).text())
    }
  }
  return found.map(told).join(" ")
}"""
HEAR = """() => {
  window.heard = []
  const said = document.querySelector("[data-said]")
  new MutationObserver(() => window.heard.push(said.textContent)).observe(said, {childList: true, characterData: true})
}"""


@pytest.fixture
async def evening(person: Person, shell: Shell) -> Evening:
    owner = await person("/")
    return Evening(shell, owner, await published(owner, "Evening"))


@pytest.fixture
async def wire(address: str) -> AsyncIterator[Wire]:
    async with wired(address) as made:
        yield made


async def helper(browser: Browser, wire: Wire, link: str, name: str, *, script: str = "", **looks: Any) -> Page:
    """A phone at the other end of the wire, ready to go on without it."""
    size = {"viewport": {"width": 390, "height": 800}, "base_url": wire.address, "locale": "en-GB"}
    window = await browser.new_context(**{**size, **looks})
    await window.add_init_script(script)
    page = await window.new_page()
    await begun(page, "/door/" + link.rpartition("/door/")[2], name)
    if not script:
        await expect(page.locator("[data-status]")).to_contain_text("Ready to scan without network")
    return page


async def test_a_camera_scans_on_without_network_also_after_a_reload(
    evening: Evening, wire: Wire, playwright: Playwright, tmp_path: Path
) -> None:
    ines, ben, link = evening.sold("Ines"), evening.sold("Benedikt"), await evening.link()
    evening.shell.tickets.update_one({"_id": ben.id}, {"$set": {"state": "cancelled"}})
    seen = film(tmp_path / "ticket.y4m", evening.code(ines))
    camera = "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"
    browser = await launched(playwright, *camera, "--use-fake-ui-for-media-stream")
    try:
        page = await helper(browser, wire, link, "Ana's phone")
        wire.cut()
        await page.click("text=Scan with the camera")
        await expect(page.locator("[data-verdict=provisional]")).to_contain_text("Ines")
        await expect(page.locator("[data-waiting]")).to_have_text("1 scan waits to be sent.")
        await page.reload()
        await expect(page.locator("[data-waiting]")).to_have_text("1 scan waits to be sent.")
        await page.click("text=Scan with the camera")
        await expect(page.locator("[data-verdict=already_in]")).to_contain_text("Already scanned here")
        await page.click("text=Stop the camera")
        await typed(page, ben.secret.upper())
        await expect(page.locator("[data-verdict=cancelled]")).to_contain_text("Benedikt")
        await page.fill("#q", "Ines")
        await expect(page.locator("#found")).to_contain_text("needs the network")
        assert await findings(page) == []
        await page.evaluate("window.scrollTo(0, 0)")
        wire.mend()
        await expect(page.locator("[data-waiting]")).to_be_hidden()
        (kept,) = evening.shell.checkins.find({"event_id": ines.event_id})
        assert (kept["result"], kept["kind"]) == ("ok", "entry")
        assert kept["happened_at"] < kept["learnt_at"]
    finally:
        await browser.close()


async def test_whom_another_gate_let_in_meanwhile_is_told_on_both_screens(
    evening: Evening, wire: Wire, person: Person, chromium: Browser
) -> None:
    ines, link = evening.sold("Ines"), await evening.link()
    ana, ben = await helper(chromium, wire, link, "Ana's phone"), await person("/", nobody=True)
    await begun(ben, link, "Ben's phone")
    await evening.owner.goto(f"{evening.path}/door")
    await evening.owner.wait_for_selector("html[data-live=live]")
    wire.cut()
    await typed(ana, evening.code(ines))
    await expect(ana.locator("[data-verdict=provisional]")).to_contain_text("Ines")
    await typed(ben, evening.code(ines))
    await ben.wait_for_selector("[data-verdict=ok]")
    await ana.evaluate(HEAR)
    wire.mend()
    await expect(ana.locator("[data-clashes] [data-clash]")).to_contain_text("Already in")
    await expect(ana.locator("[data-clashes] [data-clash]")).to_contain_text("by Ben's phone")
    await expect(evening.owner.locator("[data-clash]")).to_contain_text("by Ben's phone")
    assert await findings(evening.owner) == []
    assert "1 person let through without network, refused since. See below." in await ana.evaluate("heard")
    await ana.reload()
    await ana.click("[data-clashes] button")
    await expect(ana.locator("[data-clashes]")).to_be_hidden()
    await evening.owner.click("text=Seen")
    await expect(evening.owner.locator("[data-clash]")).to_have_count(0)
    await expect(evening.owner.locator("[data-inside]")).to_have_text("1")


async def test_a_lost_phone_tells_no_name_and_no_other_page(evening: Evening, wire: Wire, chromium: Browser) -> None:
    ines, ben, link = evening.sold("Ines"), evening.sold("Benedikt"), await evening.link()
    page = await helper(chromium, wire, link, "Ana's phone")
    wire.cut()
    await typed(page, ines.secret)
    await page.wait_for_selector("[data-verdict=provisional]")
    kept = await page.evaluate(KEPT)
    assert "Everybody" in kept
    assert not [one for one in ("Ines", "Benedikt", ben.secret) if one.casefold() in kept.casefold()]
    wire.mend()
    await expect(page.locator("[data-waiting]")).to_be_hidden()
    for path in ("/", evening.path, "/help", "/door?q=Ines"):
        await page.goto(path)
    keys = await page.evaluate(
        "async () => (await (await caches.open('turnout-door')).keys()).map(({url}) => new URL(url).pathname)"
    )
    assert "/door" in keys
    assert [one for one in keys if one != "/door" and not one.startswith("/static/")] == []


async def test_a_link_that_ends_wipes_the_phone_but_not_what_was_not_sent(
    evening: Evening, wire: Wire, chromium: Browser
) -> None:
    ines, link = evening.sold("Ines"), await evening.link()
    page = await helper(chromium, wire, link, "Ana's phone")
    wire.cut()
    await typed(page, ines.secret)
    await page.wait_for_selector("[data-verdict=provisional]")
    await evening.owner.goto(f"{evening.path}/door/setup")
    await evening.owner.click("text=Take back")
    await expect(evening.owner.locator("text=No links yet")).to_be_visible()
    wire.mend()
    await expect(page.locator("[data-status]")).to_contain_text("its door link has ended")
    await expect(page.locator("[data-waiting]")).to_have_text("1 scan waits to be sent.")
    assert "Everybody" not in (await page.evaluate(KEPT)).replace(await page.content(), "").partition("http")[0]
    await begun(page, "/door/" + (await evening.link()).rpartition("/door/")[2], "Ana's phone again")
    await expect(page.locator("[data-inside]")).to_have_text("1")
    await expect(page.locator("[data-waiting]")).to_be_hidden()


async def test_a_network_that_falls_silent_loses_and_doubles_nothing(
    evening: Evening, wire: Wire, chromium: Browser
) -> None:
    sold, link = [evening.sold(name) for name in ("Ada", "Berta", "Clara1")], await evening.link()
    page = await helper(chromium, wire, link, "Ana's phone")
    other = await page.context.new_page()
    await other.goto("/door")
    wire.silence()
    for ticket in sold:
        await typed(page, ticket.secret)
    await expect(page.locator("[data-verdict=provisional]")).to_contain_text("Clara1")
    await expect(page.locator("[data-waiting]")).to_have_text("3 scans wait to be sent.")
    await expect(other.locator("[data-waiting]")).to_have_text("3 scans wait to be sent.")
    await page.click("text=Take back")
    await expect(page.locator("[data-verdict]")).to_contain_text("Taken back")
    wire.mend()
    await expect(page.locator("[data-waiting]")).to_be_hidden(timeout=40_000)
    kept = evening.shell.checkins.find({"event_id": sold[0].event_id}).sort("happened_at", 1)
    assert [(one["name"], one["kind"]) for one in kept] == [
        *((one.name, "entry") for one in sold),
        ("Clara1", "undo"),
    ]
    await expect(page.locator("[data-inside]")).to_have_text("2")


async def test_an_old_phone_says_that_it_cannot_and_warns_before_it_loses_a_scan(
    evening: Evening, wire: Wire, chromium: Browser
) -> None:
    ines, link = evening.sold("Ines"), await evening.link()
    old = "Object.defineProperty(window, 'indexedDB', {value: undefined}); delete Navigator.prototype.serviceWorker"
    page = await helper(chromium, wire, link, "Old phone", script=old)
    await expect(page.locator("[data-status]")).to_contain_text("Offline is not available on this phone")
    await page.wait_for_timeout(500)
    wire.cut()
    await typed(page, ines.secret)
    await expect(page.locator("[data-verdict=provisional]")).to_contain_text("Ines")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss())[1])
    await page.evaluate("location.reload()")
    await page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    wire.mend()
    await expect(page.locator("[data-waiting]")).to_be_hidden()
    await expect(page.locator("[data-inside]")).to_have_text("1")


async def test_a_screen_reader_hears_each_verdict_once_and_nothing_else(
    evening: Evening, wire: Wire, chromium: Browser
) -> None:
    ines, link = evening.sold("Ines"), await evening.link()
    page = await helper(chromium, wire, link, "Ana's phone")
    await page.evaluate(HEAR)
    await typed(page, ines.secret)
    await page.wait_for_selector("[data-verdict=ok]")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    wire.cut()
    await typed(page, ines.secret)
    await page.wait_for_selector("[data-verdict=already_in]")
    await typed(page, "nobody's code")
    await page.wait_for_selector("[data-verdict=unknown]")
    wire.mend()
    await expect(page.locator("[data-said]")).to_have_text("The network is back.", timeout=40_000)
    heard = await page.evaluate("heard")
    assert [one.partition(".")[0] for one in heard] == [
        "Welcome",
        "No network",
        "Already in",
        "Unknown here",
        "The network is back",
    ]
    assert heard[0] == "Welcome. Ines"
    assert await page.locator("[aria-live], [role=status], [role=alert]").count() <= 5


async def test_three_helpers_and_a_supervisor_by_keyboard_alone(evening: Evening, person: Person) -> None:
    sold = [evening.sold(f"Guest{'abcdefghi'[at]}{'x' * at}") for at in range(9)]
    link = await evening.link()
    helpers = [await person("/", nobody=True) for _ in range(3)]
    for page, name in zip(helpers, ("Ana", "Ben", "Eva"), strict=True):
        await begun(page, link, f"{name}'s phone")
    await evening.owner.goto(f"{evening.path}/door")
    await evening.owner.wait_for_selector("html[data-live=live]")
    for at, ticket in enumerate(sold):
        await typed(helpers[at % 3], ticket.secret)
    for page in (*helpers, evening.owner):
        await expect(page.locator("[data-inside]")).to_have_text("9")
    await expect(evening.owner.locator("text=Eva's phone")).to_be_visible()
    (ana, *_) = helpers
    await expect(ana.locator("[data-verdict=ok]")).to_contain_text(sold[6].name)
    await ana.keyboard.press("Shift+Tab")
    await expect(ana.get_by_role("button", name="Take back")).to_be_focused()
    await ana.keyboard.press("Enter")
    await expect(ana.locator("[data-verdict]")).to_contain_text("Taken back")
    await typed(ana, sold[7].secret)
    await expect(ana.locator("[data-verdict=already_in]")).to_contain_text("by Ben's phone")
    for page in (*helpers, evening.owner):
        await expect(page.locator("[data-inside]")).to_have_text("8")
