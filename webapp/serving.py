"""Runs Turnout: one parent that holds the port and the embedded servers, and workers that answer."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from realtime import server as live_server
from webapp import servers, settings
from webapp.app import create_app
from webapp.errors import Misconfigured
from webapp.migrations import command as migrations
from webapp.observing import metrics
from webapp.settings import Settings

App = Callable[[Any, Any, Any], Awaitable[None]]

# What is under way when a worker is asked to end has so long; its viewers are sent elsewhere before, within 3 s.
LAST_ANSWERS_SECONDS = 15
STOP_SECONDS = 20
BACKLOG = 4096
log = structlog.get_logger()


def run(given: Settings, greet: Callable[[Settings], None]) -> int:
    """Serves until SIGTERM or SIGINT; `greet` is called once the databases answer, before the first request.

    Raises Misconfigured when it cannot start; answers the exit status.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        held = stack.enter_context(listening(given))
        chosen = stack.enter_context(servers.chosen(given))
        chosen = chosen.model_copy(update={"port": held.getsockname()[1]})
        asyncio.run(migrations.at_start(chosen))
        greet(chosen)
        _Workers(chosen, held).keep(stop)
    return 0


def work(given: Settings, listening: int) -> None:
    """One worker: serves on the socket with this file descriptor until SIGTERM or until the parent is gone."""
    uvloop.run(_serve(given, listening))


async def _serve(given: Settings, listening: int) -> None:
    app = create_app(given)
    config = Config()
    config.bind = [f"fd://{listening}"]
    config.backlog = BACKLOG
    config.graceful_timeout = LAST_ANSWERS_SECONDS
    config.websocket_max_message_size = 65_536
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    _end_with_parent()

    leaving: list[asyncio.Task[None]] = []

    async def may_close() -> None:
        await asked.wait()
        leaving.append(asyncio.create_task(app.extensions["live"].drain()))
        # Siblings on the same socket take newcomers at once; a worker that is alone serves until its streams are gone.
        if given.workers == 1:
            await leaving[0]

    app.asgi_app = letting_go(app.asgi_app, asked)  # type: ignore[method-assign, assignment]
    live_server.install()
    # What is there now stays: the collector need not go through all of it again and again.
    gc.collect()
    gc.freeze()
    await serve(app, config, shutdown_trigger=may_close)


def letting_go(app: App, leaving: asyncio.Event) -> App:
    """An ASGI app that, once it is leaving, asks whoever keeps a connection to come by another next time.

    A proxy that finds its kept connection closed in the middle of a form may not send the form again.
    """

    async def served(scope: Any, receive: Any, send: Any) -> None:
        async def parting(message: Any) -> None:
            if leaving.is_set() and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        # A form that is answered before it was read to its end would lose its answer with the connection.
        is_kept = scope["type"] == "http" and scope["http_version"] == "1.1" and scope["method"] == "GET"
        await app(scope, receive, parting if is_kept else send)

    return served


def _end_with_parent() -> None:
    """A parent that was killed cannot say goodbye; its port must be free for the next one at once."""

    def wait() -> None:
        while os.read(0, 1024):  # not through sys.stdin, whose lock would be held at exit
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class _Workers:
    """Starts the workers, starts them again when they die, and stops them together."""

    def __init__(self, given: Settings, listening: socket.socket) -> None:
        self.given, self.listening = given, listening
        self.figures = metrics.gather_in(given.var / "metrics")
        self.running: list[subprocess.Popen[bytes]] = []

    def keep(self, stop: threading.Event) -> None:
        self.running = [self._start() for _ in range(self.given.workers)]
        try:
            while not stop.wait(0.5):
                self.running = [worker if worker.poll() is None else self._again(worker) for worker in self.running]
        finally:
            self._stop()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "webapp", "worker", str(self.listening.fileno())],
            stdin=subprocess.PIPE,
            env=settings.environment(self.given, PROMETHEUS_MULTIPROC_DIR=self.figures),
            pass_fds=(self.listening.fileno(),),
            start_new_session=True,
        )

    def _again(self, dead: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        log.error("a worker ended and is started again", pid=dead.pid, status=dead.returncode)
        metrics.forget(dead.pid, self.figures)
        time.sleep(0.5)
        return self._start()

    def _stop(self) -> None:
        # As long as anybody holds the socket, visitors are taken in whom nobody will serve.
        self.listening.close()
        for worker in self.running:
            worker.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for worker in self.running:
            try:
                worker.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


@contextmanager
def listening(given: Settings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say. Raises Misconfigured when it cannot."""
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((given.host, given.port))
        except OSError as error:
            raise Misconfigured(
                f"Cannot listen on {given.host}:{given.port} ({os.strerror(error.errno or 0).lower()}); "
                "stop what uses it, or set PORT to another number."
            ) from None
        listening.listen(BACKLOG)
        yield listening
