"""The Chromium of this machine, as the browser tests start it."""

import shutil

from playwright.async_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


async def launched(playwright: Playwright) -> Browser:
    """A browser of its own; Playwright's where the machine has none."""
    found = next(filter(None, map(shutil.which, [*NAMES, MAC])), None)
    return await playwright.chromium.launch(executable_path=found, args=QUIET)
