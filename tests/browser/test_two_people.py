"""What one person does appears in front of another, in place, without disturbing them."""

import pytest
from playwright.async_api import expect
from pymongo.database import Database

from tests.browser.acts import a_title, draft, fill, is_live, press, published
from tests.browser.conftest import Person

WIRES = pytest.mark.parametrize("wire", ["ws", "sse"])
Shell = Database[dict[str, object]]


@WIRES
async def test_a_published_event_appears_on_the_other_front_page(person: Person, wire: str) -> None:
    ben, title = await person("/", wire=wire), a_title()
    await is_live(ben)
    ana = await person("/")
    await published(ana, title, starts="2026-12-24T20:00", ends="2026-12-24T22:00")
    await expect(ben.locator("#results h3", has_text=title)).to_have_count(1)
    await ben.reload()
    await expect(ben.locator("#results h3", has_text=title)).to_have_count(1)


@WIRES
async def test_what_a_database_shell_writes_appears_on_every_page(person: Person, shell: Shell, wire: str) -> None:
    ana, title = await person("/"), a_title()
    path = await published(ana, title)
    pages = [await person(at, wire=wire) for at in (path, f"/?text={title.split()[-1]}", "/calendar?month=2027-05")]
    for page in pages:
        await is_live(page)
    shell.events.update_one({"title": title}, {"$set": {"title": f"{title}!"}})
    for page in pages:
        await expect(page.get_by_text(f"{title}!", exact=True).first).to_be_attached()


@WIRES
async def test_typing_goes_on_while_the_list_changes(person: Person, wire: str) -> None:
    ben, title = await person("/", wire=wire), a_title()
    await is_live(ben)
    place = ben.get_by_label("Place")
    await place.focus()
    await ben.evaluate("window.scrollTo(0, 40)")
    path = await draft(await person("/"), title, starts="2026-12-24T20:00", ends="2026-12-24T22:00")
    await ben.keyboard.type("Har", delay=5)
    ana = await person(f"{path}/edit")
    await press(ana, "Publish")
    await expect(ben.locator("#results h3", has_text=title)).to_have_count(0)  # it is not at "Har..."
    await ben.keyboard.type("bour")
    await expect(place).to_have_value("Harbour")
    await expect(place).to_be_focused()
    assert await ben.evaluate("scrollY") == 40


async def test_a_list_that_was_searched_for_stays_live(person: Person, shell: Shell) -> None:
    ana, title = await person("/"), a_title()
    await published(ana, title)
    ben = await person("/")
    await ben.get_by_label("Search").fill(title.split()[-1])
    await expect(ben.locator("#results h3")).to_have_text([title])
    await is_live(ben)
    shell.events.update_one({"title": title}, {"$set": {"summary": "Bring a lamp"}})
    await expect(ben.locator("#results")).to_contain_text("Bring a lamp")


@WIRES
async def test_an_editor_hears_early_of_another_and_loses_nothing(person: Person, wire: str) -> None:
    ana = await person("/")
    path = await draft(ana, a_title())
    ben = await person(f"{path}/edit", wire=wire)
    await is_live(ben)
    await ben.locator("#summary").press_sequentially("Bring a ")
    await fill(ana, place_name="Old Mill")
    await press(ana, "Save changes")
    await expect(ben.locator("main")).to_contain_text("Version 2 was saved while you edit.")
    await ben.keyboard.type("lamp")
    await expect(ben.locator("#summary")).to_have_value("Bring a lamp")
    await expect(ben.locator("#place_name")).to_have_value("")


async def test_the_organisers_list_and_buttons_follow_what_others_do(person: Person) -> None:
    ana, title = await person("/"), a_title()
    path = await draft(ana, title)
    ben = await person(f"{path}/edit")
    await is_live(ben)
    await press(ana, "Publish")
    await expect(ben.get_by_role("button", name="Cancel the event")).to_be_visible()


async def test_a_deleted_event_leaves_the_page_of_who_reads_it(person: Person) -> None:
    ana = await person("/")
    path = await published(ana, a_title())
    ben = await person(path)
    await is_live(ben)
    await press(ana, "Delete")
    await expect(ben.locator("main")).to_contain_text("This is no longer here")


async def test_the_day_and_the_viewers_time_survive_a_change(person: Person, shell: Shell) -> None:
    ana, title = await person("/"), a_title()
    path = await published(ana, title)
    far = await person(path, timezone_id="America/New_York")
    await is_live(far)
    shell.events.update_one({"title": title}, {"$set": {"place_name": "Old Mill"}})
    await expect(far.locator("dl")).to_contain_text("Old Mill")
    await expect(far.locator("[data-viewer-time]")).to_have_text("14:00 your time")


async def test_the_newcomers_button_makes_the_page_move(person: Person) -> None:
    page = await person("/")
    await is_live(page)
    before = await page.locator("#results").inner_html()
    await press(page, "Make things happen")
    await expect(page.locator("#notices")).to_contain_text("Things happen for a minute now")
    await page.wait_for_function("before => document.querySelector('#results').innerHTML !== before", arg=before)


async def test_who_saves_a_ticket_type_second_is_shown_both(person: Person) -> None:
    ana = await person("/")
    event = await published(ana, a_title(), capacity="20")
    await ana.goto(f"{event}/tickets")
    await ana.get_by_role("link", name="Change Ticket").click()
    ben = await person(ana.url)
    await ana.fill("#price", "5 euros")
    await press(ana, "Save")
    await expect(ana.get_by_text("5 euros, 1 to 10 at a time")).to_be_visible()
    await ben.fill("#price", "7 euros")
    await ben.fill("#description", "By the stage")
    await press(ben, "Save")
    await expect(ben.locator("#error-summary")).to_contain_text("Somebody else wrote “5 euros” meanwhile.")
    await expect(ben.locator("#price")).to_have_value("7 euros")
    await expect(ben.locator("#description")).to_have_value("By the stage")
    await press(ben, "Save")
    await expect(ben.get_by_text("7 euros, 1 to 10 at a time")).to_be_visible()
