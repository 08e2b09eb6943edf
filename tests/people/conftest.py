"""People with browsers, and the letters they get: real mails, in the outbox of the installation."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.people.authenticator import Authenticator
from webapp import database
from webapp.mail import sending

PASSWORD = "seven blue herons"
COOKIE = "turnout_session"


class Post:
    """The mails of an installation without SMTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def all(self) -> list[Any]:
        """Everything that was written by now, in order."""
        while await sending.start_due(datetime.now(UTC)):
            await sending.finish()
        files = sorted(self.folder.glob("[!.]*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in files]

    async def to(self, address: str) -> list[str]:
        """The subjects of what somebody got."""
        return [one["Subject"] for one in await self.all() if one["To"] == address]

    async def link(self, address: str) -> str:
        """The path and query of the link in somebody's last mail."""
        mail = [one for one in await self.all() if one["To"] == address][-1]
        found = re.search(r"https?://[^/\s]+(/\S+)", mail.get_body(("plain",)).get_content())
        assert found
        return found[1]


@pytest.fixture
async def post(app: Quart, db: database.Database) -> AsyncIterator[Post]:
    folder = app.extensions["settings"].var / "outbox"
    for file in folder.glob("*.eml"):
        file.unlink()
    sending.use(app.extensions["settings"], sending._ways[0].render)
    yield Post(folder)
    await sending.finish()


class Somebody:
    """A person with a browser without JavaScript."""

    def __init__(self, app: Quart, post: Post, email: str) -> None:
        self.client: Client = app.test_client()
        self.post, self.email = post, email

    async def send(self, path: str, status: int = 303, **typed: str) -> str:
        """Posts a form; answers the page, or where it leads."""
        response = await self.client.post(path, form=typed)
        assert response.status_code == status, await response.get_data(as_text=True)
        return response.headers.get("Location") or str(await response.get_data(as_text=True))

    async def sees(self, path: str, status: int = 200) -> str:
        response = await self.client.get(path)
        assert response.status_code == status
        return response.headers.get("Location") or str(await response.get_data(as_text=True))

    async def joins(self) -> None:
        await self.send("/sign-up", 200, email=self.email)
        await self.follows("/join", name="Ana", new_password=PASSWORD)

    async def follows(self, path: str, status: int = 303, **typed: str) -> str:
        """Opens the link in the last mail and sends its form."""
        link = await self.post.link(self.email)
        assert link.startswith(path)
        await self.sees(link)
        return await self.send(path, status, token=link.partition("token=")[2], **typed)

    async def signs_in(self, status: int = 303, password: str = PASSWORD, **more: str) -> str:
        return await self.send("/sign-in", status, email=self.email, password=password, **more)

    async def asks(self, path: str) -> dict[str, Any]:
        """What the page's script is told to ask the device for."""
        return dict(json.loads(await self.sees(path)))

    async def adds(self, device: Authenticator, name: str = "Phone", status: int = 303, **wrong: Any) -> str:
        """Adds a passkey."""
        made = device.make(await self.asks("/me/passkeys/offer"), **wrong)
        return await self.send("/me/passkeys", status, name=name, credential=made)

    async def shows(self, device: Authenticator, status: int = 303, **wrong: Any) -> str:
        """Signs in with a passkey."""
        shown = device.show(await self.asks("/sign-in/passkey"), **wrong)
        return await self.send("/sign-in/passkey", status, credential=shown)

    async def waits(self) -> None:
        """Lets more than ten minutes pass since anybody signed in or confirmed who they are."""
        earlier = datetime.now(UTC) - timedelta(minutes=11)
        await database.db().sessions.update_many({}, {"$set": {"confirmed_at": earlier}})

    async def is_signed_in(self) -> bool:
        return (await self.client.get("/me")).status_code == 200

    @property
    def cookies(self) -> dict[str, Any]:
        assert self.client.cookie_jar is not None
        return {cookie.name: cookie for cookie in self.client.cookie_jar}

    def carry(self, name: str, value: str) -> None:
        """Puts a cookie into the browser."""
        self.client.set_cookie("localhost", name, value)


@pytest.fixture
async def ana(app: Quart, post: Post) -> Somebody:
    """Somebody who has just opened an account."""
    ana = Somebody(app, post, "ana@example.org")
    await ana.joins()
    return ana


@pytest.fixture
async def stranger(app: Quart, post: Post) -> Somebody:
    """Another browser."""
    return Somebody(app, post, "ben@example.org")
