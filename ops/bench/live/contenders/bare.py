"""The floor: a loop that writes one ready WebSocket frame to N transports, and nothing else."""

import asyncio
import socket
import sys
from typing import cast
from urllib.parse import parse_qs, urlsplit

import uvloop

from ops.bench.live.update import update
from realtime import websocket

transports: set[asyncio.Transport] = set()
tasks: set[asyncio.Task[None]] = set()


class Connection(asyncio.Protocol):
    """Upgrades, or starts the sending."""

    __slots__ = ("transport",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.transport in transports:
            return
        path, _, head = data.decode("latin-1").partition("\r\n")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n") if ": " in line)
        if "Upgrade" in fields:
            self.transport.write(_switch(fields["Sec-WebSocket-Key"]))
            transports.add(self.transport)
            return
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(path.split(" ")[1]).query).items()}
        if wanted:
            task = asyncio.ensure_future(send(int(wanted["times"]), float(wanted["every"]), int(wanted["size"])))
            tasks.add(task)

    def connection_lost(self, _: Exception | None) -> None:
        transports.discard(self.transport)


def _switch(key: str) -> bytes:
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    return head + websocket.accept_key(key.encode()) + b"\r\n\r\n"


async def send(times: int, every: float, size: int) -> None:
    for number in range(times):
        frame = websocket.frame(websocket.TEXT, update(number, size).encode())
        for transport in transports:
            transport.write(frame)
        await asyncio.sleep(every)


async def main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    server = await asyncio.get_running_loop().create_server(Connection, sock=listening, backlog=4096)
    await server.serve_forever()


uvloop.run(main())
