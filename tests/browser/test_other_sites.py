"""A page of another site, in a real Chromium that somebody uses Turnout with."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from pymongo.database import Database

FORM = """<!doctype html><title>Elsewhere</title>
<form method="post" action="{address}/manage/quay-street-studio/events" enctype="{kind}">
<input name="title" value="{title}"><input name="starts" value="2027-05-14T20:00">
<input name="ends" value="2027-05-14T22:00"><input name="zone" value="UTC"><input name="language" value="en">
<button>Win a prize</button></form>"""
FETCH = """([address, path, body]) => fetch(address + path, {method: "POST", mode: "no-cors", credentials: "include",
headers: {"Content-Type": "text/plain"}, body}).then((answer) => answer.type, (error) => "refused")"""
SOCKET = """(address) => new Promise((done) => {
  const socket = new WebSocket(address.replace("http", "ws") + "/live/ws?r=x");
  socket.onopen = () => done("open"); socket.onerror = () => done("refused"); })"""


@asynccontextmanager
async def a_site(page: str) -> AsyncIterator[str]:
    """A web server on another port of this machine, which serves one page."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = page.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


Shell = Database[dict[str, Any]]
Cookies = list[Any]


async def in_use(chromium: Browser, owner: Cookies) -> Page:
    """A window of a browser in which an owner is signed in to Turnout."""
    window = await chromium.new_context()
    await window.add_cookies(owner)
    return await window.new_page()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
async def test_its_form_makes_nothing(
    chromium: Browser, address: str, owner: Cookies, shell: Shell, *, kind: str, name: str
) -> None:
    title = f"Forged {secrets.token_hex(4)}"
    async with a_site(FORM.format(address=address, kind=kind, title=title)) as site:
        page = await in_use(chromium, owner)
        await page.goto(f"http://{name}:{site.rpartition(':')[2]}/")
        async with page.expect_navigation() as went:
            await page.click("button")
        answer = await went.value
    assert answer
    assert answer.status == 403
    assert shell.events.count_documents({"title": title}) == 0


async def test_the_same_form_of_our_own_makes_a_draft(
    chromium: Browser, address: str, owner: Cookies, shell: Shell
) -> None:
    title = f"Ours {secrets.token_hex(4)}"
    page = await in_use(chromium, owner)
    await page.goto(f"{address}/help")
    form = FORM.format(address=address, kind="application/x-www-form-urlencoded", title=title)
    await page.evaluate("(form) => { document.body.innerHTML = form; }", form.partition("</title>")[2])
    async with page.expect_navigation():
        await page.click("button")
    assert shell.events.count_documents({"title": title}) == 1


async def test_its_script_changes_nothing_and_opens_no_stream(
    chromium: Browser, address: str, owner: Cookies, shell: Shell
) -> None:
    event = shell.events.find_one({"state": "published", "deleted_at": None})
    assert event
    async with a_site("<!doctype html><title>Elsewhere</title>") as site:
        page = await in_use(chromium, owner)
        await page.goto(f"http://{site}/")
        for path in (f"/events/{event['slug']}/delete", f"/events/{event['slug']}/cancel"):
            await page.evaluate(FETCH, [address, path, "title=x"])
        assert await page.evaluate(SOCKET, address) == "refused"
    after = shell.events.find_one({"_id": event["_id"]})
    assert after
    assert (after["state"], after["deleted_at"]) == ("published", None)
