"""Requests a second and p99 of the event page and the front page, one worker on one core, everything real.

A Quart handler that answers ten bytes runs in the same round, so that the figures can be read as ratios.
"""

import asyncio
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from ops import owner
from webapp import database, servers, serving, settings
from webapp.audit.actor import command
from webapp.events import store
from webapp.events.event import Details

BY = command("The benchmark")
ROUNDS = 3
SECONDS = 6
CLIENTS = 16
ACCEPT = "Accept: text/html\r\nAccept-Encoding: gzip\r\n"
ROOT = Path(__file__).resolve().parent.parent.parent
PARAGRAPH = "An evening of **music** by the water, with [a map](https://example.org) and a list:\n\n- one\n- two\n\n"
HELLO = """
import sys
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart
import uvloop

app = Quart(__name__)
@app.get("/")
async def hello():
    return "ten bytes."
config = Config(); config.bind = [f"fd://{sys.argv[1]}"]; config.accesslog = config.errorlog = None
uvloop.run(serve(app, config))
"""


@dataclass
class Result:
    """Of one round: answers a second, and the 50th and 99th percentile in milliseconds."""

    rate: float
    p50: float
    p99: float
    size: int


async def fill(given: settings.Settings) -> list[str]:
    """Fifty published events with 2 KB of Markdown each; answers their paths."""
    now = datetime.now(UTC)
    database.connect(given.mongodb_uri, given.database)
    await database.prepare()
    paths, organiser = [], await owner.organiser("Quay Street Studio")
    for number in range(50):
        starts = (now + timedelta(days=1, hours=number)).replace(tzinfo=None, minute=0, second=0, microsecond=0)
        details = Details(
            title=f"Concert number {number}",
            summary="Two sets by the water, and the bar stays open.",
            description=(PARAGRAPH * 30)[:2048],
            starts=starts,
            ends=starts + timedelta(hours=3),
            zone="Europe/Berlin",
            place_name="Harbour Hall",
            place_address="Quay 4",
            capacity=220,
            tags=["music", "jazz"],
        )
        event = await store.create(organiser.id, details, now=now, by=BY)
        await store.publish(event, by=BY, now=now)
        paths.append(event.path)
    database.close()
    return paths


async def load(port: int, paths: Sequence[str], seconds: float) -> Result:
    """Keeps CLIENTS connections busy with one request after another, each going round the paths from its own place."""
    taken: list[float] = []
    size = 0
    until = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = itertools.cycle(paths[number % len(paths) :] + paths[: number % len(paths)])
        while time.perf_counter() < until:
            began = time.perf_counter()
            writer.write(f"GET {next(turn)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{ACCEPT}\r\n".encode())
            try:
                answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            except asyncio.IncompleteReadError:  # the server ends a connection after so many requests
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            if not answer.startswith(b"http/1.1 200"):
                raise RuntimeError(answer.decode())
            size = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(size)
            taken.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*[client(number) for number in range(CLIENTS)])
    taken.sort()
    rate = len(taken) / (time.perf_counter() - began)
    return Result(rate, 1000 * taken[len(taken) // 2], 1000 * taken[int(len(taken) * 0.99)], size)


def server(given: settings.Settings, command: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Starts a worker on a port of its own, on the first core alone."""
    with serving.listening(given) as listening:
        process = subprocess.Popen(
            [sys.executable, *command, str(listening.fileno())],
            stdin=subprocess.PIPE,
            env=settings.environment(given) | {"PYTHONPATH": str(ROOT)},
            pass_fds=(listening.fileno(),),
            cwd=ROOT,
        )
        os.sched_setaffinity(process.pid, {0})
        return process, listening.getsockname()[1]


async def wait_for(port: int, paths: Sequence[str]) -> None:
    for _ in range(200):
        try:
            await load(port, paths, 0.2)
        except (OSError, RuntimeError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not answer")


def main() -> None:
    os.sched_setaffinity(0, {1})  # the load, MongoDB and Valkey share the other core
    with tempfile.TemporaryDirectory() as var:
        # All the load comes from one address, and is counted like anybody's.
        more = {"var": Path(var), "port": 0, "env": "production", "limit_reads": "100000000/10"}
        chosen = settings.read().model_copy(update=more)
        with servers.chosen(chosen) as given:
            measure(given, uvloop.run(fill(given)))


def measure(given: settings.Settings, events: list[str]) -> None:
    hello, hello_port = server(given, ["-c", HELLO])
    turnout, port = server(given, ["-m", "webapp", "worker"])
    contenders = {
        "plain Quart": (hello_port, ["/"]),
        "one event page": (port, events[:1]),
        "fifty event pages in turn": (port, events),
        "front page, 50 events": (port, ["/"]),
    }
    found: dict[str, list[Result]] = {name: [] for name in contenders}
    try:
        for at, paths in contenders.values():
            uvloop.run(wait_for(at, paths))
        for _ in range(ROUNDS):
            for name, (at, paths) in contenders.items():
                found[name].append(uvloop.run(load(at, paths, SECONDS)))
    finally:
        for process in (hello, turnout):
            process.send_signal(signal.SIGTERM)
            process.wait(15)
    report(found)


def report(found: dict[str, list[Result]]) -> None:
    base = statistics.median(result.rate for result in found["plain Quart"])
    print("| page | bytes | requests/s | p50 ms | p99 ms | of plain Quart |\n|---|---|---|---|---|---|")
    for name, results in found.items():
        rate = statistics.median(result.rate for result in results)
        p50 = statistics.median(result.p50 for result in results)
        p99 = statistics.median(result.p99 for result in results)
        print(f"| {name} | {results[0].size:,} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {rate / base:.2f} |")


if __name__ == "__main__":
    main()
