"""The real program, started as an operator starts it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from webapp.demo import team

ROOT = Path(__file__).resolve().parent.parent


class Program(subprocess.Popen[str]):
    """A program whose log is read as it comes: a pipe that nobody reads is full some day, and stops whoever writes."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._logged: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def finished(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end; what it printed, and what it logged."""
        assert self.stdout
        with self:
            self.wait(timeout)
            self._reading.join()
            return self.stdout.read(), "".join(self._logged)

    def _read(self) -> None:
        assert self.stderr
        self._logged.extend(self.stderr)


def program(var: Path, *arguments: str, **environment: str) -> Program:
    command = [sys.executable, "-m", "webapp", *(arguments or ("run",))]
    return Program(command, os.environ | {"TURNOUT_VAR": str(var), "PORT": "0", "CI": "", **environment})


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
        with started:
            started.wait()
        eventually(lambda: not processes(var))


def signed_in(address: str, email: str = team.OWNER) -> dict[str, str]:
    """The cookies of a browser in which one of the demo's people has signed in."""
    given = {"email": email, "password": team.password_of(os.environ["TURNOUT_SECRET"])}
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as browser:
        assert browser.post("/sign-in", data=given).status_code == 303
        return {name: value for name, value in browser.cookies.items() if "session" in name}


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
