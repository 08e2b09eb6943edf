"""The dashboard in a real browser: it moves while somebody reads a table, and a day is replayed with the keyboard."""

import re

from playwright.async_api import expect

from tests.browser.acts import a_title, asks, confirms, is_live, published
from tests.browser.conftest import Person


async def test_a_table_stays_unfolded_while_numbers_move(person: Person) -> None:
    olive = await person("/")
    event = await published(olive, a_title(), capacity="20")
    ana = await person(event, nobody=True)
    await asks(ana, event)
    await confirms(ana, "Ana")
    await olive.goto(f"{event}/dashboard")
    await is_live(olive)
    await expect(olive.locator("[data-number=confirmed]")).to_have_text(re.compile("^1 of 20"))
    await olive.get_by_text("As a table").first.click()
    ben = await person(event, nobody=True)
    await asks(ben, event)
    await confirms(ben, "Ben")
    await expect(olive.locator("[data-number=confirmed]")).to_have_text(re.compile("^2 of 20"))
    await expect(olive.get_by_text("Ben has 1 place.")).to_be_visible()
    await expect(olive.locator("details[open]")).to_have_count(1)
    for one in (ana, ben):
        await one.goto(event)
    await expect(olive.get_by_text("2 looking at the event now")).to_be_visible()


async def test_a_day_is_replayed_with_the_keyboard(person: Person) -> None:
    olive = await person("/")
    event = await published(olive, a_title(), capacity="20")
    ana = await person(event, nobody=True)
    await asks(ana, event)
    await confirms(ana, "Ana")
    await olive.goto(f"{event}/dashboard/replay")
    confirmed, slider = olive.locator("[data-number=confirmed]"), olive.get_by_role("slider", name="Time of the day")
    await expect(confirmed).to_have_text(re.compile("^1 of 20"))
    await olive.goto(f"{event}/dashboard/replay?clock=23:59")
    await slider.focus()
    await slider.press("Home")
    await expect(olive.get_by_role("status").filter(has_text="As of")).to_have_text(re.compile("^As of 00:00"))
    await expect(confirmed).to_have_text(re.compile("^[01] of 20"))  # 1 only within the first minute of a day
    await slider.press("End")
    await expect(olive.get_by_role("status").filter(has_text="As of")).to_have_text(re.compile("^As of 23:59"))
    await expect(confirmed).to_have_text(re.compile("^1 of 20"))
    assert await slider.get_attribute("aria-valuetext") == "23:59"
    assert "minute=1439" in olive.url


async def test_a_replay_plays_by_itself(person: Person) -> None:
    olive = await person("/events/riverside-jazz-night/dashboard/replay?clock=10:00")
    as_of = olive.get_by_role("status").filter(has_text="As of")
    await olive.get_by_role("button", name="Play").click()
    await expect(as_of).to_have_text(re.compile("^As of 10:[1-5]"))
    await olive.get_by_role("button", name="Play").click()
    await expect(olive.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
