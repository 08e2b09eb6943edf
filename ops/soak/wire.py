"""What a browser makes of the bytes: a second, independent reading of the live wire formats."""

import asyncio
import os
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache

from realtime import drawing

TEXT, CLOSE, PING = 0x1, 0x8, 0x9
PARTIAL = re.compile(
    r'<hx-partial hx-target="#([\w-]+)" hx-swap="outerMorph" data-version="([\w-]+)">(.*?)</hx-partial>', re.S
)
SHOWN = re.compile(r'data-shown="([^"]*)"')
NUMBER = re.compile(r"Gathering (\d+), change (\d+)")


class Ended(Exception):
    """The server ended the stream; `code` is the WebSocket's, and 1 for an SSE stream that ended in order."""

    def __init__(self, code: int, retry: int = 0) -> None:
        super().__init__(code)
        self.code, self.retry = code, retry


@dataclass
class Message:
    """A message of either stream; `id` is empty on a WebSocket."""

    text: str
    id: str = ""
    event: str = ""
    retry: int = 0


@dataclass(frozen=True)
class Partial:
    """One region in a frame."""

    key: str
    version: str
    html: str

    @property
    def is_whole(self) -> bool:
        """The version is the hash of what came."""
        return _version(self.html) == self.version


def partials(text: str) -> list[Partial]:
    """The regions of a frame. Raises ValueError when there is anything else in it."""
    if PARTIAL.sub("", text).strip():
        raise ValueError(f"Not a frame: {text[:200]!r}")
    return [Partial(*found) for found in PARTIAL.findall(text)]


def shown_on(page: str) -> dict[str, tuple[str, str]]:
    """The regions of a page: key to signature and version."""
    found = SHOWN.search(page)
    parts = [part.split(".") for part in found[1].split("~")] if found and found[1] else []
    return {key: (signature, version) for key, signature, version in parts}


@lru_cache(4_096)
def numbers(html: str) -> dict[int, int]:
    """Which change of each gathering is shown."""
    return {int(gathering): int(change) for gathering, change in NUMBER.findall(html)}


async def upgrade(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, origin: str, cookie: str
) -> None:
    """The handshake of a WebSocket. Raises Ended with the status of a refusal."""
    key = b64encode(os.urandom(16)).decode()
    head = f"connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n"
    await _ask(reader, writer, target, f"{head}origin: {origin}\r\ncookie: {cookie}\r\n", 101)


async def ask_for_events(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, cookie: str) -> None:
    """Begins an SSE stream. Raises Ended with the status of a refusal."""
    await _ask(reader, writer, target, f"accept: text/event-stream\r\ncookie: {cookie}\r\n", 200)


async def next_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message:
    """The next text message of a WebSocket. Raises Ended, and what a lost connection raises."""
    while True:
        first, size = await reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        payload = await reader.readexactly(size)
        if first & 0x0F == CLOSE:
            writer.close()
            raise Ended(int.from_bytes(payload[:2], "big"))
        if first & 0x0F == TEXT:
            return Message(payload.decode())


async def events(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """The events of an SSE stream until it ends in order. Raises what a lost connection raises."""
    rest = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        rest += (await reader.readexactly(size + 2))[:-2]
        *whole, rest = rest.split(b"\n\n")
        for event in whole:
            if message := _event(event.decode()):
                yield message


def masked(text: str) -> bytes:
    """A short text message from the client."""
    payload, mask = text.encode(), os.urandom(4)
    return bytes((0x80 | TEXT, 0x80 | len(payload))) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, headers: str, wanted: int
) -> None:
    host, port = writer.get_extra_info("peername")
    writer.write(f"GET {target} HTTP/1.1\r\nhost: {host}:{port}\r\n{headers}\r\n".encode())
    status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])
    if status != wanted:
        raise Ended(status)


def _event(text: str) -> Message | None:
    fields = [line.partition(": ")[::2] for line in text.split("\n") if not line.startswith(":")]
    found, data = dict(fields), "\n".join(value for name, value in fields if name == "data")
    if not data:
        return None
    return Message(data, found.get("id", ""), found.get("event", ""), int(found.get("retry", 0)))


@lru_cache(4_096)
def _version(html: str) -> str:
    return drawing.version(html)
