"""Two people, two windows, one truth."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.live.conftest import SWALLOWED, Open, Turnout

STATES = {"ws": "live", "sse": "live", "poll": "polling"}
SLOW = 30_000


def status(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("#live-status")


@pytest.mark.parametrize("transport", ["ws", "sse", "poll"])
async def test_a_write_from_a_database_shell_is_on_every_screen(turnout: Turnout, window: Open, transport: str) -> None:
    one, other = await window(only=transport), await window(turnout.manage, only=transport, is_owner=True)
    for page in (one, other):
        await expect(status(page)).to_contain_text(STATES[transport], timeout=SLOW)
    turnout.change(turnout.next_event["_id"], title=f"Seen over {transport}")
    for page in (one, other):
        await expect(page.get_by_text(f"Seen over {transport}").first).to_be_visible(timeout=SLOW)


async def test_what_one_person_saves_the_other_sees(turnout: Turnout, window: Open) -> None:
    event = turnout.next_event
    path = f"/events/{event['slug']}"
    reader, writer = await window(path), await window(f"{path}/edit", is_owner=True)
    await expect(status(reader)).to_have_text("live", timeout=SLOW)
    await writer.get_by_label("Summary").fill("The second act is confirmed.")
    await writer.get_by_role("button", name=re.compile("^Save")).click()
    await expect(reader.get_by_text("The second act is confirmed.").first).to_be_visible(timeout=SLOW)
    await expect(writer.locator("#notices")).to_contain_text("Saved.", timeout=SLOW)


async def test_half_typed_words_and_the_caret_stay(turnout: Turnout, window: Open) -> None:
    page = await window()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    search = page.locator("input[name=text]")
    await page.evaluate("document.querySelector('input[name=text]').setAttribute('hx-morph-skip', '')")
    await search.press_sequentially("no such thing")
    await search.evaluate("input => input.setSelectionRange(3, 7)")
    turnout.change(turnout.next_event["_id"], summary=f"New {id(page)}")
    await asyncio.sleep(1)
    assert await page.evaluate("document.activeElement.name") == "text"
    assert await search.evaluate("input => [input.value, input.selectionStart, input.selectionEnd]") == [
        "no such thing",
        3,
        7,
    ]


async def test_an_editor_is_told_early_and_loses_nothing(turnout: Turnout, window: Open) -> None:
    event = turnout.next_event
    path = f"/events/{event['slug']}/edit"
    ana, ben = await window(path, is_owner=True), await window(path, is_owner=True)
    await expect(status(ben)).to_have_text("live", timeout=SLOW)
    await ben.get_by_label("Summary").fill("Half a sentence")
    await ana.locator("[name=place_name]").fill("The big hall")
    await ana.get_by_role("button", name=re.compile("^Save")).click()
    await expect(ben.locator("[id^=event_newer]")).to_contain_text(re.compile("saved", re.I), timeout=SLOW)
    assert await ben.get_by_label("Summary").input_value() == "Half a sentence"
    # A window that is closed while it goes to another page hangs this browser.
    await expect(ana.locator("#notices")).to_contain_text("Saved.", timeout=SLOW)


@pytest.mark.parametrize("transport", ["ws", "sse"])
async def test_a_reload_shows_what_was_streamed(turnout: Turnout, window: Open, transport: str) -> None:
    page = await window(only=transport)
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    turnout.change(turnout.next_event["_id"], title=f"Streamed, then loaded, {transport}")
    await expect(page.get_by_text(f"Streamed, then loaded, {transport}").first).to_be_visible(timeout=SLOW)
    await asyncio.sleep(0.5)
    regions = "[...document.querySelectorAll('[data-region]')].map((region) => region.outerHTML)"
    streamed = await page.evaluate(regions)
    await page.reload()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    assert await page.evaluate(regions) == streamed


async def test_a_killed_worker_costs_no_change(turnout: Turnout, window: Open) -> None:
    page = await window()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    turnout.kill_workers()
    turnout.change(turnout.next_event["_id"], title="While nobody served")
    await expect(page.get_by_text("While nobody served").first).to_be_visible(timeout=SLOW)
    await expect(status(page)).to_have_text("live", timeout=SLOW)


async def test_nothing_is_sent_again_that_is_shown(turnout: Turnout, window: Open) -> None:
    page = await window()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await asyncio.sleep(1.5)
    assert len(frames) == 1
    assert "hello" in frames[0]


async def test_a_page_that_slept_is_right_again(turnout: Turnout, window: Open) -> None:
    page = await window(script="window.asleep = false; Object.defineProperty(document, 'hidden', {get: () => asleep})")
    await page.clock.install()
    await page.reload()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    flip = "asleep = {}; document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(flip.format("true"))
    await page.clock.fast_forward(11_000)
    await expect(page.locator("#live > *")).to_have_count(0)
    turnout.change(turnout.next_event["_id"], title="While it slept")
    await asyncio.sleep(0.5)
    assert not await page.get_by_text("While it slept").count()
    await page.evaluate(flip.format("false"))
    await expect(page.get_by_text("While it slept").first).to_be_visible(timeout=SLOW)


async def test_going_back_shows_what_is_true_now(turnout: Turnout, window: Open) -> None:
    page = await window()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    await page.goto("/help")
    turnout.change(turnout.next_event["_id"], title="While the page was left")
    await page.go_back()
    await expect(page.get_by_text("While the page was left").first).to_be_visible(timeout=SLOW)


async def test_a_swallowed_websocket_gives_way(window: Open) -> None:
    page = await window(script=SWALLOWED)
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    assert await page.evaluate("sessionStorage['live-transport']") == "sse"


async def test_it_climbs_back_to_the_websocket(window: Open) -> None:
    page = await window(script="const kept = window.WebSocket;")
    await page.clock.install()
    await page.evaluate("sessionStorage['live-transport'] = 'sse'")
    await page.reload()
    await expect(status(page)).to_have_text("live", timeout=SLOW)
    assert await page.evaluate("sessionStorage['live-transport']") == "sse"
    await page.clock.fast_forward(32_000)
    await page.wait_for_function("() => sessionStorage['live-transport'] === 'ws'", timeout=SLOW)
    await expect(status(page)).to_have_text("live")


@pytest.mark.parametrize("code", [401, 403, 503])
async def test_a_refused_stream_is_never_swapped_into_the_page(window: Open, code: int) -> None:
    page = await window(only="sse")
    await page.route(
        "**/live/sse?*", lambda route: route.fulfill(status=code if code != 401 else 403, body="<p>no</p>")
    )
    await page.reload()
    await expect(status(page)).to_contain_text("polling", timeout=SLOW)
    assert await page.locator("h1").count() == 1
