"""Turnout served in the tests' own process, on a port of its own."""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

from tests.realtime.conftest import _rest as rest


async def served(app: Quart, stack: AsyncExitStack) -> int:
    """The port at which it answers until the stack is closed; its live engine runs as long."""
    await app.extensions["live"].start()
    listening, config, stop = socket.create_server(("127.0.0.1", 0)), Config(), asyncio.Event()
    config.bind, config.errorlog, config.accesslog = [f"fd://{listening.fileno()}"], None, None
    port: int = listening.getsockname()[1]

    async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
        await (rest if scope["type"] == "lifespan" else app.asgi_app)(scope, receive, send)

    serving = asyncio.create_task(serve(without_lifespan, config, shutdown_trigger=stop.wait))

    async def end() -> None:
        await app.extensions["live"].stop()
        stop.set()
        await serving
        listening.detach()

    stack.push_async_callback(end)
    return port
