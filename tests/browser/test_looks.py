"""Every page, in light and dark, narrow and wide: nothing that axe finds, nothing wider than the screen."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page

from tests.browser.acts import a_title, draft, fill, press, published, registered
from tests.browser.conftest import Person

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = pytest.mark.parametrize("width", [390, 1280])
FINDINGS = """async (options) => (await axe.run(options)).violations.flatMap(
    (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary}`))"""
# The same elements in other colours: what has no colour was looked at in the light.
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}},
}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
Pages = Callable[[Page], Awaitable[list[str]]]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenversammlung" * 2


async def everywhere(page: Page) -> list[str]:
    """The address of every kind of page, those around registrations aside."""
    event = await published(page, LONG[:110], description="# Plan\n\n- walk\n- rest", tags=LONG[:40], capacity="80")
    return [
        *("/", "/?text=nothing", "/calendar?month=2027-05", "/calendar?day=2027-05-14", "/manage", "/events/new"),
        *(event, f"{event}/edit", f"{event}/messages", f"{event}/taking-away", "/import", "/help", "/nowhere"),
        *("/help/api", "/help/api/problems/invalid"),
        *("/manage/quay-street-studio/audit", "/manage/quay-street-studio/audit?until=2001-01-01"),
        *("/manage/quay-street-studio/webhooks", "/manage/quay-street-studio/webhooks/new", "/me/calendar"),
        *("/manage/quay-street-studio/personal-data", f"{event}/shred"),
        *("/admin", "/admin/people", "/admin/organisers/quay-street-studio", "/admin/retention", "/admin/audit"),
        *(f"/events/riverside-jazz-night/{rest}" for rest in ("dashboard", "dashboard/replay", "door")),
        *(f"{event}/dashboard", f"{event}/dashboard/replay"),
    ]


async def findings(page: Page) -> list[str]:
    """What axe finds on a page as it stands, in light and in dark."""
    await page.evaluate(AXE.read_text())
    found = []
    for scheme, options in SCHEMES.items():
        await page.emulate_media(color_scheme=scheme)
        found += [f"{page.url} in {scheme}: {one}" for one in await page.evaluate(FINDINGS, options)]
    return found


@pytest.mark.parametrize("pages", [everywhere, registered])
@WIDTHS
async def test_axe_finds_nothing(person: Person, width: int, pages: Pages) -> None:
    page = await person("/", viewport={"width": width, "height": 800}, reduced_motion="reduce")
    found = []
    for path in await pages(page):
        await page.goto(path)
        found += await findings(page)
    assert found == []


async def test_axe_would_find_what_is_hard_to_read_in_the_dark_alone(person: Person) -> None:
    page = await person("/", reduced_motion="reduce")
    await page.evaluate("document.querySelector('h1').style.color = 'light-dark(#000, #222)'")
    found = await findings(page)
    assert found
    assert all("in dark: color-contrast" in one for one in found)


async def test_axe_finds_nothing_where_something_went_wrong(person: Person) -> None:
    ana = await person("/events/new", reduced_motion="reduce")
    await fill(ana, description="**loud**")
    await press(ana, "Save as a draft")
    await ana.wait_for_selector("#error-summary")
    found = await findings(ana)
    path = await draft(ana, a_title())
    found += await findings(ana)
    ben = await person(f"{path}/edit")
    await fill(ben, title="Other", place_name="Old Mill")
    await press(ben, "Save changes")
    await ben.wait_for_selector("text=Saved.")
    await fill(ana, title="Another")
    await press(ana, "Save changes")
    await ana.wait_for_selector("text=Taken from them")
    assert [*found, *await findings(ana)] == []


async def test_nothing_is_wider_than_the_narrowest_screen(person: Person) -> None:
    page = await person("/", viewport={"width": 320, "height": 640})
    wide = {}
    for path in [*await everywhere(page), *await registered(page)]:
        await page.goto(path)
        wide[path] = await page.evaluate(WIDER)
    assert {path: by for path, by in wide.items() if by > 0} == {}
