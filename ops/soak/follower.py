"""A program that follows the changes while it is cut and workers are killed: `python -m ops.soak.follower`.

Redis is wiped, too. At the end its copy of who has a place must be exactly what the database says, with nothing told
twice or left out. The exit status is 1 where it is not.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvloop
from redis import Redis, RedisError

import webapp.app  # noqa: F401 - declares every feature's collections
from ops import owner
from ops.soak import turnout
from ops.soak.servers import Mongo, Valkey
from ops.soak.turnout import Turnout
from webapp import database
from webapp.audit.actor import Actor, command
from webapp.changes.change import MOVED_A_LINE, OF_POOLS, key_of
from webapp.database import PyMongoError, db
from webapp.errors import TurnoutError
from webapp.events import store as events
from webapp.events.event import Details
from webapp.organisers.organiser import Role
from webapp.people import store as people
from webapp.programs import store as tokens
from webapp.programs.token import OrganiserWish
from webapp.registrations import confirming, ending, taking
from webapp.registrations.registration import Contact, Wanted
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered
from webapp.walls import sealing, signing

PATH = "/api/v1/changes"
BY = command("the soak")
PAGE = 500
AT_ONCE = 200
CATCH_UP_SECONDS = 120
SHORTEST, LONGEST = 0.1, 3.0


@dataclass
class Copy:
    """What a follower made of what it was told."""

    last: str = ""
    states: dict[str, str] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    numbers: list[int] = field(default_factory=list)
    cuts: int = 0
    wrong: list[str] = field(default_factory=list)

    def take(self, change: dict[str, Any]) -> None:
        """Applies one change; they must come in order, each once."""
        if self.last and key_of(change["id"]) <= key_of(self.last):
            self.wrong.append(f"{change['id']} came after {self.last}")
        self.last = change["id"]
        family, _, state = change["kind"].partition(".")
        if family not in {"registration", "waiting_list_entry"}:
            return
        self.numbers.append(change["data"]["number"])
        self.taken.update(change["data"]["places"])
        if state in {"held", "pending", "confirmed", "cancelled", "expired"}:
            self.states[change["subject_id"]] = state


@dataclass
class Follower:
    """Follows by stream and by pages, at any worker, and is cut at random."""

    origin: str
    token: str
    chance: random.Random
    copy: Copy = field(default_factory=Copy)

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            length = self.chance.uniform(SHORTEST, LONGEST)
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(length):
                    # From the very first change only pages go; a stream without an id begins with what is new.
                    await (self._stream() if self.copy.last and self.chance.random() < 0.8 else self._pages())
            self.copy.cuts += 1
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def _stream(self) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": self.copy.last}
        async with self._client() as client, client.stream("GET", PATH, headers=headers) as answer:
            if self._is_told(answer):
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        self.copy.take(json.loads(line[6:]))

    async def _pages(self) -> None:
        async with self._client() as client:
            while True:
                query = {"limit": PAGE, **({"since": self.copy.last} if self.copy.last else {})}
                answer = await client.get(PATH, params=query)
                if not self._is_told(answer):
                    return
                for change in answer.json()["changes"]:
                    self.copy.take(change)
                await asyncio.sleep(0.05)

    def _is_told(self, answer: httpx.Response) -> bool:
        if answer.status_code in {401, 403, 404, 410, 422}:
            self.copy.wrong.append(f"It was answered {answer.status_code} after {self.copy.last}")
        return answer.status_code == httpx.codes.OK

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self.origin, headers=headers, trust_env=False, timeout=10)


@dataclass
class Visitors:
    """People who register, confirm and cancel, so many changes a second."""

    offered: Offered
    rate: float
    chance: random.Random
    written: int = 0
    coming: list[str] = field(default_factory=list)

    async def come(self) -> None:
        """Until cancelled."""
        under_way: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        try:
            while True:
                while self.written < (time.monotonic() - began) * self.rate and len(under_way) < AT_ONCE:
                    task = asyncio.create_task(self._visit())
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    self.written += 2
                await asyncio.sleep(0.02)
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _visit(self) -> None:
        now = datetime.now(UTC)
        who = f"visitor {self.chance.getrandbits(64):x}"
        with suppress(TurnoutError, PyMongoError):
            if self.coming and self.chance.random() < 0.3:
                gone = self.coming.pop(self.chance.randrange(len(self.coming)))
                self.written -= 1
                await ending.cancel(gone, by=who, now=now)
                return
            wanted = Wanted(tickets={self.offered.types[0].id: self.chance.randint(1, 3)}, key=f"the key of {who}")
            held = await taking.take(self.offered, wanted, by=who, now=now)
            await confirming.confirm(held.id, Contact(name="Ana", email="ana@example.org"), by=who, now=now)
            self.coming.append(held.id)


@dataclass(frozen=True)
class Plan:
    """For how long, how many changes a second, and a fault every so many seconds."""

    seconds: float
    rate: float
    fault_every: float


@dataclass(frozen=True)
class Outcome:
    """How a run went; nothing wrong is all well."""

    changes: int
    cuts: int
    killed: int
    wiped: int
    wrong: list[str]


async def run(folder: Path, plan: Plan, chance: random.Random) -> Outcome:
    """Follows as planned, and compares."""
    mongo, valkey = Mongo(folder, 1), Valkey(folder)
    for name in ("mongodb", "valkey", *(node.name.replace("mongod", "mongodb") for node in mongo.nodes)):
        (folder / name).mkdir(exist_ok=True)
    given = turnout.settings(folder, mongo.uri, valkey.url, workers=2, frame_ms=200)
    program = Turnout(given, folder)
    try:
        await asyncio.gather(asyncio.to_thread(mongo.start), asyncio.to_thread(valkey.start))
        signing.use(given.secret)
        sealing.use(given.secret)
        with database.connected(given.mongodb_uri, given.database):
            await database.prepare()
            await asyncio.to_thread(program.start)
            follower, visitors = await _set_up(program, plan.rate, chance)
            return await _follow(follower, visitors, program, plan)
    finally:
        await asyncio.to_thread(program.kill)
        for server in (valkey, *mongo.nodes):
            if server.is_running:
                await asyncio.to_thread(server.kill)


async def _set_up(program: Turnout, rate: float, chance: random.Random) -> tuple[Follower, Visitors]:
    now = datetime.now(UTC)
    organiser = await owner.organiser("Soak")
    starts = (now + timedelta(days=9)).replace(tzinfo=None)
    times = {"starts": starts.isoformat(), "ends": (starts + timedelta(hours=2)).isoformat(), "zone": "UTC"}
    event = await events.create(organiser.id, Details.model_validate({"title": "Rush", **times}), now=now, by=BY)
    offered = await ticket_types.offered(await events.publish(event, by=BY, now=now))
    wish = OrganiserWish.model_validate({"name": "Follower", "read": True, "days": "7", "role": Role.OWNER})
    olive = await people.by_email(owner.EMAIL)
    assert olive
    token = await tokens.create_for(organiser.id, wish, wish.role, by=Actor(olive.id, olive.name), now=now)
    return Follower(program.origin, token, chance), Visitors(offered, rate, chance)


async def _follow(follower: Follower, visitors: Visitors, program: Turnout, plan: Plan) -> Outcome:
    struck: Counter[str] = Counter()
    working = [asyncio.create_task(work) for work in (visitors.come(), _strike(program, plan, visitors.chance, struck))]
    following = asyncio.create_task(follower.follow())
    try:
        await asyncio.sleep(plan.seconds)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        wrong = await _compared(follower.copy)
    finally:
        for task in (*working, following):
            task.cancel()
        await asyncio.gather(*working, following, return_exceptions=True)
    return Outcome(len(follower.copy.numbers), follower.copy.cuts, struck["killed"], struck["wiped"], wrong)


async def _strike(program: Turnout, plan: Plan, chance: random.Random, struck: Counter[str]) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * plan.fault_every)
        if chance.random() < 0.6:
            with suppress(ProcessLookupError, IndexError):
                os.kill(chance.choice(program.workers), signal.SIGKILL)
                struck["killed"] += 1
        else:
            await asyncio.to_thread(_wipe, program.given.redis_url)
            struck["wiped"] += 1


def _wipe(url: str) -> None:
    with suppress(RedisError), Redis.from_url(url, socket_timeout=2) as redis:
        redis.flushall()


async def _compared(copy: Copy) -> list[str]:
    """What differs between the copy and the database, once the follower had time to hear of everything."""
    told = {"what": {"$nin": sorted(OF_POOLS | MOVED_A_LINE)}}
    wanted = [one["number"] async for one in db().ledger.find(told, {"number": 1}).sort("number", 1)]
    until = time.monotonic() + CATCH_UP_SECONDS
    while len(copy.numbers) < len(wanted) and time.monotonic() < until:
        await asyncio.sleep(0.1)
    wrong = list(copy.wrong)
    if copy.numbers != wanted:
        missing, more = Counter(wanted) - Counter(copy.numbers), Counter(copy.numbers) - Counter(wanted)
        wrong.append(f"{missing.total()} changes are missing, {more.total()} came twice, of {len(wanted)}")
    states = {one["_id"]: one["state"] async for one in db().registrations.find({}, {"state": 1})}
    if copy.states != states:
        wrong.append(f"{len(states.items() ^ copy.states.items())} registrations differ")
    taken = {one["_id"]: one["taken"] async for one in db().pools.find({}, {"taken": 1}) if one["taken"]}
    if dict(+copy.taken) != taken:
        wrong.append(f"Places taken are {dict(copy.taken)}, the database says {taken}")
    return wrong


def main() -> int:
    """Prints what was done and what was wrong."""
    parser = argparse.ArgumentParser("python -m ops.soak.follower", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=200, help="changes a second")
    parser.add_argument("--fault-every", type=float, default=8, help="seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="to repeat the order of a run")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="turnout-follower-", ignore_cleanup_errors=True) as folder:
        plan = Plan(given.seconds, given.rate, given.fault_every)
        outcome = uvloop.run(run(Path(folder), plan, random.Random(given.seed)))
    print(
        f"{outcome.changes} changes followed across {outcome.cuts} cuts, {outcome.changes / given.seconds:.0f} a second"
    )
    print(f"{outcome.killed} workers killed, Redis wiped {outcome.wiped} times")
    for sentence in outcome.wrong:
        print(f"WRONG: {sentence}")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
