"""Everybody who is connected to this worker: heartbeats, limits, and who must be asked again."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from realtime import metrics
from realtime.client import BEAT_SECONDS, Client, Goodbye
from realtime.frame import Frame, control

GOING_AWAY = 1012


@dataclass(frozen=True)
class Limits:
    """What one visitor may have open on one worker. An address may be a whole conference behind one router."""

    regions: int = 200
    per_session: int = 64
    per_address: int = 10_000
    handshakes: int = 256
    """Handshakes under way at once; more are told to come back."""


class Roster:
    """The open streams, in as many slots as a heartbeat has seconds, so that beats are spread evenly."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._slots: list[set[Client]] = [set() for _ in range(BEAT_SECONDS)]
        self._sessions: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._is_stale, self._as_of = False, ""
        self.revocations = 0

    def __len__(self) -> int:
        return sum(map(len, self._slots))

    def __iter__(self) -> Iterator[Client]:
        return iter([client for slot in self._slots for client in slot])

    def has_place_for(self, address: str, session: str) -> bool:
        if session and self._sessions[session] >= self.limits.per_session:
            return False
        return self._addresses[address] < self.limits.per_address

    def add(self, client: Client) -> None:
        """Lets a client in; it leaves by itself when its connection ends."""
        min(self._slots, key=len).add(client)
        self._sessions[client.session] += 1
        self._addresses[client.address] += 1
        client.lost = self._remove
        metrics.connections.labels(client.transport).inc()
        if self._is_stale:
            client.send(self._beat())

    def beat(self, second: int, as_of: str, *, is_stale: bool = False) -> None:
        """Sends this second's clients their heartbeat and closes those that were silent too long.

        Everybody gets one when changes have just ceased to come, and when they have just begun to come again.
        """
        has_turned, self._is_stale, self._as_of = is_stale != self._is_stale, is_stale, as_of
        now = asyncio.get_running_loop().time()
        events: dict[str, Frame] = {}
        for client in list(self) if has_turned else list(self._slots[second % BEAT_SECONDS]):
            client.inbound = 0
            if client.is_lost(now):
                metrics.ended.labels("silent").inc()
                client.end(Goodbye(1001, "No heartbeat came back"))
                continue
            id = client.room.id_for(client) if client.room else ""  # noqa: A001
            if id not in events:
                events[id] = self._beat(id)
            client.send(events[id])

    async def dismiss(self, seconds: float) -> None:
        """Tells everybody to come back later, spread over `seconds`; then none is left."""
        clients = list(self)
        random.shuffle(clients)
        slice_size = max(1, len(clients) // 20)
        for start in range(0, len(clients), slice_size):
            for client in clients[start : start + slice_size]:
                metrics.ended.labels("drained").inc()
                client.end(Goodbye(GOING_AWAY, "Restarting", come_back_in(len(clients))))
            await asyncio.sleep(seconds * slice_size / len(clients))

    def _beat(self, id: str = "") -> Frame:  # noqa: A002
        return control("beat", id=id, live="stale" if self._is_stale else "beat", at=self._as_of)

    def _remove(self, client: Client) -> None:
        for slot in self._slots:
            slot.discard(client)
        for counts, name in ((self._sessions, client.session), (self._addresses, client.address)):
            counts[name] -= 1
            if counts[name] <= 0:
                del counts[name]
        metrics.connections.labels(client.transport).dec()
        if client.room is not None:
            client.room.leave(client)
            client.room = None


def come_back_in(clients: int) -> int:
    """Milliseconds until a client should connect again, at random; a worker takes some 500 a second."""
    return 250 + random.randrange(1_000 + 2 * clients)  # noqa: S311 - only spreads load
