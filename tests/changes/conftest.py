"""Workers with the changes written down beside them, and programs that follow."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from quart import Quart

from realtime import server as live_server
from tests.conftest import SECRET
from tests.serving import served
from tests.team import acting, house, somebody
from webapp import database, embedded
from webapp.app import create_app
from webapp.changes import store
from webapp.changes.journals import Journals
from webapp.changes.scribe import Scribe
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.programs import store as tokens
from webapp.programs.token import OrganiserWish
from webapp.settings import Settings

PATH = "/api/v1/changes"
SECONDS = 30


@asynccontextmanager
async def writing(uri: str, name: str, *, keep: timedelta = timedelta(days=30)) -> AsyncIterator[Scribe]:
    """A scribe at work, as every worker has one."""
    journals = Journals(uri, name)
    scribe = Scribe(journals, keep)
    task = asyncio.create_task(scribe.run())
    try:
        yield scribe
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        journals.close()


@pytest.fixture
async def scribe(servers: embedded.Addresses, db: Database) -> AsyncIterator[Scribe]:
    async with writing(servers.mongodb_uri, db.name) as scribe:
        await begun()
        yield scribe


async def begun() -> None:
    """Waits until changes are written down from now on."""
    async with asyncio.timeout(SECONDS):
        while await store.tip() is None:
            await asyncio.sleep(0.02)


@dataclass
class Worker:
    """A worker of Turnout, served in this process on a port of its own."""

    app: Quart
    port: int

    def client(self, token: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{self.port}"
        return httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=SECONDS)

    def follows(self, token: str, last: str = "", **query: str) -> "Stream":
        return Stream(self, token, last, query)


@dataclass
class Stream:
    """A program that follows by server-sent events; `last` is the id it would come again with."""

    worker: Worker
    token: str
    last: str
    query: dict[str, str]
    ids: list[str] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    has_ended: bool = False
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "Stream":
        self._task = asyncio.create_task(self._read())
        async with asyncio.timeout(SECONDS):
            while not (self.status and (self.last or self.status != 200)):
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: Any) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def hears(self, count: int) -> list[str]:
        """The kinds of what was heard, once it is so many."""
        async with asyncio.timeout(SECONDS):
            while len(self.heard) < count:
                await asyncio.sleep(0.01)
        return [one["kind"] for one in self.heard]

    async def ends(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not self.has_ended:
                await asyncio.sleep(0.01)

    async def _read(self) -> None:
        more = {"Accept": "text/event-stream", **({"Last-Event-ID": self.last} if self.last else {})}
        async with (
            self.worker.client(self.token) as client,
            client.stream("GET", PATH, params=self.query, headers=more) as answer,
        ):
            self.status = answer.status_code
            if self.status == 200:
                async for line in answer.aiter_lines():
                    self._take(line)
        self.has_ended = True

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self.last = value
            self.ids.append(value)
        elif name == "data":
            self.heard.append(json.loads(value))


@pytest.fixture(scope="module")
async def workers(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Worker]]:
    """Two workers of one Turnout."""
    given = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url, "secret": SECRET}
    var = Path(tmp_path_factory.mktemp("var"))
    live_server.install()
    async with AsyncExitStack() as stack:
        yield [
            await _served(create_app(Settings.model_validate(given | {"database": connection.name, "var": var})), stack)
            for _ in range(2)
        ]


@pytest.fixture
def worker(workers: list[Worker], db: Database) -> Worker:
    return workers[0]


async def token(role: Role = Role.OWNER, *scopes: str) -> str:
    """A token of the tests' organiser."""
    given = {"name": "Till", "days": "7", "role": role.value, **dict.fromkeys(scopes or ("read",), True)}
    wish = OrganiserWish.model_validate(given)
    olive = acting(await somebody("olive"))
    return await tokens.create_for((await house()).id, wish, wish.role, by=olive, now=datetime.now(UTC))


async def _served(app: Quart, stack: AsyncExitStack) -> Worker:
    return Worker(app, await served(app, stack))
