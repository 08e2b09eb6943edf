"""Every page of a door, and every verdict, in light and dark, narrow and wide: axe finds nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from tests.browser.acts import published
from tests.browser.conftest import Person
from tests.browser.test_door import Evening, Shell, begun, typed
from tests.browser.test_looks import WIDER, WIDTHS, findings

WAIVER = {"id": "waiver", "label": "Has signed the waiver", "kind": "consent", "per": "door", "is_required": True}
SHIRT = {"id": "shirt", "label": "Shirt", "kind": "choice", "options": ["S", "M", "L"], "per": "ticket"}


def set_up(evening: Evening) -> None:
    """Two gates, a list that asks and takes walk-ins, one that is not open yet, and nearly as many as may be inside."""
    event_id, whose = evening.event["_id"], {"organiser_id": evening.event["organiser_id"]}
    here = {**whose, "event_id": event_id, "created_at": datetime.now(UTC)}
    evening.shell.gates.insert_many([{"_id": f"{event_id}{name}", **here, "name": name} for name in ("North", "South")])
    asking = {"name": "Evening", "question_ids": ["waiver", "shirt"], "takes_walk_ins": True, "entries": "after_exit"}
    late = {"name": "Balcony", "opens_at": datetime(2199, 1, 1, tzinfo=UTC), "is_area": True}
    evening.shell.check_in_lists.insert_many(
        [{"_id": f"{event_id}{one['name'].lower()}", **here, **one} for one in (asking, late)]
    )
    evening.shell.forms.insert_one({"_id": event_id, "questions": [WAIVER, SHIRT]})
    evening.shell.doors.insert_one({"_id": event_id, **whose, "limit": 2})


async def told(page: Page, code: str, headline: str) -> None:
    await page.fill("#code", "")
    await page.focus("#code")
    await typed(page, code)
    await expect(page.locator("#verdict")).to_contain_text(headline)


async def views(evening: Evening, owner: Page, helper: Page) -> AsyncIterator[tuple[str, Page]]:
    """Each page of a door with something on it, and its name."""
    link, ines, event_id = await evening.link(), evening.sold("Ines"), evening.event["_id"]
    set_up(evening)
    yield "link", evening.owner
    await begun(helper, link, "Ana's phone")
    yield "ready", helper
    await told(helper, evening.code(ines), "Welcome")
    yield "welcome", helper
    await told(helper, evening.code(ines), "Already in")
    yield "already in", helper
    await told(helper, "nothing", "Unknown code")
    yield "unknown", helper
    await helper.fill("#q", "ines")
    await helper.wait_for_selector("#found li")
    yield "found", helper
    for name, headline in (("balcony", "Not yet"), ("evening", "Ask first")):
        await helper.goto("/door")
        await helper.click("text=This phone: where it stands")
        await helper.select_option("#list_id", f"{event_id}{name}")
        await helper.click("text=Keep this")
        await told(helper, evening.code(evening.sold(f"Ben{name}")), headline)
        yield headline.lower(), helper
    await helper.click("text=Somebody without a ticket")
    yield "walk-in", helper
    await helper.click("text=Register and let in")
    await helper.wait_for_selector("#error-summary")
    yield "walk-in refused", helper
    for name, path in {"board": "", "setup": "/setup", "list": f"/lists/{event_id}evening"}.items():
        await owner.goto(f"{evening.path}/door{path}")
        yield name, owner
    await owner.goto(f"{evening.path}/door/gates/{event_id}North")
    yield "gate", owner


@pytest.fixture
async def evening(person: Person, shell: Shell) -> Evening:
    owner = await person("/")
    return Evening(shell, owner, await published(owner, "Evening"))


@WIDTHS
async def test_axe_finds_nothing_at_the_door(evening: Evening, person: Person, width: int) -> None:
    looks = {"viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    owner, helper = await person("/", **looks), await person("/", nobody=True, **looks)
    found: list[str] = []
    async for name, page in views(evening, owner, helper):
        found += [f"{name}: {one}" for one in await findings(page)]
        if page is not evening.owner and (wider := await page.evaluate(WIDER)) > 0:
            found.append(f"{name} is {wider} pixels too wide")
    assert found == []
