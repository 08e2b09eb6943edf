"""Hypercorn with three changes: a handler may take a connection over, WebSocket compression is never negotiated, and
nobody who has come to the listening socket is turned away when it closes.

With permessage-deflate a connection costs 134 KiB, without it a tenth; what we send is small and shared.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import hypercorn.asyncio.run
import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Event
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Request
from hypercorn.protocol.ws_stream import WSStream

from realtime.shared import redis_facts, redis_problem

LAST_REQUEST_SECONDS = 1.0
# From accept() to the first step of a connection's task, uvloop takes two turns of the loop.
TURNS_UNTIL_BEGUN = 4
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

__all__ = ["install", "redis_facts", "redis_problem"]


def install() -> None:
    """Makes Hypercorn in this process use these classes."""
    vars(hypercorn.asyncio.run)["TCPServer"] = TCPServerWithDoor
    vars(hypercorn.asyncio.run)["asyncio"] = SimpleNamespace(**{**vars(asyncio), "start_server": start_server})
    vars(hypercorn.protocol.h11)["WSStream"] = WSStreamWithoutExtensions
    vars(hypercorn.protocol.h2)["WSStream"] = WSStreamWithoutExtensions


async def start_server(connected: Connected, *, sock: socket.socket, backlog: int, **more: Any) -> "Listener":
    """As asyncio.start_server, for a socket that listens already."""
    waiting = sock.dup()
    return Listener(connected, waiting, await asyncio.start_server(connected, sock=sock, backlog=backlog, **more))


class Listener:
    """A listening socket that lets in everybody who waits before it closes.

    The kernel resets whoever has connected and was not accepted yet: a form that was sent there would be lost.
    """

    def __init__(self, connected: Connected, waiting: socket.socket, server: asyncio.Server) -> None:
        self._connected, self._waiting, self._server = connected, waiting, server

    def close(self) -> None:
        """Takes nobody in any more; who comes now waits."""
        self._server.close()

    async def wait_closed(self) -> None:
        """Closes the socket, serves those who waited there, and answers once all who were let in are being served.

        Hypercorn then waits for whom it serves, and for nobody else: the page of one who was just being let in would
        be cut by the end of the application, and answered 500.
        """
        await asyncio.sleep(0)
        late = _accepted(self._waiting)
        self._waiting.close()
        for one in late:
            await self._serve(one)
        for _ in range(TURNS_UNTIL_BEGUN):
            await asyncio.sleep(0)

    async def _serve(self, one: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader, self._connected, loop=loop), one
        )


def _accepted(waiting: socket.socket) -> list[socket.socket]:
    """Everybody who waits just now; the socket does not block."""
    late = []
    with suppress(BlockingIOError):
        while True:
            one, _ = waiting.accept()
            one.setblocking(False)
            late.append(one)
    return late


class TCPServerWithDoor(TCPServer):
    """Puts a `door` into each scope's state: through it a handler takes the connection for a protocol of its own.

    Hypercorn's tasks, parsers and buffers for the connection then end, and only the new protocol remains.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_taken = False
        self.state = {**self.state, "door": self}

    @property
    def is_gone(self) -> bool:
        """True when the client has hung up."""
        return self.writer.is_closing() or self.reader.at_eof()

    @property
    def is_open(self) -> bool:
        """True while nothing is lost by taking over: no bytes of a next request were read already."""
        connection = getattr(self.protocol.protocol, "connection", None)
        return connection is not None and not connection.trailing_data[0] and not self.reader._buffer  # type: ignore[attr-defined]

    def take(self, protocol: Any, first: bytes) -> None:
        """Gives the connection to `protocol`, which writes `first`; the handler should then return."""
        transport, self.is_taken = self.writer.transport, True
        stream = getattr(self.protocol.protocol, "stream", None)
        if stream is not None:
            stream.closed = True  # so that it does not answer for a handler that did
        self.protocol = _Ended()  # type: ignore[assignment]
        self.writer._transport = _Ended()  # type: ignore[attr-defined]
        protocol.take(transport, first)
        self.reader.feed_eof()

    async def protocol_send(self, event: Event) -> None:
        if not self.is_taken:
            await super().protocol_send(event)

    async def _idle_timeout(self) -> None:
        """Waits until the connection should end; one that a visitor has just opened may still bring its request."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.context.terminated.wait(), self.config.keep_alive_timeout)
            await asyncio.sleep(LAST_REQUEST_SECONDS)
        await asyncio.shield(self._initiate_server_close())

    async def _close(self) -> None:
        if self.is_taken:
            await self.idle_task.stop()
        else:
            await super()._close()
        self.state.clear()


class WSStreamWithoutExtensions(WSStream):
    """Never sees a client's wish for an extension."""

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, Request):
            event.headers[:] = [(n, v) for n, v in event.headers if n.lower() != b"sec-websocket-extensions"]
        await super().handle(event)


class _Ended:
    """Stands where a protocol and a transport were: a StreamWriter closes the transport it has when it is collected."""

    async def handle(self, _: Event) -> None:
        await asyncio.sleep(0)

    def is_closing(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing to close any more."""
