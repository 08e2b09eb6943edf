"""An owner destroys the personal data of a past event, and sees it go."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.database import Database

from tests.browser.acts import a_title, press, published
from tests.browser.conftest import Person

PAGE = "/manage/quay-street-studio/personal-data"


async def test_an_owner_sees_it_go(person: Person, shell: Database[dict[str, Any]]) -> None:
    page, title = await person("/"), a_title()
    path = await published(page, title)
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
    began = ended - timedelta(hours=2)
    walls = {name: f"{at:%Y-%m-%dT%H:%M}" for name, at in (("starts", began), ("ends", ended))}
    times = {**walls, "zone": "UTC", "starts_at": began, "ends_at": ended, "phase": "over", "turns_at": None}
    shell.events.update_one({"slug": path.rpartition("/")[2]}, {"$set": times})
    # The browser may have signed in longer ago than a confirmation lasts.
    shell.sessions.update_many({}, {"$set": {"confirmed_at": datetime.now(UTC)}})
    await page.goto(PAGE)
    await page.click(f"[aria-label='Destroy the personal data of {title}']")
    await page.check("#is_sure")
    await press(page, "Destroy it now")
    row = page.locator("li", has_text=title)
    await row.locator("text=Destroyed").wait_for()
    assert page.url.endswith(PAGE)
