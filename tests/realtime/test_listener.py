"""Who has come to the listening socket before it closes is served; without our listener, the kernel turns them away."""

import asyncio
import socket
from typing import Any

import pytest
import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from realtime import server

COMING = 20


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(100))
    await writer.drain()
    writer.close()


def ask(address: tuple[str, int]) -> socket.socket:
    """A visitor whose question is on its way before anybody has let them in."""
    visitor = socket.create_connection(address, timeout=5)
    visitor.sendall(b"a form")
    return visitor


def heard(visitor: socket.socket) -> bytes:
    with visitor:
        try:
            return visitor.recv(100)
        except ConnectionResetError:
            return b"turned away"


async def answers(start: Any) -> list[bytes]:
    """What visitors hear who came in the very turn of the loop in which the server closes."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(COMING)
        listening.setblocking(False)
        closing = await start(answering, sock=listening, backlog=COMING)
        coming = [ask(listening.getsockname()) for _ in range(COMING)]
        closing.close()
    if isinstance(closing, server.Listener):
        await closing.wait_closed()
    return list(await asyncio.gather(*(asyncio.to_thread(heard, visitor) for visitor in coming)))


@pytest.mark.parametrize(("start", "heard_by_all"), [(server.start_server, True), (asyncio.start_server, False)])
async def test_who_has_come_before_the_close_is_served(start: Any, heard_by_all: bool) -> None:
    assert ({b"a form"} == set(await answers(start))) is heard_by_all


async def answer_to_one_who_comes(turns: int) -> str:
    """What somebody is answered who comes so many turns of the loop after the worker was asked to end."""
    has_ended = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                if step == "shutdown":
                    has_ended.set()
                await send({"type": f"lifespan.{step}.complete"})
            return
        await asyncio.sleep(0.05)
        status = 500 if has_ended.is_set() else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b""})

    listening = socket.create_server(("127.0.0.1", 0))
    address, asked, config = listening.getsockname(), asyncio.Event(), Config()
    config.bind, config.errorlog = [f"fd://{listening.detach()}"], None
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=asked.wait))
    await asyncio.sleep(0.05)
    asked.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    try:
        visitor = socket.create_connection(address, timeout=5)
    except ConnectionRefusedError:
        await serving
        return "came too late"
    visitor.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await serving
    return (await asyncio.to_thread(heard, visitor))[9:12].decode()


@pytest.mark.parametrize(("waits", "is_cut"), [(server.TURNS_UNTIL_BEGUN, False), (0, True)])
def test_nobody_who_was_let_in_is_cut_by_the_end(waits: int, is_cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    server.install()
    monkeypatch.setattr(server, "TURNS_UNTIL_BEGUN", waits)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as own:
        answers = {own.run(answer_to_one_who_comes(turns)) for turns in range(12)}
    assert {"200", "came too late"} <= answers
    assert ("500" in answers) is is_cut
