"""The Chromium of this machine, as the browser tests start it."""

import shutil

from playwright.async_api import Browser, Playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)

# How long a page may take on a machine that does much else; what is there at once is seen at once.
expect.set_options(timeout=20_000)


async def launched(playwright: Playwright, *more: str) -> Browser:
    """A browser of its own, started with `more` arguments; Playwright's where the machine has none."""
    found = next(filter(None, map(shutil.which, [*NAMES, MAC])), None)
    return await playwright.chromium.launch(executable_path=found, args=[*QUIET, *more])
