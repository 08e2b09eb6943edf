"""Visitors who open pages and save forms, on connections new and kept: none of their requests may fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from ops.soak.ledger import Ledger

BETWEEN_SECONDS = 0.05
PERHAPS_CLOSED = {"connection": "close"}, {"connection": "keep-alive"}


@asynccontextmanager
async def visiting(origin: str, manage: str, cookie: dict[str, str], ledger: Ledger) -> AsyncIterator[None]:
    """Keeps requests coming, of somebody in the team at `manage`; one that fails is a problem."""
    async with httpx.AsyncClient(base_url=origin, headers={"origin": origin}, cookies=cookie, timeout=20) as browser:
        # A form that is answered with what is wrong in it can be sent again and again.
        requests = [
            browser.build_request(method, path, data=data, headers=headers)
            for method, path, data in (("GET", "/", None), ("POST", f"{manage}/events", {"title": ""}))
            for headers in PERHAPS_CLOSED
        ]
        visitors = [asyncio.create_task(_visit(browser, ledger, request)) for request in requests]
        yield
        for visitor in visitors:
            visitor.cancel()
        await asyncio.gather(*visitors, return_exceptions=True)


async def _visit(browser: httpx.AsyncClient, ledger: Ledger, request: httpx.Request) -> None:
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
