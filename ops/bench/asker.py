"""A client that costs little: one kept connection each, HTTP/1.1 by hand, so that the server is what is measured."""

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

LENGTH = re.compile(rb"content-length: (\d+)")


@dataclass(frozen=True)
class Answer:
    """What came back; `head` is in small letters."""

    status: int
    head: bytes
    content: bytes

    @property
    def text(self) -> str:
        """The content, unpacked where it was compressed."""
        is_packed = b"content-encoding: gzip" in self.head
        return (zlib.decompress(self.content, 31) if is_packed else self.content).decode()


class Asker:
    """One visitor with one connection; another where the server ended it between two requests, as it does now and then.

    What is asked then is asked again, so it must be safe to ask twice.
    """

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        self._host, self._port = str(urlsplit(address).hostname), int(urlsplit(address).port or 80)
        given = {"Host": f"{self._host}:{self._port}", "Accept-Encoding": "gzip", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        """Reads."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())

    async def send(self, path: str, content: bytes, kind: str) -> Answer:
        """Posts content of this media type."""
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        return await self._ask(head.encode() + content)

    async def form(self, path: str, **values: str) -> Answer:
        """Posts a form."""
        return await self.send(path, urlencode(values).encode(), "application/x-www-form-urlencoded")

    def close(self) -> None:
        """Hangs up."""
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _ask(self, request: bytes) -> Answer:
        while True:
            try:
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = LENGTH.search(head)
                return Answer(int(head[9:12]), head, await reader.readexactly(int(size[1]) if size else 0))
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close()
                await asyncio.sleep(0.01)
