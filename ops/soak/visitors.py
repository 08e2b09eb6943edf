"""Visitors who open pages and save forms, each on a connection of its own: none of their requests may fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from ops.soak.ledger import Ledger

AT_ONCE = 4
BETWEEN_SECONDS = 0.05


@asynccontextmanager
async def visiting(origin: str, ledger: Ledger) -> AsyncIterator[None]:
    """Keeps requests coming; one without an answer, or with an answer of 500 and more, is a problem."""
    headers = {"connection": "close", "origin": origin}
    async with httpx.AsyncClient(base_url=origin, headers=headers, timeout=20) as browser:
        visitors = [asyncio.create_task(_visit(browser, ledger, number)) for number in range(AT_ONCE)]
        yield
        for visitor in visitors:
            visitor.cancel()
        await asyncio.gather(*visitors, return_exceptions=True)


async def _visit(browser: httpx.AsyncClient, ledger: Ledger, number: int) -> None:
    # A form that is answered with what is wrong in it can be sent again and again.
    form = browser.build_request("POST", "/events", data={"title": ""})
    request = form if number % 2 else browser.build_request("GET", "/")
    while True:
        answer = await _answer(browser, request)
        ledger.counts["visits"] += 1
        if answer not in {"200", "422"}:
            ledger.counts["visits failed"] += 1
            ledger.problem(f"{request} was answered {answer}")
        await asyncio.sleep(BETWEEN_SECONDS)


async def _answer(browser: httpx.AsyncClient, request: httpx.Request) -> str:
    try:
        return str((await browser.send(request)).status_code)
    except httpx.HTTPError as error:
        return repr(error)
