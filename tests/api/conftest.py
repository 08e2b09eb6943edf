"""Programs that use the API, and what they are told."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Quart

from tests.team import house, somebody
from webapp.database import Database
from webapp.people.person import Account
from webapp.programs import store as tokens
from webapp.programs.token import Wish

EVENTS = "/api/v1/organisers/the-house/events"
JAZZ = {"title": "Jazz", "starts": "2199-08-01T20:00", "ends": "2199-08-01T23:00", "zone": "Europe/Berlin"}


class Told:
    """What a program was answered."""

    def __init__(self, status: int, headers: Any, content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content
        self.said: dict[str, Any] = json.loads(content) if content[:1] == b"{" else {}

    @property
    def tag(self) -> str:
        return str(self.headers["ETag"])

    @property
    def problem(self) -> str:
        """The name of the problem."""
        return str(self.said.get("type", "")).rpartition("/")[2]

    @property
    def pointers(self) -> list[str]:
        return [one.get("pointer", one.get("parameter")) for one in self.said["errors"]]


class Program:
    """A program with a token, or without one."""

    def __init__(self, app: Quart, token: str = "") -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def asks(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            sent = {"Content-Type": kind, **sent}
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.open(path, method=method, headers=sent, data=content)
        told = Told(answer.status_code, answer.headers, await answer.get_data(as_text=False))
        if told.problem:
            print(method, path, told.said)
        return told

    async def reads(self, path: str, **headers: str) -> Told:
        return await self.asks("GET", path, **headers)

    async def posts(self, path: str, body: Any = None, **headers: str) -> Told:
        return await self.asks("POST", path, body, **headers)

    async def patches(self, path: str, body: Any, **headers: str) -> Told:
        """Edits the version of now, unless the headers say another."""
        tag = headers.pop("If_Match", "") or (await self.reads(path)).headers.get("ETag", "*")
        return await self.asks("PATCH", path, body, If_Match=tag, **headers)

    async def makes(self, **more: Any) -> dict[str, Any]:
        """A draft."""
        return (await self.posts(EVENTS, {**JAZZ, **more})).said

    async def publishes(self, **more: Any) -> dict[str, Any]:
        """A published event."""
        made = await self.makes(**more)
        return (await self.posts(f"/api/v1/events/{made['slug']}/publish")).said


TokenOf = Callable[..., Awaitable[Program]]


async def program_of(app: Quart, person: Account, *scopes: str) -> Program:
    given = dict.fromkeys(scopes or ("read", "write", "checkin"), True)
    wish = Wish.model_validate({"name": "Program", "days": "7", **given})
    return Program(app, await tokens.create(wish, by=person, now=datetime.now(UTC)))


@pytest.fixture
async def olive(app: Quart, db: Database) -> Program:
    """The owner's program."""
    await house()
    return await program_of(app, await somebody("olive"))


@pytest.fixture
async def nobody(app: Quart, db: Database) -> Program:
    """A program without a token."""
    return Program(app)
