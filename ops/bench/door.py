"""How many check-ins one worker takes in a second, and what fifty scanners wait for a verdict.

    PYTHONPATH=. python ops/bench/door.py [crowd]

Starts servers of its own. The top rate goes through `store.redeem`, as many scans at once as there are scanners. The
door is the whole product with two workers: fifty phones scan some 20 times a second for half a minute, 30 % of it
duplicates, and one more phone watches who is inside; then with one worker, without a pause. Every number is counted
again from the check-ins at the end. Then one phone looks for names among 10,000 attendees. `crowd` alone measures only
the one worker.
"""

import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx

from ops.bench.asker import Asker
from webapp import database, embedded
from webapp.audit.actor import command
from webapp.database import db, new_id
from webapp.door import audit, devices, lists, store, tickets
from webapp.door.checkin import CheckInList, Result, Scan
from webapp.door.making import LinkForm
from webapp.door.wishes import Door
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.folding import words_of
from webapp.walls import signing

TICKETS, SCANNERS, DUPLICATES, RATE, SECONDS = 6_000, 50, 0.3, 20, 30
CROWD_SECONDS, CROWD_ROUNDS = 8, 3
ATTENDEES = 10_000
HTMX = {"HX-Request": "true"}
SECRET = "only for the bench, and long enough to be one"
WATCHED: list[tuple[float, int]] = []


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, embedded.servers(Path(folder)) as addresses:
        signing.use(SECRET)
        database.connect(addresses.mongodb_uri, "bench")
        await database.prepare()
        if "crowd" not in sys.argv:
            for scanners in (1, 10, SCANNERS, 200):
                await top_rate(scanners)
            await a_door(addresses, Path(folder))
            await a_search(addresses, Path(folder))
        await a_crowd(addresses, Path(folder))
        database.close()


async def top_rate(scanners: int) -> None:
    """Every ticket once, as fast as one worker takes them."""
    event, everybody, secrets = await opened(TICKETS if scanners > 1 else 600)
    waits, began = [], time.perf_counter()
    queue = iter(secrets)

    async def scanner(number: int) -> None:
        for secret in queue:
            waits.append((await timed(event, everybody, number, secret))[0])

    await asyncio.gather(*(scanner(number) for number in range(scanners)))
    seconds = time.perf_counter() - began
    print(
        f"{scanners:>4} scanners: {len(secrets) / seconds:7.0f} check-ins a second, "
        f"p50 {_ms(waits, 50)} ms, p95 {_ms(waits, 95)} ms, differences {await audit.differences(event.id)}"
    )


async def a_door(addresses: embedded.Addresses, folder: Path) -> None:
    """Fifty phones at the product itself, and one that watches."""
    event, _, secrets = await opened(TICKETS)
    link = await devices.add_link(event, LinkForm(name="Bench"), by=command("bench"), now=datetime.now(UTC))
    with program(addresses, folder) as address:
        phones = [await phone(address, link.path, number) for number in range(SCANNERS + 1)]
        watching = asyncio.create_task(watch(phones.pop()))
        evening = Evening(iter(secrets))
        await asyncio.sleep(2)
        await asyncio.gather(*(scan_on(scanner(one), evening) for one in phones))
        await asyncio.sleep(2)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for one in phones:
            await one.aclose()
    late = evening.late(WATCHED)
    print(
        f"{SCANNERS} phones, 2 workers, {TICKETS} tickets, {DUPLICATES:.0%} duplicates: {len(evening.waits)} verdicts, "
        f"{dict(evening.results)}; verdict p50 {_ms(evening.waits, 50)} ms, p95 {_ms(evening.waits, 95)} ms, "
        f"p99 {_ms(evening.waits, 99)} ms; seen elsewhere p50 {_ms(late, 50)} ms, p95 {_ms(late, 95)} ms, "
        f"most {max(late) * 1000:.0f} ms; differences {await audit.differences(event.id)}"
    )


async def a_crowd(addresses: embedded.Addresses, folder: Path) -> None:
    """The top rate of one worker on a core of its own: fifty phones that scan again as soon as they are answered."""
    event, _, secrets = await opened(CROWD_ROUNDS * TICKETS)
    link = await devices.add_link(event, LinkForm(name="Bench"), by=command("bench"), now=datetime.now(UTC))
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
    with program(addresses, folder, workers=1) as address:
        phones = [await phone(address, link.path, number) for number in range(SCANNERS)]
        rates, fresh = [], iter(secrets)
        for _ in range(CROWD_ROUNDS):
            evening = Evening(fresh, CROWD_SECONDS)
            await asyncio.gather(*(scan_on(scanner(one), evening, 0) for one in phones))
            rates.append(len(evening.waits) / CROWD_SECONDS)
        for one in phones:
            await one.aclose()
    print(
        f"{SCANNERS} phones without a pause, 1 worker: {median(rates):.0f} verdicts a second "
        f"({min(rates):.0f} to {max(rates):.0f} in {CROWD_ROUNDS} rounds), in the last "
        f"{dict(evening.results)}; p50 {_ms(evening.waits, 50)} ms, p95 {_ms(evening.waits, 95)} ms; "
        f"differences {await audit.differences(event.id)}"
    )


async def a_search(addresses: embedded.Addresses, folder: Path) -> None:
    """One phone looks for names among 10,000, letter by letter, as they are typed."""
    event, _, _ = await opened(ATTENDEES)
    link = await devices.add_link(event, LinkForm(name="Bench"), by=command("bench"), now=datetime.now(UTC))
    inside, whole = [], []
    with program(addresses, folder) as address:
        client = await phone(address, link.path, 0)
        for number in range(0, ATTENDEES, 50):
            name = f"Gu\u00e9st {number}"
            for length in range(1, len(name) + 1):
                began = time.perf_counter()
                await tickets.named(event.id, name[:length])
                inside.append(time.perf_counter() - began)
            began = time.perf_counter()
            told = await client.get("/door", params={"q": name}, headers=HTMX)
            whole.append(time.perf_counter() - began)
            assert f"Guest {number}<" in told.text
        await client.aclose()
    print(
        f"A name among {ATTENDEES} attendees: p50 {_ms(inside, 50)} ms, p95 {_ms(inside, 95)} ms in the store, "
        f"p50 {_ms(whole, 50)} ms, p95 {_ms(whole, 95)} ms for the phone"
    )


class Evening:
    """What happened at the door."""

    def __init__(self, fresh: Iterator[str], seconds: float = SECONDS) -> None:
        self.fresh = fresh
        self.scanned: list[str] = []
        self.waits: list[float] = []
        self.let_in_at: list[float] = []
        self.results: Counter[str] = Counter()
        self.until = time.perf_counter() + seconds

    def late(self, seen: list[tuple[float, int]]) -> list[float]:
        """How long after each verdict another screen counted that person; 0 when it was before."""
        found = []
        for number, at in enumerate(sorted(self.let_in_at), 1):
            first = next((when for when, inside in seen if inside >= number), None)
            found.append(max(0.0, first - at) if first else float(SECONDS))
        return found


async def scan_on(client: Asker, evening: Evening, pause: float = SCANNERS / RATE) -> None:
    """One phone until the evening is over, with so many seconds between two scans, on average."""
    while True:
        await asyncio.sleep(random.uniform(0, 2 * pause))
        began = time.perf_counter()
        if began > evening.until:
            return
        is_duplicate = bool(evening.scanned) and random.random() < DUPLICATES
        secret = random.choice(evening.scanned) if is_duplicate else next(evening.fresh)
        told = await client.form("/door/scan", code=secret, nonce=new_id())
        ended = time.perf_counter()
        found = re.search(r'data-verdict="(\w+)"', told.text)
        result = found[1] if found else f"status {told.status}"
        evening.waits.append(ended - began)
        evening.results["right" if result == ("already_in" if is_duplicate else "ok") else f"wrong: {result}"] += 1
        if result == "ok":
            evening.let_in_at.append(ended)
            evening.scanned.append(secret)


async def watch(client: httpx.AsyncClient) -> None:
    """Keeps when how many were seen inside, as a page that is open is told."""
    page = (await client.get("/door")).text
    shown = re.search(r'data-shown="([^"]+)"', page)
    assert shown
    async with client.stream("GET", "/live/sse", params={"r": shown[1]}, timeout=None) as stream:
        async for line in stream.aiter_lines():
            if found := re.search(r"data-inside>([\d,]+)<", line):
                WATCHED.append((time.perf_counter(), int(found[1].replace(",", ""))))


async def phone(address: str, path: str, number: int) -> httpx.AsyncClient:
    """A phone on which the link was opened."""
    client = httpx.AsyncClient(base_url=address, timeout=30)
    assert (await client.post(path, data={"name": f"Phone {number}"})).headers["location"] == "/door"
    return client


def scanner(phone: httpx.AsyncClient) -> Asker:
    """The same phone through a client that costs less, so that the load takes nothing from what is measured."""
    cookie = "; ".join(f"{name}={value}" for name, value in phone.cookies.items())
    return Asker(str(phone.base_url), {"Cookie": cookie, **HTMX})


@contextmanager
def program(addresses: embedded.Addresses, folder: Path, workers: int = 2) -> Iterator[str]:
    """Turnout with so many workers, as in production; its address. One that is alone has the first core."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {"MONGODB_URI": addresses.mongodb_uri, "REDIS_URL": addresses.redis_url, "TURNOUT_DATABASE": "bench"}
    own |= {
        "TURNOUT_ENV": "production",
        "TURNOUT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TURNOUT_SECRET": SECRET,
        "TURNOUT_VAR": str(folder / "var"),
        "TURNOUT_LIMIT_DOOR": "1000000/10",  # all phones have one address
        "WORKERS": str(workers),
        "PORT": str(port),
        "CI": "1",
    }
    told_to = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    started = subprocess.Popen([sys.executable, "-m", "webapp", "run"], env=os.environ | own, **told_to)
    os.sched_setaffinity(started.pid, {0} if workers == 1 else set(range(os.cpu_count() or 1)))
    try:
        assert started.stdout
        told = re.search(r"http://\S+", started.stdout.readline())
        assert told
        yield told[0]
    finally:
        started.terminate()
        started.communicate()


async def timed(event: Event, everybody: CheckInList, number: int, secret: str) -> tuple[float, Result]:
    """One scan: how long it took and what it came to."""
    door = Door(event.organiser_id, event.id, f"device{number}", f"Phone {number}", f"gate{number % 4}", "Gate")
    scan, began = Scan(code=secret, list_id=everybody.id, nonce=new_id()), time.perf_counter()
    verdict = await store.redeem(door, scan, by="bench", now=datetime.now(UTC))
    return time.perf_counter() - began, verdict.result


async def opened(count: int) -> tuple[Event, CheckInList, list[str]]:
    """An event with so many tickets, and their secrets."""
    starts = datetime.now() + timedelta(hours=1)  # noqa: DTZ005 - a wall time
    details = {"title": "The bench", "starts": starts, "ends": starts + timedelta(hours=2), "zone": "UTC"}
    event = await events.create("bench", Details.model_validate(details), now=datetime.now(UTC), by=command("bench"))
    documents: list[dict[str, Any]] = [
        {"_id": new_id(), "organiser_id": "bench", "event_id": event.id, "ticket_type_id": "day", "name": f"Guest {n}"}
        | {"words": words_of(f"Guest {n}"), "state": "valid", "secret": (new_id() + new_id())[:28]}
        for n in range(count)
    ]
    await db().tickets.insert_many(documents)
    return event, (await lists.of(event))[0], [one["secret"] for one in documents]


def _ms(waits: list[float], percent: int) -> str:
    return f"{quantiles(waits, n=100)[percent - 1] * 1000:.1f}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
