"""Who takes part, how each is started, and how its viewers speak to it."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ops.bench.live.crowd import get
from ops.bench.live.processes import node
from ops.bench.live.viewer import Dialect

SOCKET_IO = Dialect(
    "/socket.io/?EIO=4&transport=websocket", update=b"42", greeting=b"40", answers={b"0{": b"40", b"2": b"3"}
)
PLAIN = Dialect("/ws")


@dataclass(frozen=True)
class Contender:
    """`page` is where a viewer of Turnout reads which regions to watch; the others have one address for all."""

    name: str
    command: Sequence[str]
    dialect: Dialect = PLAIN
    page: str = ""

    async def speak(self, port: int) -> Dialect:
        """The dialect, once the page was read as a browser reads it."""
        if not self.page:
            return self.dialect
        shown = re.search(r'data-shown="([^"]+)"', await get(port, self.page))
        assert shown
        path = f"/live/ws?r={shown[1]}"
        return Dialect(path, greeting=b'{"live": "hello"', answers={b'{"live": "beat"': b"beat"})


def deliverers() -> list[Contender]:
    """Those that send a ready update to everybody, without a database."""
    return [
        Contender("Bare uvloop loop", _python("bare")),
        Contender("Turnout", _python("turnout"), page="/page/memory"),
        Contender("Socket.IO 4 on Node", _socket_io(), SOCKET_IO),
        Contender("Quart, a queue per client", _python("plain_quart")),
    ]


def followers(event_id: str, path: str, real: int) -> list[Contender]:
    """Those that follow a database; `path` is the event's page in Turnout, and `real` the bytes of its frame."""
    return [
        Contender("Turnout, 512 bytes", [*_python("turnout"), "512"], page=f"/page/{event_id}"),
        Contender("Socket.IO + change stream, 512 bytes", [*_socket_io(), event_id, "512", "0"], SOCKET_IO),
        Contender(f"Turnout's event page, {real:,} bytes", [sys.executable, "-m", "webapp", "worker"], page=path),
        Contender(f"Socket.IO + change stream, {real:,} bytes", [*_socket_io(), event_id, str(real), "0"], SOCKET_IO),
        Contender("the same, paced by hand to 50 ms", [*_socket_io(), event_id, str(real), "50"], SOCKET_IO),
    ]


def _python(name: str) -> list[str]:
    return [sys.executable, "-m", f"ops.bench.live.contenders.{name}"]


def _socket_io() -> list[str]:
    return [node(), "ops/bench/live/contenders/socketio.js"]
