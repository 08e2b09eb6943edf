"""Bodies and requests that are too large or too slow end, and cost little."""

import asyncio
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

from quart import Quart

from tests.walls.conftest import Begin

HEAD = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
MANY = 6 * 2**20


def connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def answered(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got and (more := connection.recv(65_536)):
        got += more
    return got


def test_a_body_that_says_that_it_is_too_large_is_not_read(product: str) -> None:
    with connected(product) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\ntitle=" % (100 * 2**30))
        assert answered(connection).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_say_it_is_read_no_further_than_the_limit(product: str) -> None:
    with connected(product) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        with suppress(BrokenPipeError, ConnectionResetError):  # it hangs up once it has answered
            for _ in range(MANY // 65_536):
                connection.sendall(chunk)
        assert answered(connection).startswith(b"HTTP/1.1 413")


def test_headers_that_never_end_end_the_connection(product: str) -> None:
    with connected(product) as connection:
        began = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        connection.settimeout(0.5)
        while time.monotonic() - began < 30:
            try:
                connection.sendall(b"X-Slow: 1\r\n")
                if not connection.recv(1000):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert time.monotonic() - began < 15


def test_headers_that_are_too_large_are_refused(product: str) -> None:
    with connected(product) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 100_000)
        assert answered(connection)[9:12] in {b"400", b"431"}


async def test_a_body_that_never_ends_is_given_up(begin: Begin) -> None:
    app = await begin()
    app.config["BODY_TIMEOUT"] = 0.2
    assert await slowly(app) == 408


async def test_without_that_time_it_would_be_waited_for(begin: Begin) -> None:
    app = await begin()
    app.config["BODY_TIMEOUT"] = None
    assert await slowly(app) == 0


async def slowly(app: Quart) -> int | None:
    """The status that a body without an end is answered with; 0 when a second passes without an answer."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "100"}
    async with app.test_client().request("/sign-in", method="POST", headers=form) as connection:
        await connection.send(b"title=Ja")
        try:
            async with asyncio.timeout(1):
                await connection.receive()
        except TimeoutError:
            await connection.disconnect()
            return 0
        return connection.status_code
