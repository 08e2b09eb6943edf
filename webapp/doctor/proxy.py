"""The way from a visitor to a running Turnout: its name, its answer, and whether streams pass as they come."""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator

import httpx

from realtime.drawing import Pen
from webapp.doctor.finding import Finding, well, wrong
from webapp.events.live import event_list
from webapp.responses import render
from webapp.settings import Settings

PATIENCE = 8.0
PROMPT = 3.0


async def check(given: Settings) -> AsyncIterator[Finding]:
    """Findings from asking Turnout by its public address. Those that follow from the first are left out."""
    async with httpx.AsyncClient(timeout=PATIENCE, base_url=given.address) as visitor:
        try:
            answer = await visitor.get("/")
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            yield wrong(
                f"Nothing answers at {given.address} ({reason})", "start Turnout, its proxy, or correct its name"
            )
            return
        yield _answered(given, answer)
        if answer.status_code == 421:
            return
        region = event_list("")
        watching = f"r={region.key}.{Pen(render, given.secret).sign(region.key)}."
        yield await _events(visitor, watching)
        yield await _websocket(visitor, watching, given.address)


def _answered(given: Settings, answer: httpx.Response) -> Finding:
    if answer.status_code == 421:
        cure = "let the proxy pass the Host header on, or set TURNOUT_PUBLIC_URL to the name that people use"
        return wrong(f"Turnout does not know itself by the name in {given.address}", cure)
    if answer.status_code >= 500:
        return wrong(f"{given.address} answers {answer.status_code}", "look into the logs of Turnout and of its proxy")
    return well(f"{given.address} answers {answer.status_code}")


async def _events(visitor: httpx.AsyncClient, watching: str) -> Finding:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE), visitor.stream("GET", f"/live/sse?{watching}") as stream:
            if stream.status_code != 200:
                cure = "see that doctor and Turnout have the same TURNOUT_SECRET"
                return wrong(f"A stream is answered {stream.status_code}", cure)
            await anext(stream.aiter_raw())
    except (TimeoutError, httpx.HTTPError, StopAsyncIteration):
        return _buffered()
    return _buffered() if time.monotonic() - begun > PROMPT else well("Server-sent events come as they are sent")


def _buffered() -> Finding:
    return wrong(
        "Server-sent events do not come through as they are sent",
        "switch the proxy's buffering off for /live/ (nginx: proxy_buffering off), see docs/install.md",
    )


async def _websocket(visitor: httpx.AsyncClient, watching: str, address: str) -> Finding:
    wish = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Origin": address,
    }
    try:
        async with asyncio.timeout(PATIENCE), visitor.stream("GET", f"/live/ws?{watching}", headers=wish) as answer:
            if answer.status_code == 101:
                return well("WebSockets pass")
            status = str(answer.status_code)
    except (TimeoutError, httpx.HTTPError) as error:
        status = type(error).__name__
    cure = "let the proxy pass Upgrade and Connection on for /live/ over HTTP/1.1, see docs/install.md"
    return wrong(f"A WebSocket is answered {status}, so pages fall back to server-sent events", cure)
