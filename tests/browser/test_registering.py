"""A place from the first tap to the ticket, and the line that moves in front of everybody's eyes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from tests.browser.acts import a_title, asks, confirms, fill, is_live, press, published
from tests.browser.conftest import Person


async def test_the_last_place_goes_and_comes_back_on_every_open_page(person: Person) -> None:
    title = a_title()
    path = await published(await person("/"), title, capacity="1")
    watching, team = await person(path), await person(f"{path}/registrations")
    ana, ben, front = await person(path), await person(path), await person(f"/?text={title}")
    for page in (watching, team, front):
        await is_live(page)
    await expect(front.get_by_text("1 place left")).to_be_visible()
    await asks(ana, path)
    await confirms(ana, "Ana")
    await expect(watching.get_by_text("Sold out")).to_be_visible()
    await expect(front.get_by_text("Sold out", exact=True)).to_be_visible()
    await expect(team.get_by_text("ana@example.org")).to_be_visible()

    await asks(ben, path)
    await expect(ben.get_by_text("The next free place is yours.")).to_be_visible()
    await expect(front.get_by_text("1 waiting")).to_be_visible()
    zoe = await person(path)
    await asks(zoe, path)
    for page in (ben, zoe):
        await is_live(page)
    await ana.get_by_text("Cancel the registration").click()
    await press(ana, "Yes, cancel it")
    await expect(zoe.get_by_text("You moved from 2 to 1")).to_be_visible()
    await expect(ben.get_by_text("It is your turn")).to_be_visible()
    await expect(ben.locator("time[data-countdown]")).to_contain_text("left")
    await expect(ben.get_by_text("Whom may we write to?")).to_be_hidden()
    async with ben.expect_navigation():
        await press(ben, "Take them")
    await confirms(ben, "Ben")
    await expect(team.get_by_text("ben@example.org")).to_be_visible()


async def test_what_was_picked_stays_while_others_take_places(person: Person) -> None:
    path = await published(await person("/"), a_title(), capacity="50")
    ana, ben = await person(path), await person(path)
    await is_live(ana)
    await ana.locator("#register select").select_option("3")
    await asks(ben, path)
    await expect(ana.get_by_text("49 places left")).to_be_visible()
    await expect(ana.locator("#register select")).to_have_value("3")


async def test_another_number_of_tickets_keeps_what_was_typed(person: Person) -> None:
    path = await published(await person("/"), a_title(), capacity="5")
    ana = await person(path)
    await asks(ana, path)
    await fill(ana, name="Ana", email="ana@example.org")
    await ana.locator("#details select").select_option("2")
    await press(ana, "Change the number")
    await expect(ana.get_by_text("2 × Ticket")).to_be_visible()
    await expect(ana.locator("#name")).to_have_value("Ana")
    await confirms(ana, "Ana")
    await expect(ana.get_by_role("link", name="the ticket of Ana")).to_have_count(2)


async def test_a_form_with_mistakes_keeps_what_was_typed(person: Person) -> None:
    path = await published(await person("/"), a_title(), capacity="5")
    ana = await person(path)
    await asks(ana, path)
    await fill(ana, name="Ana", email="nowhere")
    await press(ana, "Confirm")
    await expect(ana.locator("#error-summary")).to_contain_text("Write an e-mail address")
    await expect(ana.locator("#name")).to_have_value("Ana")
    await confirms(ana, "Ana")


async def test_a_form_outlasts_its_hold_and_is_confirmed_all_the_same(person: Person, shell: Any) -> None:
    path = await published(await person("/"), a_title(), capacity="3")
    ana = await person(path, nobody=True, viewport={"width": 390, "height": 800})
    await asks(ana, path)
    await is_live(ana)
    await fill(ana, name="Ana")
    event = shell.events.find_one({"slug": path.removeprefix("/events/")})
    over = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    shell.registrations.update_one({"event_id": event["_id"]}, over)
    await expect(ana.get_by_text("Others can have these places now.")).to_be_visible(timeout=20_000)
    await expect(ana.locator("#name")).to_have_value("Ana")
    await fill(ana, email="ana@example.org")
    async with ana.expect_navigation():
        await press(ana, "Confirm")
    await expect(ana.get_by_text("They were still free, so they are yours.")).to_be_visible()
