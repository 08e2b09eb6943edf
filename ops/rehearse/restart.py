"""A rolling restart under load: no request fails, and no screen is left with anything old."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from websockets import Origin, WebSocketException, connect

from ops import owner
from ops.rehearse import passing
from ops.rehearse.stage import Stage
from realtime.drawing import Pen
from webapp import database
from webapp.audit.actor import command
from webapp.events import store
from webapp.events.event import Details, Event
from webapp.events.live import event_page
from webapp.responses import render
from webapp.settings import Settings

VISITORS, VIEWERS = 12, 40
BEFORE_SECONDS, AFTER_SECONDS = 4, 4
FRESH_SECONDS = 20
BY = command("rehearsal")


class Load:
    """Visitors who ask for pages and post forms, and viewers of one event, all through the proxy."""

    def __init__(self, stage: Stage, event: Any) -> None:
        self.stage, self.event = stage, event
        self.answers: Counter[str] = Counter()
        self.slowest, self.frames, self.streams = 0.0, 0, 0
        self.shown = [""] * VIEWERS
        self.writes = 0
        self.watching = watching(event, stage.copies[0].given.secret)

    async def visit(self, number: int) -> None:
        """Asks for one page after another, each second time with a form that is refused."""
        async with self.stage.visitor(timeout=20) as visitor:
            for turn in range(10**9):
                method, path = ("POST", "/sign-in") if (turn + number) % 2 == 0 else ("GET", self.event.path)
                begun = time.monotonic()
                try:
                    form = {"email": ""} if method == "POST" else None
                    answer = await visitor.request(method, path, data=form, headers={"Origin": self.stage.address})
                    self.answers[f"{method} {answer.status_code if answer.status_code >= 500 else 'answered'}"] += 1
                except httpx.HTTPError as error:
                    self.answers[f"{method} {type(error).__name__}"] += 1
                self.slowest = max(self.slowest, time.monotonic() - begun)

    async def watch(self, number: int) -> None:
        """Keeps one stream open, coming back as a browser does, and remembers the newest frame."""
        async with self.stage.visitor(timeout=60) as viewer:
            while True:
                try:
                    async with viewer.stream("GET", f"/live/sse?{self.watching}") as stream:
                        self.streams += 1
                        async for line in stream.aiter_lines():
                            self._see(number, line)
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.3)

    async def watch_by_websocket(self, number: int) -> None:
        """The same over a WebSocket."""
        address = f"{self.stage.address.replace('http', 'ws', 1)}/live/ws?{self.watching}"
        while True:
            with suppress(OSError, WebSocketException):
                async with connect(address, origin=Origin(self.stage.address), ssl=self.stage.knows) as stream:
                    self.streams += 1
                    async for frame in stream:
                        self._see(number, str(frame))
            await asyncio.sleep(0.3)

    def _see(self, number: int, text: str) -> None:
        if "Rehearsal" in text:
            self.shown[number] = text
            self.frames += 1

    async def write(self) -> None:
        """Changes the event twenty times a second, as a program beside Turnout would."""
        async with AsyncMongoClient[dict[str, Any]](self.stage.mongo.uri) as client:
            events = client[self.stage.copies[0].given.database].events
            while True:
                self.writes += 1
                change = {"$set": {"place_name": self._place(self.writes)}}
                await events.update_one({"_id": self.event.id}, change)
                await asyncio.sleep(0.05)

    @property
    def are_fresh(self) -> bool:
        return all(self._place(self.writes) in line for line in self.shown)

    @staticmethod
    def _place(number: int) -> str:
        return f"Rehearsal room {number}."


async def rehearse(stage: Stage, rounds: int = 1) -> list[str]:
    """Restarts every copy in turn under load, so many times; answers what was wrong."""
    load = Load(stage, await open_day(stage.copies[0].given))
    found = await passing.rehearse(stage)
    writing = asyncio.create_task(load.write())
    busy = [asyncio.create_task(load.visit(n)) for n in range(VISITORS)]
    busy += [asyncio.create_task((load.watch, load.watch_by_websocket)[n % 2](n)) for n in range(VIEWERS)]
    await asyncio.sleep(BEFORE_SECONDS)
    for copy in stage.copies * rounds:
        begun = time.monotonic()
        status = await asyncio.to_thread(stage.restart, copy)
        print(f"copy on {copy.given.port}: ready again after {time.monotonic() - begun:.1f} s")
        found += [f"a copy ended with {status}"] if status else []
    await asyncio.sleep(AFTER_SECONDS)
    writing.cancel()
    found += await _caught_up(load)
    for task in busy:
        task.cancel()
    await asyncio.gather(writing, *busy, return_exceptions=True)
    print(f"answers: {dict(load.answers)}, the slowest {1000 * load.slowest:.0f} ms")
    print(f"{load.writes} writes, {load.frames} frames on {VIEWERS} screens over {load.streams} streams")
    for line in _unmended(stage.proxy.log.read_text())[:5]:
        print(f"proxy: {line[:300]}")
    for copy in stage.copies:
        for line in copy.said("error")[:3]:
            print(f"copy on {copy.given.port}: {line[:2000]}")
    return found + [f"{count} x {kind}" for kind, count in load.answers.items() if not kind.endswith("answered")]


def _unmended(log: str) -> list[str]:
    """What the proxy noted, but for refused connections: those it makes with the other copy."""
    return [line for line in log.splitlines() if "onnection refused" not in line]


async def _caught_up(load: Load) -> list[str]:
    begun = time.monotonic()
    while not load.are_fresh:
        if time.monotonic() - begun > FRESH_SECONDS:
            stale = sum(load._place(load.writes) not in line for line in load.shown)
            return [f"{stale} of {VIEWERS} screens do not show the last write"]
        await asyncio.sleep(0.05)
    print(f"all screens show the last write {1000 * (time.monotonic() - begun):.0f} ms after it")
    return []


async def open_day(given: Settings) -> Event:
    """A published event in the database of these settings."""
    now = datetime.now(UTC)
    starts = (now + timedelta(days=1)).replace(tzinfo=None, microsecond=0, second=0)
    with database.connected(given.mongodb_uri, given.database):
        details = Details(title="Open day", starts=starts, ends=starts + timedelta(hours=2), zone="Europe/Berlin")
        organiser = await owner.organiser("Quay Street Studio")
        return await store.publish(await store.create(organiser.id, details, now=now, by=BY), by=BY, now=now)


def watching(event: Event, secret: str) -> str:
    """The query with which somebody watches an event's page, as the page itself has it."""
    region = event_page(event.organiser_id, event.id)
    return f"r={region.key}.{Pen(render, secret).sign(region.key)}."


async def renamed(given: Settings, event: Event, place: str) -> None:
    """Another place for the event, as a program beside Turnout would write it."""
    async with AsyncMongoClient[dict[str, Any]](given.mongodb_uri) as client:
        await client[given.database].events.update_one({"_id": event.id}, {"$set": {"place_name": place}})
