"""Many viewers of one server in this one process, and what they saw."""

import asyncio
import base64
from array import array

from ops.bench.live.viewer import Dialect, Viewer

SOURCES = 4
CONNECTING_AT_ONCE = 64
QUIET_SECONDS = 10.0


class Crowd:
    """`received` counts updates. Of witnesses four columns are kept: when, number before, number now, bytes."""

    def __init__(self, port: int, dialect: Dialect, host: str = "127.0.0.1") -> None:
        self.loop = asyncio.get_running_loop()
        self.host, self.port, self.dialect = host, port, dialect
        self.handshake = _handshake(f"{host}:{port}", dialect.path)
        self.viewers: list[Viewer] = []
        self.received = self.lost = 0
        self.closed: list[str] = []
        self.forget()

    def forget(self) -> None:
        """Begins to note anew."""
        self.received = 0
        self.at, self.before, self.now, self.size = array("d"), array("q"), array("q"), array("q")

    def note(self, at: float, before: int, now: int, size: int) -> None:
        self.at.append(at)
        self.before.append(before)
        self.now.append(now)
        self.size.append(size)

    async def grow(self, size: int, witness_every: int = 10) -> None:
        """Connects until `size` viewers are in. Raises what a refused one met."""
        limit = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def connect(number: int) -> None:
            source = (f"127.0.0.{2 + number % SOURCES}", 0)
            async with limit:
                _, viewer = await self.loop.create_connection(
                    lambda: Viewer(self, is_witness=number % witness_every == 0),
                    self.host,
                    self.port,
                    local_addr=source,
                )
                await asyncio.wait_for(viewer.entered, 30)
            self.viewers.append(viewer)

        await asyncio.gather(*[connect(number) for number in range(len(self.viewers), size)])

    async def received_all(self, wanted: int) -> None:
        """Waits for so many updates, or until none has come for a while."""
        last, since = -1, self.loop.time()
        while self.received < wanted and self.loop.time() - since < QUIET_SECONDS:
            await asyncio.sleep(0.05)
            if self.received != last:
                last, since = self.received, self.loop.time()

    async def leave(self) -> None:
        """Cuts all connections."""
        for viewer in self.viewers:
            viewer.transport.abort()
        self.viewers.clear()
        await asyncio.sleep(0.2)


def _handshake(host: str, path: str) -> bytes:
    key = base64.b64encode(b"sixteen bytes it").decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


async def get(port: int, path: str, host: str = "127.0.0.1") -> str:
    """The body of an HTTP answer. Raises ConnectionError unless it is one of success."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    if not head.startswith("HTTP/1.1 2"):
        raise ConnectionError(head)
    return body
