"""An open page as live.js keeps it: a map of what is shown, carried to every connect, over one of three transports."""

import asyncio
import json
import random
import socket
import struct
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import httpx

from ops.soak import wire
from ops.soak.ledger import Ledger

HELLO_SECONDS = 5.0
LONGEST_SECONDS = 10.0
POLL_SECONDS = 5.0
PAGE_SECONDS = 30.0
# Small, so that a screen which does not read is felt by the server and not kept in the kernel.
RECEIVE_BUFFER = 16 * 1024
# As on a real network: loopback's 64 KiB do not fit the buffer, and a sender then waits for its probe timer.
SEGMENT = 1_400
Lost = (OSError, asyncio.IncompleteReadError, TimeoutError, httpx.HTTPError, wire.Ended)


class Screen(ABC):
    """One open page. `html` has what the stream brought, by region; the rest is still as in `page`."""

    transport = ""

    def __init__(self, origin: str, path: str, ledger: Ledger, browser: httpx.AsyncClient) -> None:
        self.origin, self.path, self.ledger = origin, path, ledger
        self.page = ""
        self.html: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.is_open = self.is_stale = False
        self.ended = 0
        self._browser = browser
        self._signatures: dict[str, str] = {}
        self._changes: dict[str, dict[int, int]] = {}
        self._latest: dict[tuple[str, int], int] = {}
        self._reads = asyncio.Event()
        self._reads.set()
        self._failures, self._retry = 0, 0

    def __str__(self) -> str:
        return f"{self.transport} screen of {self.path}"

    @property
    def position(self) -> str:
        """What the address of a connect says."""
        return "~".join(f"{key}.{self._signatures[key]}.{self.versions[key]}" for key in self._signatures)

    @property
    def cookie(self) -> str:
        """What the browser sends of who is signed in; empty for a visitor."""
        return "; ".join(f"{name}={value}" for name, value in self._browser.cookies.items())

    async def live(self) -> None:
        """Opens the page and keeps it live, until cancelled."""
        while not self._signatures:
            await self._open_page()
        while True:
            began = time.monotonic()
            try:
                await self._stream()
            except Lost as lost:
                self._lost(lost, time.monotonic() - began)
            finally:
                self.is_open = False
            await asyncio.sleep(self._delay())

    async def reload(self) -> None:
        """Opens the page anew: what it then shows must not be older than what was shown."""
        await self._open_page()
        await self.cut()

    async def cut(self) -> None:
        """Breaks the connection, where there is one that stays."""
        await asyncio.sleep(0)

    def slow_down(self) -> None:
        """Stops reading."""
        self._reads.clear()

    def read_on(self) -> None:
        """Reads again."""
        self._reads.set()

    @abstractmethod
    async def _stream(self) -> None:
        """One connection, until it is lost."""

    async def _open_page(self) -> None:
        try:
            answer = await self._browser.get(self.origin + self.path, timeout=PAGE_SECONDS, follow_redirects=True)
        except httpx.HTTPError:
            answer = None
        if answer is None or answer.status_code != 200:
            self.ledger.counts["pages refused"] += 1
            return await asyncio.sleep(random.uniform(0.2, 1))
        self.ledger.counts["pages"] += 1
        self._show_page(answer.text)
        return None

    def _show_page(self, page: str) -> None:
        regions = wire.shown_on(page)
        latest: dict[int, int] = {}
        for (_, gathering), change in self._latest.items():
            latest[gathering] = max(change, latest.get(gathering, 0))
        for gathering, change in wire.numbers(page).items():
            self._check_forward("its page", gathering, change, latest.get(gathering, 0))
        self.page, self.html, self._changes = page, {}, {}
        self._signatures = {key: signature for key, (signature, _) in regions.items()}
        self.versions = {key: version for key, (_, version) in regions.items()}

    def _take(self, text: str) -> None:
        for partial in wire.partials(text):
            self.ledger.counts["partials"] += 1
            if not partial.is_whole:
                self.ledger.problem(f"{self}: {partial.key} is not what its version says")
            if partial.key in self._signatures:
                self._show(partial)

    def _show(self, partial: wire.Partial) -> None:
        key, before, after = partial.key, self._changes.get(partial.key, {}), wire.numbers(partial.html)
        for gathering, change in after.items():
            self._check_forward(key, gathering, change, self._latest.get((key, gathering), 0))
            self._latest[key, gathering] = change
            if change > before.get(gathering, change):
                self.ledger.showed(self.transport, gathering, before[gathering], change)
        self.html[key], self.versions[key], self._changes[key] = partial.html, partial.version, after

    def _check_forward(self, where: str, gathering: int, change: int, latest: int) -> None:
        if change < latest:
            self.ledger.problem(f"{self}: in {where} gathering {gathering} went back from {latest} to {change}")

    def _control(self, message: dict[str, Any]) -> None:
        is_stale = message.get("live") == "stale"
        if is_stale and not self.is_stale:
            self.ledger.counts["told that they are stale"] += 1
        self.is_stale = is_stale
        self.is_open = True

    def _lost(self, lost: BaseException, lasted: float) -> None:
        kind = f"ended {lost.code}" if isinstance(lost, wire.Ended) else type(lost).__name__
        self.ledger.endings[f"{self.transport}: {kind}"] += 1
        self.ledger.counts["reconnects"] += 1
        self.ended += 1
        self._failures = 1 if lasted > 30 else self._failures + 1
        self._retry = lost.retry if isinstance(lost, wire.Ended) else 0

    def _delay(self) -> float:
        longest = min(LONGEST_SECONDS, 0.25 * 2 ** min(self._failures, 7))
        return float(longest * random.uniform(0.5, 1) + self._retry / 1000)


class _Stream(Screen):
    """A page on a connection of its own."""

    def __init__(self, origin: str, path: str, ledger: Ledger, browser: httpx.AsyncClient) -> None:
        super().__init__(origin, path, ledger, browser)
        self._writer: asyncio.StreamWriter | None = None

    async def cut(self) -> None:
        if self._writer is not None and not self._writer.is_closing():
            cut = struct.pack("ii", 1, 0)  # a reset instead of a farewell
            with suppress(OSError):
                self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, cut)
            self._writer.transport.abort()

    async def _stream(self) -> None:
        async with asyncio.timeout(HELLO_SECONDS):
            reader, self._writer = await self._connected()
        try:
            await self._follow(reader, self._writer)
        finally:
            self._writer.transport.abort()

    @abstractmethod
    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Asks for the stream and shows what it brings."""

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.origin.removeprefix("http://").split(":")
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        try:
            await asyncio.get_running_loop().sock_connect(connection, (host, int(port)))
        except BaseException:
            connection.close()
            raise
        return await asyncio.open_connection(sock=connection, limit=RECEIVE_BUFFER)

    def _patience(self, beat: float) -> float:
        return 2.5 * beat if self.is_open else HELLO_SECONDS


class SocketScreen(_Stream):
    """A page on a WebSocket."""

    transport = "ws"

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beat = 15.0
        async with asyncio.timeout(HELLO_SECONDS):
            await wire.upgrade(reader, writer, f"/live/ws?r={self.position}", self.origin, self.cookie)
        while True:
            await self._reads.wait()
            async with asyncio.timeout(self._patience(beat)):
                message = await wire.next_message(reader, writer)
            if message.text.startswith("{"):
                told = json.loads(message.text)
                beat = told.get("beat", beat)
                self._control(told)
                writer.write(wire.masked("beat"))
            else:
                self.ledger.counts["frames"] += 1
                self._take(message.text)


class EventScreen(_Stream):
    """A page on server-sent events."""

    transport = "sse"

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HELLO_SECONDS):
            await wire.ask_for_events(reader, writer, f"/live/sse?r={self.position}", self.cookie)
        messages = aiter(wire.events(reader))
        retry = 0
        while True:
            await self._reads.wait()
            async with asyncio.timeout(self._patience(15)):
                message = await anext(messages, None)
            if message is None:
                raise wire.Ended(1, retry)
            retry = message.retry or retry
            self._heard(message)

    def _heard(self, message: wire.Message) -> None:
        if message.event == "bye":
            return
        if message.event:
            self._control(json.loads(message.text))
        else:
            self.ledger.counts["frames"] += 1
            self._take(message.text)
        shows = ".".join(self.versions[key] for key in sorted(self._signatures))
        if message.id and message.id != shows:
            self.ledger.problem(f"{self}: the id says {message.id} is shown, it is {shows}")


class PollScreen(Screen):
    """A page that asks every few seconds."""

    transport = "poll"

    async def _stream(self) -> None:
        while True:
            await self._reads.wait()
            target = f"{self.origin}/live/poll?r={self.position}"
            answer = await self._browser.get(target, timeout=PAGE_SECONDS)
            self.ledger.counts["polls"] += 1
            if answer.status_code not in {200, 204}:
                raise wire.Ended(answer.status_code)
            self.is_open, self._failures = True, 0
            self._take(answer.text)
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.5, 1))


SCREENS: tuple[type[Screen], ...] = (SocketScreen, EventScreen, SocketScreen, EventScreen, PollScreen)
