"""The command line as an operator meets it: every test starts the real program."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from quart import Quart

from ops.soak.servers import is_listening
from tests.product import ROOT, eventually, processes, program, running
from webapp import embedded, serving


def status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return int(answer.status)


def test_it_serves_and_ends_cleanly(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2") as (turnout, address):
        assert status(address) == 200
        turnout.send_signal(signal.SIGTERM)
        assert turnout.wait(20) == 0
        assert not processes(tmp_path)


def test_nothing_is_left_after_its_parent_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as (turnout, address):
        status(address)
        assert len(processes(tmp_path)) >= 4
        turnout.kill()
        turnout.wait()
        eventually(lambda: not processes(tmp_path))


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as (_, address):
        status(address)
        workers = [pid for pid in processes(tmp_path) if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(workers[0], signal.SIGKILL)
        assert status(address) == 200


def test_a_second_one_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        second = program(tmp_path)
        _, said = second.finished(timeout=30)
    assert second.returncode == 1
    assert re.fullmatch(r"turnout: Turnout already runs on \S+ \(process \d+\); stop that one first.*\n", said)


def test_data_and_ports_are_there_again_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as (turnout, address):
        first = urllib.request.urlopen(address).read().count(b"<time")
        turnout.send_signal(signal.SIGTERM)
        turnout.wait(20)
    (tmp_path / "ports.json").unlink()  # other ports than last time: the replica set must follow
    with running(tmp_path) as (_, address):
        assert urllib.request.urlopen(address).read().count(b"<time") == first > 20


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"MONGODB_URI": "mongodb://127.0.0.1:1"}, "MongoDB does not answer at MONGODB_URI"),
        ({"MONGODB_URI": "mongodb://[nonsense"}, "MONGODB_URI is not a MongoDB address"),
        ({"PORT": "http"}, "PORT is 'http'"),
        ({"TURNOUT_ENV": "production"}, "TURNOUT_SECRET is not set"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    secret = {} if "TURNOUT_ENV" not in environment else {"TURNOUT_SECRET": ""}
    turnout = program(tmp_path, **environment, **secret)
    _, said = turnout.finished(timeout=40)
    assert turnout.returncode == 1
    assert said.startswith(f"turnout: {sentence}")
    assert said.count("\n") == 1


def test_a_redis_that_is_not_there_is_said(tmp_path: Path, servers: embedded.Addresses) -> None:
    turnout = program(tmp_path, MONGODB_URI=servers.mongodb_uri, REDIS_URL="redis://127.0.0.1:1/0")
    _, said = turnout.finished(timeout=40)
    assert turnout.returncode == 1
    assert said.startswith("turnout: Redis does not answer at REDIS_URL")


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        turnout = program(tmp_path, PORT=str(taken.getsockname()[1]))
        _, said = turnout.finished(timeout=40)
    assert turnout.returncode == 1
    assert "address already in use" in said


def test_every_setting_is_listed_with_its_variable() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "webapp", "settings"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "MONGODB_URI" in listed.stdout
    assert "TURNOUT_SECRET" in listed.stdout


def test_the_figures_of_all_workers_are_added_up(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2") as (_, address):
        eventually(lambda: read(address + "/metrics").count("turnout_live_source_is_log 1") == 1)
        assert "turnout_live_connections" in read(address + "/metrics")


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


async def test_a_worker_that_leaves_asks_proxies_not_to_keep_the_connection(app: Quart) -> None:
    leaving = asyncio.Event()
    app.asgi_app, before = serving.letting_go(app.asgi_app, leaving), app.asgi_app  # type: ignore[method-assign]
    try:
        answers = [await app.test_client().get("/healthz")]
        leaving.set()
        answers += [await app.test_client().get("/healthz")]
    finally:
        app.asgi_app = before  # type: ignore[method-assign]
    assert [answer.headers.get("Connection") for answer in answers] == [None, "close"]


def test_nobody_is_taken_in_whom_nobody_will_serve(tmp_path: Path) -> None:
    with running(tmp_path) as (turnout, address):
        turnout.send_signal(signal.SIGTERM)
        eventually(lambda: not is_listening(int(address.rpartition(":")[2])))
        assert turnout.poll() is None  # the servers behind it still end


def test_production_has_no_demo(tmp_path: Path) -> None:
    with running(tmp_path, TURNOUT_ENV="production", TURNOUT_SECRET="x" * 40) as (_, address):
        assert "Make things happen" not in read(address)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/demo/traffic", data=b"", timeout=20)


def test_a_form_that_takes_long_is_answered_by_a_copy_that_ends(tmp_path: Path) -> None:
    with running(tmp_path) as (turnout, address):
        assert status(address) == 200
        with socket.create_connection(at(address), timeout=30) as slow:
            body = b"email=ana%40example.org"
            slow.sendall(f"POST /sign-in HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\n".encode())
            slow.sendall(f"Origin: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode())
            slow.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            time.sleep(0.5)
            turnout.send_signal(signal.SIGTERM)
            time.sleep(serving.LAST_ANSWERS_SECONDS / 2)
            slow.sendall(body[5:])
            assert slow.recv(1024).startswith(b"HTTP/1.1 422")
            assert turnout.wait(30) == 0


def at(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").partition(":")
    return host, int(port)
