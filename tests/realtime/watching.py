"""A client that watches over WebSocket or SSE and keeps what a page would show; it parses the wire by itself."""

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

import websockets

PARTIAL = re.compile(
    r'<hx-partial hx-target="#([\w-]+)" hx-swap="outerMorph" data-version="([\w-]+)">(.*?)</hx-partial>', re.S
)


class Watcher:
    """`shown` maps a region's key to its HTML; `history` has every partial in the order it came."""

    def __init__(
        self, port: int, transport: str, asked: str, *, origin: str = "", last_id: str = "", viewer: str = "ana"
    ) -> None:
        self.port, self.transport, self.asked = port, transport, asked
        self.origin = origin or f"http://127.0.0.1:{port}"
        self.headers = {"x-viewer": viewer, **({"Last-Event-ID": last_id} if last_id else {})}
        self.shown: dict[str, str] = {}
        self.versions = {part.split(".")[0]: part.split(".")[2] for part in asked.split("~")}
        self.history: list[tuple[str, str]] = []
        self.frames: list[str] = []
        self.control: list[dict[str, Any]] = []
        self.last_id, self.retry, self.closed_with = last_id, 0, 0
        self.head = b""
        self._moved = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self.transport == "ws":
            self.socket = await websockets.connect(
                f"ws://127.0.0.1:{self.port}/live/ws?r={self.asked}",
                origin=websockets.Origin(self.origin),
                additional_headers=self.headers,
                max_size=None,
            )
            self._reading = asyncio.create_task(self._read_websocket())
        else:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
            headers = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            self.writer.write(
                f"GET /live/sse?r={self.asked} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n{headers}\r\n".encode()
            )
            self.head = await self.reader.readuntil(b"\r\n\r\n")
            self._reading = asyncio.create_task(self._read_events())
        await self.until(lambda: self.control)

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self.transport == "ws":
            await self.socket.close()
        else:
            self.writer.close()
            with suppress(OSError):
                await self.writer.wait_closed()

    async def until(self, is_true: Any, seconds: float = 20) -> None:
        """Waits for something to have arrived."""
        async with self._moved:
            await asyncio.wait_for(self._moved.wait_for(is_true), seconds)

    async def sees(self, text: str, key: str = "", seconds: float = 20) -> None:
        """Waits until a region shows this text."""
        await self.until(
            lambda: any(f">{text}<" in self.shown.get(k, "") for k in [key or k for k in self.shown]), seconds
        )

    @property
    def position(self) -> str:
        """The address parameter that asks for what is shown now."""
        parts = [part.split(".") for part in self.asked.split("~")]
        return "~".join(f"{key}.{signature}.{self.versions[key]}" for key, signature, _ in parts)

    async def _read_websocket(self) -> None:
        try:
            async for message in self.socket:
                await self._take(str(message))
        except websockets.ConnectionClosed:
            pass
        self.closed_with = self.socket.close_code or 1006
        async with self._moved:
            self._moved.notify_all()

    async def _read_events(self) -> None:
        rest = b""
        while True:
            try:
                size = int(await self.reader.readline(), 16)
                rest += (await self.reader.readexactly(size + 2))[:-2]
            except (ValueError, asyncio.IncompleteReadError, ConnectionError):
                size = 0
            while b"\n\n" in rest:
                event, _, rest = rest.partition(b"\n\n")
                await self._take_event(event.decode())
            if not size:
                break
        self.closed_with = 1
        async with self._moved:
            self._moved.notify_all()

    async def _take_event(self, event: str) -> None:
        fields = [line.partition(": ")[::2] for line in event.split("\n") if not line.startswith(":")]
        found = dict(fields)
        self.last_id = found.get("id", self.last_id)
        self.retry = int(found.get("retry", self.retry))
        data = "\n".join(value for name, value in fields if name == "data")
        if data:
            await self._take(data)

    async def _take(self, text: str) -> None:
        async with self._moved:
            if text.startswith("{"):
                self.control.append(json.loads(text))
            else:
                self.frames.append(text)
                for key, version, partial in PARTIAL.findall(text):
                    self.shown[key], self.versions[key] = partial, version
                    self.history.append((key, partial))
            self._moved.notify_all()
