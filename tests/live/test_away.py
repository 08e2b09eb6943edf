"""When Turnout itself is gone for a while."""

import asyncio
import re
import signal
from pathlib import Path

from playwright.async_api import expect

from tests.live.conftest import Open, Turnout
from tests.product import running

SLOW = 45_000


async def test_a_page_says_since_when_it_is_behind_and_comes_back(tmp_path: Path, window: Open) -> None:
    with running(tmp_path) as (program, address):
        port = address.rsplit(":", 1)[1]
        page = await window(at=address)
        await expect(page.locator("#live-status")).to_have_text("live", timeout=SLOW)
        await asyncio.sleep(6)  # held for a while
        program.send_signal(signal.SIGTERM)
        program.wait(20)
        behind = re.compile(r"^reconnecting, as of \d\d:\d\d:\d\d$")
        await expect(page.locator("#live-status")).to_have_text(behind, timeout=SLOW)
    with running(tmp_path, PORT=port) as (program, address):
        turnout = Turnout(address, tmp_path, program)
        turnout.change(turnout.next_event["_id"], title="After the restart")
        await expect(page.get_by_text("After the restart").first).to_be_visible(timeout=SLOW)
        await expect(page.locator("#live-status")).to_have_text("live", timeout=SLOW)
