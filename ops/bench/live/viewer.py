"""One viewer: a WebSocket client on a bare transport that parses what comes, counts updates and answers heartbeats."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, cast

from ops.bench.live.update import MARK

if TYPE_CHECKING:
    from ops.bench.live.crowd import Crowd

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


@dataclass(frozen=True)
class Dialect:
    """How a contender speaks: where to connect, what an update begins with and what wants which answer.

    `greeting` is the message after which a viewer is in; without one, the handshake is enough.
    """

    path: str
    update: bytes = b"<"
    greeting: bytes = b""
    answers: dict[bytes, bytes] = field(default_factory=dict)


class Viewer(asyncio.Protocol):
    """A connection of the crowd. A witness also notes when it saw which write."""

    __slots__ = ("crowd", "entered", "is_witness", "rest", "seen", "transport", "upgraded")

    def __init__(self, crowd: "Crowd", *, is_witness: bool) -> None:
        self.crowd, self.is_witness = crowd, is_witness
        self.rest, self.seen = b"", 0
        self.upgraded = False
        self.entered: asyncio.Future[None] = crowd.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.crowd.handshake)

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        self.rest = self._frames(data) if self.upgraded else self._head(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += 1
        if not self.entered.done():
            self.entered.set_exception(error or ConnectionError("the server hung up"))

    def say(self, payload: bytes) -> None:
        """Sends a short text; the mask that RFC 6455 wants is zero."""
        self.transport.write(bytes((TEXT, 0x80 | len(payload), 0, 0, 0, 0)) + payload)

    def _head(self, data: bytes) -> bytes:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return data
        if not head.startswith(b"HTTP/1.1 101"):
            self.entered.set_exception(ConnectionError(data.decode("latin-1")))
            return b""
        self.upgraded = True
        if not self.crowd.dialect.greeting:
            self.entered.set_result(None)
        return self._frames(rest)

    def _frames(self, data: bytes) -> bytes:
        """Reads the whole frames in `data` (RFC 6455, 5.2, never masked) and answers what is left."""
        at, end, update = 0, len(data), self.crowd.dialect.update
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size > 125:
                start = at + (4 if size == 126 else 10)
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            if start + size > end:
                break
            if data[at] == TEXT and data.startswith(update, start):
                self.crowd.received += 1
                if self.is_witness:
                    self._witness(data, start, start + size)
            else:
                self._other(data[at], data[start : start + size])
            at = start + size
        return data[at:] if at else data

    def _witness(self, data: bytes, start: int, end: int) -> None:
        found = data.find(MARK, start, end)
        if found < 0:
            return
        number = found + len(MARK)
        shown = int(data[number : data.index(b".", number, end)])
        self.crowd.note(monotonic(), self.seen, shown, end - start)
        self.seen = shown

    def _other(self, first: int, payload: bytes) -> None:
        if first == PING:
            self.transport.write(bytes((PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif first == CLOSE:
            self.crowd.closed.append(payload[2:].decode())
        elif first != TEXT:
            raise ValueError(f"No contender sends frames that begin with {first:#x}")
        elif self.crowd.dialect.greeting and payload.startswith(self.crowd.dialect.greeting):
            if not self.entered.done():
                self.entered.set_result(None)
        else:
            self._answer(payload)

    def _answer(self, payload: bytes) -> None:
        for beginning, answer in self.crowd.dialect.answers.items():
            if payload.startswith(beginning):
                self.say(answer)
