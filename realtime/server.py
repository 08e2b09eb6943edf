"""Hypercorn with two changes: a handler may take a connection over, and WebSocket compression is never negotiated.

With permessage-deflate a connection costs 134 KiB, without it a tenth; what we send is small and shared.
"""

import asyncio
from contextlib import suppress
from typing import Any

import hypercorn.asyncio.run
import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Event
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Request
from hypercorn.protocol.ws_stream import WSStream

from realtime.shared import redis_problem

LAST_REQUEST_SECONDS = 1.0

__all__ = ["install", "redis_problem"]


def install() -> None:
    """Makes Hypercorn in this process use these classes."""
    vars(hypercorn.asyncio.run)["TCPServer"] = TCPServerWithDoor
    vars(hypercorn.protocol.h11)["WSStream"] = WSStreamWithoutExtensions
    vars(hypercorn.protocol.h2)["WSStream"] = WSStreamWithoutExtensions


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
