"""The end of a program that many watch."""

import asyncio
import random
import signal
import socket
import time
from pathlib import Path

import httpx

from ops.soak.stage import Size, set_up
from tests.product import running

WATCHED = Size(workers=1, screens=250, gatherings=8)


async def test_it_ends_in_time_with_two_hundred_streams_open(tmp_path: Path) -> None:
    async with set_up(tmp_path, WATCHED, random.Random()) as stage:
        assert len(stage.streams) == 200
        began = time.monotonic()
        status = await asyncio.to_thread(stage.turnout.stop)
        took = time.monotonic() - began
        assert status == 0
        assert took < 10


def test_a_request_that_was_on_its_way_is_answered(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2") as (turnout, address):
        httpx.get(address, timeout=60)
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as visitor:
            time.sleep(0.5)
            turnout.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            visitor.sendall(f"GET /healthz HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
            assert visitor.recv(12) == b"HTTP/1.1 200"
