"""The load generator reads what a server may send, however the network cuts it."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from ops.bench.live.crowd import Crowd
from ops.bench.live.update import update
from ops.bench.live.viewer import Dialect
from realtime import websocket

SIZES = [60, 125, 126, 65_535, 65_536, 70_000]
HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class Server:
    """Upgrades whoever comes and sends the same bytes, cut into pieces."""

    def __init__(self, sent: bytes, piece: int) -> None:
        self.sent, self.piece, self.heard = sent, piece, bytearray()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for start in range(0, len(self.sent), self.piece):
            writer.write(self.sent[start : start + self.piece])
            await asyncio.sleep(0)
        self.heard += await reader.read()
        writer.close()


@pytest.fixture(params=[7, 1_000, 10**6])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Server, int]]:
    updates = [websocket.frame(websocket.TEXT, update(n, size).encode()) for n, size in enumerate(SIZES, 1)]
    ping = websocket.frame(websocket.PING, b"there?")
    made = Server(HEAD + ping + b"".join(updates) + websocket.close_frame(1012, "Restarting"), request.param)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with listening:
        yield made, listening.sockets[0].getsockname()[1]


async def test_every_frame_is_read_whole_at_any_length_and_cut(server: tuple[Server, int]) -> None:
    crowd = Crowd(server[1], Dialect("/"))
    await crowd.grow(1)
    await crowd.received_all(len(SIZES))
    assert list(crowd.size) == SIZES
    assert list(crowd.now) == [1, 2, 3, 4, 5, 6]
    while not crowd.closed:
        await asyncio.sleep(0.01)
    assert crowd.closed == ["Restarting"]
    await crowd.leave()


async def test_a_ping_is_answered_with_what_it_said(server: tuple[Server, int]) -> None:
    crowd = Crowd(server[1], Dialect("/"))
    await crowd.grow(1)
    await crowd.received_all(len(SIZES))
    await crowd.leave()
    while not server[0].heard:
        await asyncio.sleep(0.01)
    assert re.fullmatch(rb"\x8a\x86\0\0\0\0there\?", bytes(server[0].heard))
