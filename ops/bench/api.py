"""The API's main reads and writes, answers a second of one worker on one core, beside a plain Node handler.

The Node handler answers a JSON of the same size from memory: what remains when there is no database, no access and no
limits. Run it in quiet: `PYTHONPATH=. python ops/bench/api.py`.
"""

import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from ops import fuzz
from ops.bench.asker import Answer, Asker
from ops.bench.live.processes import node
from webapp.data import JSON

ROUNDS, SECONDS, CLIENTS = 3, 6, 16
NODE = """
const body = process.argv[2]
require('http').createServer((_, answer) => {
  answer.setHeader('Content-Type', 'application/json')
  answer.end(body)
}).listen(Number(process.argv[1]), '127.0.0.1')
"""
DETAILS = {"title": "Jazz", "starts": "2199-08-01T20:00", "ends": "2199-08-01T23:00", "zone": "Europe/Berlin"}
Ask = Callable[[Asker], Awaitable[Answer]]


async def rate(address: str, headers: dict[str, str], ask: Ask) -> float:
    """Answers a second, with as many connections as CLIENTS."""
    count, until = 0, time.perf_counter() + SECONDS

    async def client() -> None:
        nonlocal count
        program = Asker(address, headers)
        while time.perf_counter() < until:
            answer = await ask(program)
            if answer.status >= 400:
                raise RuntimeError(answer.text)
            count += 1
        program.close()

    await asyncio.gather(*[client() for _ in range(CLIENTS)])
    return count / SECONDS


def asked(slugs: list[str], organiser: str, kind: str) -> dict[str, Ask]:
    """What is asked, by the name it has in the table."""
    slug = slugs[0]
    path, wanted = f"/api/v1/organisers/{organiser}/events", json.dumps({"tickets": {kind: 1}}).encode()
    number = itertools.count()

    def another() -> bytes:
        return json.dumps(DETAILS | {"title": f"Evening {next(number)}"}).encode()

    return {
        "read an event": lambda program: program.get(f"/api/v1/events/{slug}"),
        "read one of fifty": lambda program: program.get(f"/api/v1/events/{random.choice(slugs)}"),
        "list 50 events": lambda program: program.get("/api/v1/events?limit=50"),
        "make an event": lambda program: program.send(path, another(), JSON),
        "make one of that title": lambda program: program.send(path, json.dumps(DETAILS).encode(), JSON),
        "hold a place": lambda program: program.send(f"/api/v1/events/{slug}/holds", wanted, JSON),
    }


def filled(address: str, headers: dict[str, str]) -> tuple[list[str], str, str]:
    """Fifty published events without a limit: their slugs, that of their organiser, and the first one's ticket type."""
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, trust_env=False, timeout=60) as program:
        organiser = program.get("/organisers").json()["items"][0]["slug"]
        many = [DETAILS | {"title": f"Concert {number}"} for number in range(50)]
        made = program.post(f"/organisers/{organiser}/events/bulk", json={"items": many}).json()["results"]
        for one in made:
            program.post(f"/events/{one['made']['slug']}/publish").raise_for_status()
        slugs = [one["made"]["slug"] for one in made]
        return slugs, organiser, program.get(f"/events/{slugs[0]}/ticket-types").json()["items"][0]["id"]


async def measured(address: str, headers: dict[str, str], ask: Ask) -> float:
    """The median of some rounds."""
    return statistics.median([await rate(address, headers, ask) for _ in range(ROUNDS)])


def beside(body: dict[str, Any]) -> float:
    """The same of a plain Node handler with this body."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([node(), "-e", NODE, str(port), json.dumps(body)]) as plain:
        try:
            time.sleep(1)
            return asyncio.run(measured(f"http://127.0.0.1:{port}", {}, lambda program: program.get("/")))
        finally:
            plain.terminate()


def main() -> int:
    """Measures and prints a table."""
    # The worker, which is started next, has the first core to itself; what asks it has the others.
    os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as var, fuzz.running(Path(var)) as (address, token):
        os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
        headers = {"Authorization": f"Bearer {token}"}
        slugs, organiser, kind = filled(address, headers)
        asks = asked(slugs, organiser, kind).items()
        found = {name: asyncio.run(measured(address, headers, ask)) for name, ask in asks}
        event = httpx.get(f"{address}/api/v1/events/{slugs[0]}", trust_env=False).json()
    found["plain Node, one event"] = beside(event)
    for name, value in found.items():
        print(f"{name:24}{value:8.0f} a second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
