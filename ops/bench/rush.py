"""A sale start: how fast places are taken over HTTP, and whether anybody is lost, oversold or kept waiting.

Three rounds on one worker on one core, real MongoDB and Valkey, every registration fully transactional: as fast as it
goes on one event and on a hundred, with and without open pages; then the thousand holds of a real sale start.
"""

import argparse
import asyncio
import itertools
import os
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from ops import owner
from ops.bench.pages import server, wait_for
from webapp import database, servers, settings
from webapp.audit.actor import command
from webapp.events import store
from webapp.events.event import Details, Event
from webapp.places.audit import Audit, audit_all

BY = command("The benchmark")
CLIENTS = 64
SECONDS = 6
VIEWERS = 200
# Reservations per second in the first seventeen seconds of a festival's sale: github.com/emfcamp/Website/issues/1901
SALE = [7, 18, 52, 72, 131, 134, 108, 120, 125, 100, 39, 8, 14, 10, 17, 4, 8]
SALE_PLACES, SALE_VIEWERS = 500, 500


@dataclass
class Rush:
    """What came of one rush."""

    seconds: float = 0
    taken: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.taken) / self.seconds

    def at(self, part: float) -> float:
        """The milliseconds within which this part of all were answered."""
        return 1000 * sorted(self.taken)[int(len(self.taken) * part)]


class Client:
    """One connection that asks for places, one time after another."""

    def __init__(self, port: int, rush: Rush) -> None:
        self._port, self._rush = port, rush
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, event: Event, key: str) -> None:
        """Posts the form of an event's page."""
        began = time.perf_counter()
        body = f"key={key}&n.{event.id}=1".encode()
        head = f"POST {event.path}/registrations HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        request = f"{head}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body
        answer = await self._answer(request)
        self._rush.taken.append(time.perf_counter() - began)
        self._rush.statuses[int(answer[9:12])] += 1

    def close(self) -> None:
        """Hangs up."""
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _answer(self, request: bytes) -> bytes:
        while True:
            try:
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                size = re.search(rb"content-length: (\d+)", head.lower())
                await reader.readexactly(int(size[1]) if size else 0)
            except (asyncio.IncompleteReadError, ConnectionError):  # the server ends a connection after so many
                self.close()  # the same key again takes no second place
                await asyncio.sleep(0.01)
            else:
                return head


async def as_fast_as_it_goes(port: int, events: list[Event], name: str) -> Rush:
    """CLIENTS connections, each with the next request as soon as the last is answered."""
    rush, until = Rush(), time.perf_counter() + SECONDS
    turn = itertools.cycle(events)

    async def client(number: int) -> None:
        mine = Client(port, rush)
        for count in itertools.count():
            if time.perf_counter() > until:
                break
            await mine.ask(next(turn), f"{name}-{number:03}-{count:06}")
        mine.close()

    began = time.perf_counter()
    await asyncio.gather(*map(client, range(CLIENTS)))
    rush.seconds = time.perf_counter() - began
    return rush


async def sale(port: int, event: Event) -> Rush:
    """A thousand people, each on a connection of their own, as they came then."""
    rush, began = Rush(), time.perf_counter()

    async def person(number: int, at: float) -> None:
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        mine = Client(port, rush)
        await mine.ask(event, f"person-{number:04}")
        mine.close()

    await asyncio.gather(*(person(number, at) for number, at in enumerate(_arrivals())))
    rush.seconds = time.perf_counter() - began
    return rush


def _arrivals() -> Iterator[float]:
    for second, count in enumerate(SALE):
        yield from (second + one / count for one in range(count))


@asynccontextmanager
async def watching(port: int, event: Event, count: int) -> AsyncIterator[None]:
    """So many open pages of an event, each with its stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(f"GET {event.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    shown = re.search(rb'data-shown="([^"]*)"', await reader.read(-1) + await reader.read(-1))
    writer.close()
    asked = shown[1].decode() if shown else ""

    async def watch() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /live/sse?r={asked} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        while await reader.read(2**16):
            pass

    streams = [asyncio.create_task(watch()) for _ in range(count)]
    await asyncio.sleep(1 + count / 400)
    yield
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)


async def fill(given: settings.Settings, capacities: list[int | None]) -> list[Event]:
    """Published events with so many places."""
    now = datetime.now(UTC)
    starts = (now + timedelta(days=1)).replace(tzinfo=None)
    database.connect(given.mongodb_uri, given.database)
    await database.prepare()
    events, organiser = [], await owner.organiser("Quay Street Studio")
    for number, capacity in enumerate(capacities):
        times = {"starts": starts, "ends": starts + timedelta(hours=3), "zone": "Europe/Berlin"}
        details = Details.model_validate({"title": f"Concert {number}", "capacity": capacity, **times})
        event = await store.create(organiser.id, details, now=now, by=BY)
        events.append(await store.publish(event, by=BY, now=now))
    database.close()
    return events


async def audited(given: settings.Settings) -> list[Audit]:
    database.connect(given.mongodb_uri, given.database)
    try:
        return await audit_all(datetime.now(UTC))
    finally:
        database.close()


async def held(given: settings.Settings, event: Event) -> tuple[int, int]:
    """How many hold a place and how many wait."""
    database.connect(given.mongodb_uri, given.database)
    try:
        holding = await database.db().registrations.count_documents({"event_id": event.id})
        return holding, await database.db().entries.count_documents({"event_id": event.id})
    finally:
        database.close()


async def measure(port: int, hot: Event, hundred: list[Event], sold: Event) -> None:
    """Prints a table."""
    print("| rush | a second | p50 ms | p99 ms | answers |\n|---|---|---|---|---|")
    _row("one event", await as_fast_as_it_goes(port, [hot], "alone"))
    async with watching(port, hot, VIEWERS):
        _row(f"one event, {VIEWERS} pages open", await as_fast_as_it_goes(port, [hot], "watched"))
    _row("a hundred events", await as_fast_as_it_goes(port, hundred, "hundred"))
    async with watching(port, sold, SALE_VIEWERS):
        _row(f"the sale start, {SALE_VIEWERS} pages open", await sale(port, sold))


def _row(name: str, rush: Rush) -> None:
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(rush.statuses.items()))
    print(f"| {name} | {rush.rate:,.0f} | {rush.at(0.5):.1f} | {rush.at(0.99):.1f} | {answers} |", flush=True)


@contextmanager
def turnout(given: settings.Settings) -> Iterator[int]:
    """One worker on the first core; answers its port."""
    process, port = server(given, ["-m", "webapp", "worker"])
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    os.sched_setaffinity(0, {1})  # the load, MongoDB and Valkey share the other core
    with tempfile.TemporaryDirectory() as var:
        limits = {"limit_reads": "100000000/10", "limit_writes": "100000000/10", "limit_live": "100000000/10"}
        more = {"var": Path(var), "port": 0, "env": "production", "log_level": "error", **limits}
        with servers.chosen(settings.read().model_copy(update=more)) as given:
            hot, sold, *hundred = uvloop.run(fill(given, [1_000_000, SALE_PLACES, *[100_000] * 100]))
            with turnout(given) as port:
                uvloop.run(wait_for(port, ["/"]))
                uvloop.run(measure(port, hot, hundred, sold))
            holding, waiting = uvloop.run(held(given, sold))
            audits = uvloop.run(audited(given))
    lost = sum(SALE) - holding - waiting
    print(f"\nSale start: {holding} of {SALE_PLACES} places held, {waiting} in line, {lost} lost.")
    print(f"Audit: {sum(len(one.findings) for one in audits)} drift in {sum(one.notes for one in audits):,} notes.")


if __name__ == "__main__":
    main()
