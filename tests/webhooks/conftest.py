"""A program of an organiser's that listens on this machine, and webhooks that may go there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Quart

from tests.conftest import SECRET
from tests.team import acting, house, somebody
from webapp.changes import store as changes
from webapp.changes.change import Change, key_of
from webapp.database import Database
from webapp.settings import Settings
from webapp.walls import sealing
from webapp.webhooks import sending, store
from webapp.webhooks.webhook import Delivery, Endpoint, Webhook

NOW = datetime.now(UTC)


@dataclass
class Listener:
    """Answers every message with `status`, after `delay` seconds, and remembers it."""

    url: str = ""
    status: int = 204
    delay: float = 0.0
    more: str = ""
    heard: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.heard]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        self.heard.append((headers, body))
        await asyncio.sleep(self.delay)
        answer = f"HTTP/1.1 {self.status} Said\r\ncontent-length: 0\r\nconnection: close\r\n{self.more}\r\n"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()


async def listening() -> tuple[Listener, asyncio.Server]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    return listener, server


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener, server = await listening()
    yield listener
    server.close()


@pytest.fixture(autouse=True)
def inside(app: Quart) -> Iterator[None]:
    """Webhooks may go inside the network for the time of a test."""
    sealing.use(SECRET)
    goes_inside(is_allowed=True)
    yield
    goes_inside(is_allowed=False)


def goes_inside(*, is_allowed: bool) -> None:
    urls = {"mongodb_uri": "mongodb://127.0.0.1", "redis_url": "redis://127.0.0.1"}
    sending.use(Settings.model_validate({**urls, "secret": SECRET, "webhooks_inside": is_allowed}))


async def webhook_to(url: str, *families: str) -> tuple[Webhook, str]:
    """A webhook of the tests' organiser, and its secret."""
    olive = acting(await somebody("olive"))
    return await store.add((await house()).id, Endpoint(url=url, families=list(families)), by=olive, now=NOW)


async def happens(count: int = 1, kind: str = "event.edited") -> list[Change]:
    """So many changes are given their place in the order, as the scribe does."""
    tip = await changes.begin(key_of("1-0"))
    organiser_id, first = (await house()).id, int(tip.at.partition("-")[0]) + 1
    made = [Change(key_of(f"{first}-{n}"), kind, organiser_id, "jazz", "jazz", NOW) for n in range(1, count + 1)]
    await changes.add(made, after=tip.at, to=made[-1].key)
    return made


async def sent(now: datetime | None = None) -> None:
    """Everything is sent that is due."""
    while await sending.start_due(now or datetime.now(UTC)):
        await sending.finish()


async def latest(webhook: Webhook, limit: int = 50) -> list[Delivery]:
    return await store.latest(webhook.id, limit=limit)


async def queue_of(db: Database, webhook: Webhook) -> dict[str, Any]:
    found = await db.webhook_queues.find_one({"_id": webhook.id})
    assert found
    return dict(found)
