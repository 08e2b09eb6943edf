"""A live engine on real servers, served by Hypercorn on a free port, and clients that watch it."""

import asyncio
import html
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config

from realtime import Bound, Engine, server
from tests.realtime import regions
from tests.realtime.watching import Watcher
from webapp import change_stream, database, embedded

NAME = "turnout_test"
SECRET = "a secret for the tests, long enough to be one"


def render(template: str, context: Mapping[str, Any]) -> str:
    """Enough of a template engine: the root element and the text."""
    regions.drawn.append(context["region_id"])
    if template == "gone.html":
        return f"<p {context['live']}>gone</p>"
    return f"<p {context['live']}>{html.escape(str(context['text']))}</p>"


async def viewer_of(scope: dict[str, Any]) -> str:
    headers = dict(scope["headers"])
    return str(headers.get(b"x-viewer", b"ana"), "ascii")


@dataclass
class Worker:
    """One worker of a Turnout, in this process, with a port of its own."""

    engine: Engine
    port: int
    stop: asyncio.Event
    serving: "asyncio.Task[None]"
    watchers: list[Watcher] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def asked_for(self, *bounds: Bound) -> str:
        """The address parameter of a page that was drawn just now."""
        return "~".join(f"{d.key}.{d.signature}.{d.version}" for d in await self.engine.draw(*bounds))

    async def watch(self, transport: str, *bounds: Bound, asked: str = "", **options: Any) -> Watcher:
        watcher = Watcher(self.port, transport, asked or await self.asked_for(*bounds), **options)
        await watcher.open()
        self.watchers.append(watcher)
        return watcher

    async def end(self) -> None:
        for watcher in self.watchers:
            await watcher.close()
        await self.engine.stop()
        self.stop.set()
        await self.serving


Start = Callable[..., Awaitable[Worker]]


@pytest.fixture
async def start(servers: embedded.Addresses, db: database.Database) -> AsyncIterator[Start]:
    """Starts a worker; those with the same name are one Turnout."""
    regions.prepare()
    await database.prepare()
    async with AsyncExitStack() as stack:

        async def begin(name: str = "", **options: Any) -> Worker:
            worker = await started(servers, name or f"test-{database.new_id()}", **options)
            stack.push_async_callback(worker.end)
            return worker

        yield begin


@pytest.fixture
async def worker(start: Start) -> Worker:
    return await start()


async def started(servers: embedded.Addresses, name: str, **options: Any) -> Worker:
    chosen: dict[str, Any] = {"redis_url": servers.redis_url, "mongodb_uri": servers.mongodb_uri, "frame_ms": 20}
    chosen.update(options)
    source = chosen.pop("source", None) or change_stream.ChangeStream(chosen.pop("mongodb_uri"), NAME)
    chosen.pop("mongodb_uri", None)
    has_door = chosen.pop("door", True)
    engine = Engine(
        source=source, render=render, viewer_of=viewer_of, allowed_origin=_is_local, secret=SECRET, name=name, **chosen
    )
    await engine.start()
    return await _served(engine, has_door)


async def _served(engine: Engine, has_door: bool) -> Worker:
    server.install()
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config, stop = Config(), asyncio.Event()
    config.bind, config.backlog = [f"fd://{listening.fileno()}"], 4096
    config.errorlog = config.accesslog = None
    port = listening.getsockname()[1]
    app = engine.around(_rest)
    serving = asyncio.create_task(serve(app if has_door else _shut(app), config, shutdown_trigger=stop.wait))
    worker = Worker(engine, port, stop, serving)
    serving.add_done_callback(lambda _: listening.detach())
    return worker


async def _rest(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def _shut(app: Any) -> Any:
    """The app as another server would call it."""

    async def shut(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {}}, receive, send)

    return shut


def _is_local(scope: dict[str, Any]) -> bool:
    return bool(dict(scope["headers"]).get(b"origin", b"http://127.0.0.1").startswith(b"http://127.0.0.1"))
