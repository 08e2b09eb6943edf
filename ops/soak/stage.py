"""Everything of a run put up: databases, Turnout, writers, open pages, and the oracle."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import httpx

import webapp.app  # noqa: F401 - declares every feature's regions
from ops import owner
from ops.soak import history, turnout
from ops.soak.ledger import Ledger
from ops.soak.oracle import Oracle
from ops.soak.screens import SCREENS, Screen
from ops.soak.servers import Mongo, Valkey
from ops.soak.turnout import Turnout
from ops.soak.writers import Writers
from webapp import database
from webapp.settings import Settings


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    nodes: int = 1
    workers: int = 2
    screens: int = 30
    gatherings: int = 12
    rate: float = 30
    frame_ms: int = 200
    hung: float = 10.0
    """Seconds for which something is frozen or away."""
    before: float = 3.0
    after: float = 4.0
    """Seconds of writing before and after a fault."""


@dataclass
class Stage:
    """What a fault can strike, and what tells whether it did harm."""

    size: Size
    chance: random.Random
    mongo: Mongo
    valkey: Valkey
    turnout: Turnout
    ledger: Ledger
    writers: Writers
    oracle: Oracle
    manage: str = ""
    """The path of the pages of the organiser whose gatherings they are."""
    cookie: dict[str, str] = field(default_factory=dict)
    """Of somebody in its team."""
    screens: list[Screen] = field(default_factory=list)
    is_calm: bool = True
    """Nothing but one fault disturbs the streams just now."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def given(self) -> Settings:
        return self.turnout.given

    @property
    def streams(self) -> list[Screen]:
        """The screens with a connection that stays."""
        return [screen for screen in self.screens if screen.transport != "poll"]

    def strike(self, worker: int, number: int = signal.SIGKILL) -> None:
        """Sends a signal to a worker, unless it is gone already."""
        if worker in self.turnout.workers:
            os.kill(worker, number)

    async def open_pages(self, visitor: httpx.AsyncClient, member: httpx.AsyncClient) -> None:
        """Opens the pages, two thirds of them on events, and waits until they are live."""
        paths = islice(cycle(self._paths()), self.size.screens)
        for kind, path in zip(cycle(SCREENS), paths, strict=False):
            browser = member if path == self.manage or path.endswith("/edit") else visitor
            self.screens.append(kind(self.turnout.origin, path, self.ledger, browser))
        self.tasks += [asyncio.create_task(screen.live()) for screen in self.screens]
        await eventually(lambda: all(screen.is_open for screen in self.screens), 60)

    async def quiet(self) -> bool:
        """Stops the writers, compares every region of every screen with the truth, and the log with the history."""
        await self.writers.pause()
        is_right = await self.oracle.settled(self.screens)
        for sentence in await self.wrong_in_the_log():
            self.ledger.problem(f"log: {sentence}")
        return is_right

    async def wrong_in_the_log(self) -> list[str]:
        """Where the log is not the database's history."""
        told = self.given.redis_url, self.given.mongodb_uri, self.given.database
        entries, wrong = await asyncio.to_thread(history.differences, *told)
        self.ledger.counts["log entries compared"] += entries
        return wrong

    def _paths(self) -> list[str]:
        slugs = [event.slug for event in self.writers.events.values()]
        events = [f"/events/{slug}" for slug in slugs]
        others = ["/", self.manage, "/calendar", "/?tag=music", f"{events[0]}/edit", f"{events[1]}/edit"]
        return [path for three in zip(cycle(events), cycle(events[1:]), others, strict=False) for path in three]


@asynccontextmanager
async def set_up(folder: Path, size: Size, chance: random.Random) -> AsyncIterator[Stage]:
    """A stage with events, writers (paused) and open pages; everything real, and gone afterwards."""
    mongo, valkey = Mongo(folder, size.nodes), Valkey(folder)
    for server in (*mongo.nodes, valkey):
        Path(folder / ("valkey" if server is valkey else server.name.replace("mongod", "mongodb"))).mkdir(exist_ok=True)
    given = turnout.settings(folder, mongo.uri, valkey.url, workers=size.workers, frame_ms=size.frame_ms)
    ledger = Ledger()
    writers, oracle = Writers(ledger, chance, size.rate), Oracle(given.secret, ledger)
    stage = Stage(size, chance, mongo, valkey, Turnout(given, folder), ledger, writers, oracle)
    try:
        await asyncio.gather(asyncio.to_thread(mongo.start), asyncio.to_thread(valkey.start))
        with database.connected(given.mongodb_uri, given.database):
            async with _played(stage):
                yield stage
    finally:
        await asyncio.to_thread(_tear_down, stage)


@asynccontextmanager
async def _played(stage: Stage) -> AsyncIterator[None]:
    many = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(limits=many) as visitor, httpx.AsyncClient(limits=many) as member:
        try:
            await _start(stage)
            member.cookies.update(stage.cookie)
            await stage.open_pages(visitor, member)
            yield
        finally:
            await _end(stage)


async def eventually(is_true: Callable[[], bool], seconds: float) -> float:
    """Waits until it is true; answers how long that took. Raises TimeoutError."""
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def _start(stage: Stage) -> None:
    await database.prepare()
    organiser = await owner.organiser("Soak")
    stage.manage, stage.cookie = organiser.manage_path, await owner.cookie(stage.given)
    await stage.writers.gather(organiser.id, stage.size.gatherings)
    await asyncio.to_thread(stage.turnout.start)
    stage.tasks.append(asyncio.create_task(stage.writers.write()))


async def _end(stage: Stage) -> None:
    for task in stage.tasks:
        task.cancel()
    for outcome in await asyncio.gather(*stage.tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def _tear_down(stage: Stage) -> None:
    stage.turnout.kill()
    for server in (stage.valkey, *stage.mongo.nodes):
        if server.is_running:
            server.kill()
