"""Programs that talk to Turnout, and the people and organisers they act for."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Quart

from tests.team import acting, house, somebody
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.people import passwords
from webapp.people.person import Account
from webapp.programs import store
from webapp.programs.token import OrganiserWish, Wish

PASSWORD = "seven blue herons"
TOKENS, CURRENT, TICKETS = "/api/v1/tokens", "/api/v1/tokens/current", "/api/v1/tickets"


class Answer:
    """What a program was answered."""

    def __init__(self, status: int, headers: Any, text: str) -> None:
        self.status, self.headers, self.text = status, headers, text
        self.said: dict[str, Any] = json.loads(text) if text.startswith("{") else {}


class Program:
    """A program with whatever token it has just now."""

    def __init__(self, app: Quart) -> None:
        self.app, self.client = app, app.test_client()
        self.token, self.refresh_token = "", ""

    async def asks(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        more = {} if body is None else {"json": body}
        answer = await self.client.open(path, method=method, headers=headers, **more)
        return Answer(answer.status_code, answer.headers, str(await answer.get_data(as_text=True)))

    async def gets_tokens(self, **shown: Any) -> Answer:
        """Shows something and keeps what it is given for it."""
        answer = await self.asks("POST", TOKENS, shown)
        self.token = answer.said.get("access_token", self.token)
        self.refresh_token = answer.said.get("refresh_token", self.refresh_token)
        return answer

    async def signs_in(self, person: Account, **more: Any) -> Answer:
        return await self.gets_tokens(email=person.email, password=PASSWORD, **more)

    async def refreshes(self, token: str = "") -> Answer:
        return await self.gets_tokens(refresh_token=token or self.refresh_token)

    async def is_in(self) -> bool:
        return (await self.asks("GET", CURRENT)).status == 200


@pytest.fixture(scope="session")
async def hashed() -> str:
    return await passwords.hashed(PASSWORD)


@pytest.fixture
async def ana(db: Database, hashed: str) -> Account:
    """Somebody with a password."""
    ana = await somebody("ana")
    await db.people.update_one({"_id": ana.id}, {"$set": {"password": hashed}})
    return ana.model_copy(update={"password": hashed})


@pytest.fixture
async def program(app: Quart, db: Database) -> Program:
    return Program(app)


@pytest.fixture
async def another(app: Quart, db: Database) -> Program:
    return Program(app)


Make = Callable[..., Awaitable[str]]


@pytest.fixture
def token_of(db: Database) -> Make:
    """Makes an API token of somebody: `await token_of(ana, "read")`."""

    async def make(person: Account, *scopes: str) -> str:
        wish = Wish.model_validate({"name": "Scanner", "days": "7", **dict.fromkeys(scopes or ("read",), True)})
        return await store.create(wish, by=person, now=datetime.now(UTC))

    return make


@pytest.fixture
def organisers_token(db: Database) -> Make:
    """Makes an API token of the tests' organiser: `await organisers_token(olive, Role.EDITOR)`."""

    async def make(by: Account, role: Role, *scopes: str) -> str:
        given = {"name": "Till", "days": "7", "role": role.value, **dict.fromkeys(scopes or ("read", "write"), True)}
        wish = OrganiserWish.model_validate(given)
        return await store.create_for((await house()).id, wish, wish.role, by=acting(by), now=datetime.now(UTC))

    return make
