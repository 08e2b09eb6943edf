"""What one person does, with JavaScript and without."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.acts import FORM, a_title, draft, fill, press, published
from tests.browser.conftest import Person

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])


@BOTH
async def test_an_event_from_its_draft_to_its_end(person: Person, scripts: bool) -> None:
    page, title = await person("/", java_script_enabled=scripts), a_title()
    path = await published(page, title)
    await page.goto(f"/?text={title.split()[-1]}")
    await page.get_by_role("link", name=title).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await page.goto(f"{path}/edit")
    await press(page, "Cancel the event")
    await expect(page.locator("#notices")).to_contain_text("Cancelled.")
    await page.goto(path)
    await expect(page.locator("main")).to_contain_text("This event is cancelled.")


@BOTH
async def test_a_deleted_event_comes_back_with_one_press(person: Person, scripts: bool) -> None:
    page, title = await person("/", java_script_enabled=scripts), a_title()
    path = await draft(page, title)
    await press(page, "Delete")
    await page.wait_for_url("**/manage/quay-street-studio")
    await page.locator("#notices").get_by_role("button", name="Undo").click()
    await expect(page.locator("#notices")).to_contain_text("is back.")
    await page.goto(path)
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)


@BOTH
async def test_a_wrong_form_keeps_what_was_typed(person: Person, scripts: bool) -> None:
    page = await person("/events/new", java_script_enabled=scripts)
    await fill(page, summary="Bring a lamp", description="A *long* text", capacity="many", **FORM)
    await press(page, "Save as a draft")
    await expect(page.locator("#title-error")).to_have_text("Please fill this in.")
    await expect(page.locator("#capacity-error")).to_have_text("Write a whole number, such as 80.")
    await expect(page.locator("#summary")).to_have_value("Bring a lamp")
    await expect(page.locator("#description")).to_have_value("A *long* text")
    await expect(page.locator("#title")).to_be_focused()


async def test_a_wrong_form_is_mended_without_leaving_the_page(person: Person) -> None:
    page = await person("/events/new")
    await page.evaluate("window.stayed = true")
    await press(page, "Save as a draft")
    await expect(page.locator("#error-summary")).to_be_visible()
    assert await page.evaluate("window.stayed")


@BOTH
async def test_a_preview_shows_the_markdown_and_keeps_the_form(person: Person, scripts: bool) -> None:
    page = await person("/events/new", java_script_enabled=scripts)
    await fill(page, title="Half done", description="**loud** <script>alert(1)</script>")
    await press(page, "Preview")
    await expect(page.locator("#preview strong")).to_have_text("loud")
    await expect(page.locator("#preview")).to_contain_text("<script>alert(1)</script>")
    await expect(page.locator("#title")).to_have_value("Half done")


@BOTH
async def test_two_editors_put_their_work_together(person: Person, scripts: bool) -> None:
    ana, title = await person("/", java_script_enabled=scripts), a_title()
    path = await draft(ana, title)
    ben = await person(f"{path}/edit", java_script_enabled=scripts)
    await fill(ben, title=f"{title} by Ben", place_name="Old Mill")
    await press(ben, "Save changes")
    await expect(ben.locator("#notices")).to_contain_text("Saved.")
    await fill(ana, title=f"{title} by Ana", capacity="90")
    await press(ana, "Save changes")
    await expect(ana.locator("main")).to_contain_text("Taken from them")
    await ana.get_by_role("radio", name=f"Theirs {title} by Ben").check()
    await press(ana, "Save")
    await expect(ana.locator("#notices")).to_contain_text("Saved.")
    for field, value in {"title": f"{title} by Ben", "place_name": "Old Mill", "capacity": "90"}.items():
        await expect(ana.locator(f"#{field}")).to_have_value(value)


async def test_the_list_narrows_while_somebody_types(person: Person) -> None:
    page, title = await person("/"), a_title()
    await published(page, title)
    await page.goto("/")
    await page.get_by_label("Search").press_sequentially(title.split()[-1])
    await expect(page.locator("#results h3")).to_have_text([title])
    await expect(page).to_have_url(re.compile(rf"/\?text={title.split()[-1]}$"))
    await expect(page.get_by_label("Search")).to_be_focused()


async def test_a_new_event_starts_in_the_zone_of_the_browser(person: Person) -> None:
    page = await person("/events/new", timezone_id="Asia/Tokyo")
    await expect(page.locator("#zone")).to_have_value("Asia/Tokyo")
    await page.fill("#starts", "2027-05-14T20:00")
    await expect(page.locator("#ends")).to_have_value("2027-05-14T22:00")


async def test_somebody_in_another_zone_sees_both_times(person: Person) -> None:
    path = await published(await person("/"), a_title())
    far = await person(path, timezone_id="America/New_York")
    await expect(far.locator("dl")).to_contain_text("20:00 – 22:00")
    await expect(far.locator("dl")).to_contain_text("Europe/Berlin, UTC+2")
    await expect(far.locator("[data-viewer-time]")).to_have_text("14:00 your time")
    near = await person(path)
    await expect(near.locator("[data-viewer-time]")).to_have_text("")


async def test_the_page_says_nothing_of_being_live_without_javascript(person: Person) -> None:
    page = await person("/", java_script_enabled=False)
    await expect(page.locator("#live-status")).to_be_hidden()


async def test_the_keyboard_reaches_the_content_first(person: Person) -> None:
    page = await person("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
