"""The command line as an operator meets it: every test starts the real program."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from webapp import embedded

ROOT = Path(__file__).resolve().parent.parent
Program = subprocess.Popen[str]


def program(var: Path, *arguments: str, **environment: str) -> Program:
    return subprocess.Popen(
        [sys.executable, "-m", "webapp", *(arguments or ("run",))],
        cwd=ROOT,
        env=os.environ | {"TURNOUT_VAR": str(var), "PORT": "0", "CI": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(var: Path, **environment: str) -> Iterator[tuple[Program, str]]:
    """Turnout and its address, once it has said it."""
    started = program(var, **environment)
    try:
        assert started.stdout
        address = re.search(r"http://\S+", started.stdout.readline())
        assert address
        yield started, address[0]
    finally:
        started.kill()
        started.communicate()
        eventually(lambda: not processes(var))


def processes(var: Path) -> list[int]:
    """Every process that was started for this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(var).encode() in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def eventually(is_true: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.1)


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
        _, said = second.communicate(timeout=30)
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
    _, said = turnout.communicate(timeout=40)
    assert turnout.returncode == 1
    assert said.startswith(f"turnout: {sentence}")
    assert said.count("\n") == 1


def test_a_redis_that_is_not_there_is_said(tmp_path: Path, servers: embedded.Addresses) -> None:
    turnout = program(tmp_path, MONGODB_URI=servers.mongodb_uri, REDIS_URL="redis://127.0.0.1:1/0")
    _, said = turnout.communicate(timeout=40)
    assert turnout.returncode == 1
    assert said.startswith("turnout: Redis does not answer at REDIS_URL")


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        turnout = program(tmp_path, PORT=str(taken.getsockname()[1]))
        _, said = turnout.communicate(timeout=40)
    assert turnout.returncode == 1
    assert "address already in use" in said


def test_every_setting_is_listed_with_its_variable() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "webapp", "settings"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "MONGODB_URI" in listed.stdout
    assert "TURNOUT_SECRET" in listed.stdout
