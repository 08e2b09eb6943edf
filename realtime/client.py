"""One open stream. It has no queue: while it cannot take more, its room remembers what it shows."""

import asyncio
import os
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from realtime import websocket
from realtime.frame import Frame, chunk, control

if TYPE_CHECKING:
    from realtime.room import Room

BEAT_SECONDS = 15
SILENT_SECONDS = 45
LARGEST_INBOUND = 4_096
INBOUND_PER_BEAT = 60
WRITE_BUFFER = 64 * 1024
SEND_BUFFER = 128 * 1024
TCP_INFO_BYTES = 104


class Goodbye(NamedTuple):
    """Why a stream ends: a WebSocket close code, a word, and for SSE the delay in ms after which to come back."""

    code: int
    reason: str
    retry: int = 0


TOO_MANY = Goodbye(4429, "Too many messages")
TOO_LARGE = Goodbye(1009, "Too large")


class Client(ABC):
    """A stream of some transport, in one room. `heard` and `opened` are times of the loop."""

    __slots__ = ("address", "can_take", "ending", "heard", "inbound", "lost", "room", "session", "viewer")

    transport: ClassVar[str]

    def __init__(self) -> None:
        self.room: Room | None = None
        self.viewer: Any = None
        self.address = self.session = ""
        self.can_take = True
        self.heard, self.inbound = 0.0, 0
        self.lost: Callable[[Client], None] = _nobody
        self.ending: asyncio.TimerHandle | None = None

    @staticmethod
    @abstractmethod
    def encode(frame: Frame) -> bytes:
        """The frame's bytes on this transport; made once, whoever asks."""

    @abstractmethod
    def put(self, data: bytes) -> None:
        """Hands over encoded bytes; only while `can_take`."""

    @abstractmethod
    def end(self, goodbye: Goodbye) -> None:
        """Says why, and ends the stream."""

    @abstractmethod
    def abort(self) -> None:
        """Cuts the connection."""

    def is_lost(self, now: float) -> bool:  # noqa: ARG002
        """Whether the other side has been silent for too long; asked at each heartbeat."""
        return False

    def end_in(self, seconds: float, goodbye: Goodbye) -> None:
        """Ends the stream later, if it is still there."""
        self.ending = asyncio.get_running_loop().call_later(seconds, self.end, goodbye)

    def send(self, frame: Frame) -> None:
        """Sends a message to this client alone, unless it cannot take it."""
        if self.can_take:
            self.put(self.encode(frame))

    def _drained(self) -> None:
        self.can_take = True
        if self.room is not None:
            self.room.catch_up(self)

    def _gone(self) -> None:
        if self.ending is not None:
            self.ending.cancel()
            self.ending = None
        lost, self.lost = self.lost, _nobody
        lost(self)


class _Direct(Client, asyncio.Protocol):
    """A stream that owns its connection's transport; no task and no server object lives on for it."""

    __slots__ = ("_file", "_rest", "wire")

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""
        self._file = -1
        self.wire: asyncio.Transport | None = None

    def take(self, wire: asyncio.Transport, first: bytes) -> None:
        """Takes the transport over and writes the answer to the handshake."""
        self.wire = wire
        wire.set_protocol(self)
        wire.set_write_buffer_limits(high=WRITE_BUFFER)
        _limit_unsent(wire)
        if wire.get_extra_info("ssl_object") is None:
            self._file = wire.get_extra_info("socket").fileno()
        self.heard = asyncio.get_running_loop().time()
        wire.write(first)

    def put(self, data: bytes) -> None:
        """Straight to the socket where nothing waits before it, which costs a tenth less than the transport's way."""
        wire = self.wire
        if wire is None or wire.is_closing():
            return
        if self._file >= 0 and not wire.get_write_buffer_size():
            try:
                sent = os.write(self._file, data)
            except OSError:  # full, or broken: the transport knows what to do about either
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        wire.write(data)

    def abort(self) -> None:
        if self.wire is not None:
            self.wire.abort()

    def pause_writing(self) -> None:
        self.can_take = False

    def resume_writing(self) -> None:
        self._drained()

    def connection_lost(self, _: Exception | None) -> None:
        self._gone()
        self.wire, self._file = None, -1

    def _finish(self, last: bytes) -> None:
        wire = self.wire
        if wire is not None and not wire.is_closing():
            wire.write(last)
            wire.close()
            # A reader that does not read would keep the connection for ever.
            asyncio.get_running_loop().call_later(5, wire.abort)
        self._gone()


class WebSocketClient(_Direct):
    """A WebSocket over HTTP/1.1."""

    __slots__ = ()
    transport = "websocket"

    @staticmethod
    def encode(frame: Frame) -> bytes:
        return frame.websocket

    def is_lost(self, now: float) -> bool:
        return now - self.heard > SILENT_SECONDS

    def data_received(self, data: bytes) -> None:
        self.heard = asyncio.get_running_loop().time()
        try:
            self._read(self._rest + data)
        except websocket.Violation as violation:
            self.end(Goodbye(violation.code, ""))

    def end(self, goodbye: Goodbye) -> None:
        self._finish(websocket.close_frame(goodbye.code, goodbye.reason))

    def _read(self, data: bytes) -> None:
        while True:
            found, data = websocket.next_frame(data, LARGEST_INBOUND)
            if found is None:
                break
            self._answer(found)
        self._rest = data

    def _answer(self, found: websocket.Inbound) -> None:
        self.inbound += 1
        if self.inbound > INBOUND_PER_BEAT:
            self.end(TOO_MANY)
        elif found.opcode == websocket.CLOSE:
            self._finish(websocket.frame(websocket.CLOSE, found.payload[:2]))
        elif found.opcode == websocket.PING and self.can_take:
            self.put(websocket.frame(websocket.PONG, found.payload))


class EventsClient(_Direct):
    """Server-sent events as chunks of an HTTP/1.1 answer."""

    __slots__ = ()
    transport = "sse"

    @staticmethod
    def encode(frame: Frame) -> bytes:
        return frame.chunk

    def is_lost(self, now: float) -> bool:  # noqa: ARG002
        return _is_unanswered(self.wire)

    def data_received(self, _: bytes) -> None:
        self.inbound += 1
        if self.inbound > INBOUND_PER_BEAT:
            self.abort()

    def end(self, goodbye: Goodbye) -> None:
        self._finish(chunk(_last_event(goodbye)) + b"0\r\n\r\n")


class _Asgi(Client):
    """A stream through the server's `send`: HTTP/2, or a server that is not ours. One task writes what is put."""

    __slots__ = ("_out", "_over", "_wake")

    def __init__(self) -> None:
        super().__init__()
        self._out: list[bytes] = []
        self._over = False
        self._wake = asyncio.Event()
        self.heard = asyncio.get_running_loop().time()

    def put(self, data: bytes) -> None:
        self._out.append(data)
        self.can_take = False
        self._wake.set()

    def abort(self) -> None:
        self._over = True
        self._wake.set()

    async def run(
        self, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]], opening: Sequence[Any]
    ) -> None:
        """Sends the opening messages, and serves the stream until either side ends it."""
        listening = asyncio.ensure_future(self._listen(receive))
        try:
            for message in opening:
                await send(message)
            await self._write(send)
        finally:
            listening.cancel()
            self._gone()

    async def _write(self, send: Callable[[Any], Awaitable[None]]) -> None:
        while not self._over or self._out:
            await self._wake.wait()
            self._wake.clear()
            out, self._out = self._out, []
            for data in out:
                await send(self._message(data))
            if not self._out:
                self._drained()
        for message in self._ending():
            await send(message)

    async def _listen(self, receive: Callable[[], Awaitable[Any]]) -> None:
        while (message := await receive())["type"] not in {"http.disconnect", "websocket.disconnect"}:
            self.heard = asyncio.get_running_loop().time()
            self._heard(message)
        self._out.clear()
        self._closed_by_client()
        self.abort()

    def _heard(self, message: Any) -> None:
        """Looks at what the client sent."""

    def _closed_by_client(self) -> None:
        """Remembers that there is nobody to say goodbye to."""

    @abstractmethod
    def _message(self, data: bytes) -> dict[str, Any]: ...

    @abstractmethod
    def _ending(self) -> list[dict[str, Any]]: ...


class AsgiWebSocketClient(_Asgi):
    """A WebSocket through `send`."""

    __slots__ = ("_close",)
    transport = "websocket"

    @staticmethod
    def encode(frame: Frame) -> bytes:
        return frame.text.encode()

    def __init__(self) -> None:
        super().__init__()
        self._close: Goodbye | None = None

    def end(self, goodbye: Goodbye) -> None:
        self._close = goodbye
        self.abort()

    def is_lost(self, now: float) -> bool:
        return now - self.heard > SILENT_SECONDS

    def _heard(self, message: Any) -> None:
        self.inbound += 1
        if self.inbound > INBOUND_PER_BEAT:
            self.end(TOO_MANY)
        elif len(message.get("text") or message.get("bytes") or "") > LARGEST_INBOUND:
            self.end(TOO_LARGE)

    def _closed_by_client(self) -> None:
        self._close = None

    def _message(self, data: bytes) -> dict[str, Any]:
        return {"type": "websocket.send", "text": data.decode()}

    def _ending(self) -> list[dict[str, Any]]:
        return (
            [{"type": "websocket.close", "code": self._close.code, "reason": self._close.reason}] if self._close else []
        )


class AsgiEventsClient(_Asgi):
    """Server-sent events through `send`."""

    __slots__ = ()
    transport = "sse"

    @staticmethod
    def encode(frame: Frame) -> bytes:
        return frame.sse

    def end(self, goodbye: Goodbye) -> None:
        self._out.append(_last_event(goodbye))
        self.abort()

    def _message(self, data: bytes) -> dict[str, Any]:
        return {"type": "http.response.body", "body": data, "more_body": True}

    def _ending(self) -> list[dict[str, Any]]:
        return [{"type": "http.response.body", "body": b"", "more_body": False}]


def _last_event(goodbye: Goodbye) -> bytes:
    """The last event on SSE; htmx heeds `retry:` only beside an event name."""
    return control("bye", retry=goodbye.retry, code=goodbye.code).sse


def _limit_unsent(wire: asyncio.Transport) -> None:
    """Bounds what the kernel keeps for one client."""
    connection = wire.get_extra_info("socket")
    if connection is None or connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def _is_unanswered(wire: asyncio.Transport | None) -> bool:
    """Whether the peer's machine has acknowledged nothing since the heartbeat before last. Known on Linux only.

    TCP_USER_TIMEOUT would also cut readers that are there and merely do not read; those still acknowledge.
    """
    connection = wire.get_extra_info("socket") if wire is not None else None
    if (
        connection is None
        or connection.family not in {socket.AF_INET, socket.AF_INET6}
        or not hasattr(socket, "TCP_INFO")
    ):
        return False
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    (unacknowledged,) = struct.unpack_from("I", info, 24)
    (since_last_ms,) = struct.unpack_from("I", info, 56)
    return bool(unacknowledged and since_last_ms >= (SILENT_SECONDS - BEAT_SECONDS) * 1000)


def _nobody(_: Client) -> None:
    """Nobody waits for this client's end."""
