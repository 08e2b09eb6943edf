"""A room: the connections that watch the same regions. Those in step share a frame; one behind keeps its map."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from realtime import metrics, tracing
from realtime.drawing import envelopes
from realtime.easel import Easel
from realtime.frame import Frame
from realtime.tracing import NOTHING, Causes

if TYPE_CHECKING:
    from realtime.client import Client

Shown = tuple[str, ...]
"""The versions that a screen shows, in the order of the room's keys; empty where unknown."""


class Room:
    """`shown` is what every client in step shows; `behind` holds what each of the others does."""

    def __init__(self, easels: list[Easel], frame: float, when_empty: Callable[["Room"], None]) -> None:
        self.easels = sorted(easels, key=lambda easel: easel.key)
        self.keys = tuple(easel.key for easel in self.easels)
        self.shown: Shown = self.current(("",) * len(self.keys))
        self.in_step: dict[type[Client], set[Client]] = {}
        self.behind: dict[Client, Shown] = {}
        self.kept_until = 0.0
        self._frame, self._when_empty = frame, when_empty
        self._not_before, self._since, self._causes = 0.0, 0.0, NOTHING
        self._flush: asyncio.Handle | None = None
        self._catching_up: dict[Shown, Frame] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def size(self) -> int:
        return len(self.behind) + sum(map(len, self.in_step.values()))

    @property
    def clients(self) -> list["Client"]:
        return [*self.behind, *(client for clients in self.in_step.values() for client in clients)]

    def id_for(self, client: "Client") -> str:
        """The SSE id that says what this client shows."""
        return ".".join(self.behind.get(client, self.shown))

    def current(self, shown: Shown) -> Shown:
        """What a screen that shows `shown` should show; a region that never could be drawn stays as it is."""
        return tuple(easel.version or has for easel, has in zip(self.easels, shown, strict=True))

    def join(self, client: "Client", shown: Shown) -> None:
        """Lets a client in that shows `shown`, and sends it what differs."""
        self.behind[client] = shown
        client.room = self
        metrics.behind.inc()
        self.catch_up(client)

    def leave(self, client: "Client") -> Shown:
        """Lets a client out; answers what it was last given."""
        shown = self.shown
        if client in self.behind:
            shown = self.behind.pop(client)
            metrics.behind.dec()
        else:
            self.in_step[type(client)].remove(client)
        if not self.size:
            self._when_empty(self)
        return shown

    def touch(self, since: float, causes: Causes = NOTHING) -> None:
        """Sends a frame soon, because a region has a new drawing; at once when the last frame is long enough ago."""
        self._causes |= causes
        self._since = min(self._since, since) if self._since and since else self._since or since
        if self._flush is None:
            delay = self._not_before - self._loop.time()
            # Regions that finish in the same turn of the loop go into the same frame.
            later = self._loop.call_later
            self._flush = later(delay, self.flush) if delay > 0 else self._loop.call_soon(self.flush)

    def catch_up(self, client: "Client") -> None:
        """Sends a client that is behind the difference, unless it still cannot take it or a frame is due anyway."""
        if client.can_take and self._flush is None and client in self.behind:
            self._bring(client)

    def flush(self) -> None:
        """One frame for all in step, and its own difference for each that is behind."""
        self._flush = None
        # A cadence, not a pause after each frame: what is drawn late once must not make all that follow wait for it.
        self._not_before = max(self._not_before, self._loop.time() - self._frame) + self._frame
        current, causes, begun = self.current(self.shown), self._causes, time.time()
        self._causes = NOTHING
        if current != self.shown:
            self._catching_up.clear()
            self._send_to_all(self._difference(self.shown, current))
            self.shown = current
            if self._since:
                metrics.change_to_wire.observe(max(0.0, time.time() - self._since))
            tracing.note("screens", causes, begun, time.time(), viewers=self.size, regions=len(self.keys))
        self._since = 0.0
        for client in [client for client in self.behind if client.can_take]:
            self._bring(client)

    def close(self) -> None:
        """Forgets what was due."""
        if self._flush is not None:
            self._flush.cancel()

    def _send_to_all(self, frame: Frame) -> None:
        for wire, clients in self.in_step.items():
            if not clients:
                continue
            data = wire.encode(frame)
            late = [client for client in clients if not client.can_take]
            for client in late:
                self._fall_behind(client)
            for client in clients:
                client.put(data)
            metrics.frames.labels(wire.transport).inc(len(clients))
            metrics.sent_bytes.labels(wire.transport).inc(len(clients) * len(data))

    def _fall_behind(self, client: "Client") -> None:
        self.in_step[type(client)].remove(client)
        self.behind[client] = self.shown
        metrics.behind.inc()

    def _bring(self, client: "Client") -> None:
        shown = self.behind.pop(client)
        metrics.behind.dec()
        self.in_step.setdefault(type(client), set()).add(client)
        if self.current(shown) == shown:
            return
        frame = self._catching_up.get(shown)
        if frame is None:
            frame = self._catching_up[shown] = self._difference(shown, self.current(shown))
        data = client.encode(frame)
        client.put(data)
        metrics.frames.labels(client.transport).inc()
        metrics.sent_bytes.labels(client.transport).inc(len(data))

    def _difference(self, shown: Shown, current: Shown) -> Frame:
        metrics.encoded.inc()
        return Frame(difference(self.easels, shown), id=".".join(current))


def difference(easels: list[Easel], shown: Shown) -> str:
    """The partials that make a screen that shows `shown` right."""
    return envelopes(e.drawn for e, has in zip(easels, shown, strict=True) if e.drawn and e.version != has)
