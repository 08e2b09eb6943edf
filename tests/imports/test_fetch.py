"""Fetching a calendar by its address, and what a page may not reach through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.imports.calendars import calendar, entry
from webapp.errors import Invalid
from webapp.imports.calendar import LARGEST
from webapp.imports.fetch import fetch, is_public


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives one answer, its address, and what it was asked."""
    asked: list[bytes] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/city.ics", asked


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body


async def test_the_command_line_may_fetch_from_anywhere():
    async with answering(ok(calendar(entry()))) as (address, _):
        assert await fetch(address, inside=True) == calendar(entry())


async def test_a_page_reaches_nothing_inside_the_network(monkeypatch):
    async with answering(ok(calendar(entry()))) as (address, asked):
        port = int(address.split(":")[2].split("/")[0])
        monkeypatch.setattr("webapp.imports.fetch.PORTS", {port})
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001"):
            with pytest.raises(Invalid, match="private network"):
                await fetch(f"http://{host}:{port}/")
        assert asked == []


async def test_without_the_guard_the_page_would_reach_it():
    async with answering(ok(b"secret")) as (address, asked):
        await fetch(address, inside=True)
        assert len(asked) == 1


async def test_a_redirect_into_the_network_is_refused(monkeypatch):
    async with answering(ok(b"secret")) as (address, asked):
        redirect = f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nConnection: close\r\n\r\n".encode()
        async with answering(redirect) as (outside, _):
            ports = {int(one.split(":")[2].split("/")[0]) for one in (address, outside)}
            monkeypatch.setattr("webapp.imports.fetch.PORTS", ports)
            monkeypatch.setattr("webapp.imports.fetch.is_public", _only_first())
            with pytest.raises(Invalid, match="private network"):
                await fetch(outside)
        assert asked == []


def _only_first():
    answers = iter([True])
    return lambda _: next(answers, False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", "answered 404"),
        (ok(b"x" * (LARGEST + 1)), "larger than 5 MiB"),
        (b"nonsense\r\n\r\n", "could not be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: /city.ics\r\nConnection: close\r\n\r\n", "on and on"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nConnection: close\r\n\r\n", "begins with https"),
    ],
)
async def test_what_an_address_answers_wrongly_is_a_sentence(answer, reason):
    async with answering(answer) as (address, _):
        with pytest.raises(Invalid, match=reason):
            await fetch(address, inside=True)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "gopher://example.org",
        "http://",
        "http://a:b@example.org/",
        "http://example.org:22/",
        "http://[x/",
    ],
)
async def test_an_address_of_another_kind_is_refused(address):
    with pytest.raises(Invalid):
        await fetch(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::7f00:1", "fe80::1%eth0", "ff02::1"),
    ],
)
def test_addresses_inside_are_not(address):
    assert not is_public(address)
