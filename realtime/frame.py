"""What is sent: a frame of partials or a control message, encoded once for each wire however many read it."""

import json
import re
from functools import cached_property
from typing import Any

from realtime import websocket

PADDING = b":" + b" " * 2048 + b"\n\n"
"""Some proxies and virus scanners hold back the first two kilobytes of a stream."""

_LINES = re.compile(r"\r\n|\r|\n")


class Frame:
    """One message: `text`, and for SSE its event name, id and the delay before a reconnect."""

    def __init__(self, text: str, *, event: str = "", id: str = "", retry: int = 0) -> None:  # noqa: A002
        self.text, self.event, self.id, self.retry = text, event, id, retry

    @cached_property
    def websocket(self) -> bytes:
        """The bytes of one WebSocket text message."""
        return websocket.frame(websocket.TEXT, self.text.encode())

    @cached_property
    def sse(self) -> bytes:
        """The bytes of one server-sent event: LF only, each line of the text its own `data:`."""
        head = [f"{name}: {value}\n" for name, value in self._fields if value]
        data = [f"data: {line}\n" for line in _LINES.split(self.text)]
        return "".join((*head, *data, "\n")).encode()

    @cached_property
    def chunk(self) -> bytes:
        """The server-sent event as one chunk of an HTTP/1.1 body."""
        return chunk(self.sse)

    @property
    def _fields(self) -> tuple[tuple[str, str | int], ...]:
        return ("event", self.event), ("id", self.id), ("retry", self.retry)


def control(name: str, *, id: str = "", retry: int = 0, **facts: Any) -> Frame:  # noqa: A002
    """A message for the page's script: JSON without content on the WebSocket, a named event on SSE."""
    return Frame(json.dumps({"live": name, **facts}), event=name, id=id, retry=retry)


def chunk(data: bytes) -> bytes:
    """One chunk of an HTTP/1.1 body (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)
