"""The program under test, as an operator starts it: `python -m webapp run`, whose workers can be struck one by one."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from redis import Redis, RedisError

from ops.soak.servers import free_port, wait_until
from webapp.settings import ROOT, Settings, environment

START_SECONDS = 60
FIGURE = re.compile(r"turnout_live_(resets|draws|log_appends|changes|frames_encoded)_total(?:{\w+=\"(\w+)\"})? (\S+)")
SECRET = "a secret for the soak, long enough to be one"

ALL_FROM_ONE_ADDRESS = "100000000/10"


class Turnout:
    """One parent with its workers, all on one listening socket."""

    def __init__(self, given: Settings, folder: Path) -> None:
        self.given, self._log, self.root = given, folder / "turnout.log", ROOT
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://{self.given.host}:{self.given.port}"

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return sorted(_children(self._process.pid)) if self._process else []

    @property
    def lease_holder(self) -> str:
        """Who is the relay just now, as it says in Redis: host:process:random; empty when nobody is, or no Redis."""
        try:
            with Redis.from_url(self.given.redis_url, socket_timeout=1, decode_responses=True) as redis:
                keys = list(redis.scan_iter("turnout:*:lease"))
                return str(redis.get(keys[0]) or "") if keys else ""
        except RedisError:
            return ""

    @property
    def relay(self) -> int:
        """The process id of the relay, or of any worker when there is none."""
        holder = self.lease_holder
        return int(holder.split(":")[1]) if holder else self.workers[0]

    @property
    def figures(self) -> dict[str, int]:
        """What all workers, also those that are gone, counted in the live engine."""
        asked = {"authorization": f"Bearer {self.given.metrics_token}"}
        lines = httpx.get(f"{self.origin}/metrics", headers=asked, timeout=20).text.splitlines()
        found = (FIGURE.fullmatch(line) for line in lines)
        return {
            f"engine: {one[1].replace('_', ' ')} {one[2] or ''}".strip(): int(float(one[3])) for one in found if one
        }

    def start(self) -> None:
        """Starts it and waits until all its workers answer."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "webapp", "run"],
                cwd=self.root,
                env=environment(self.given),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: len(self.workers) == self.given.workers and self.are_ready, START_SECONDS)

    @property
    def are_ready(self) -> bool:
        """Every worker has come far enough to open a connection to Redis and MongoDB and to answer."""
        return self.answers and all(_has_started(worker) for worker in self.workers)

    @property
    def answers(self) -> bool:
        """A page can be had."""
        try:
            return httpx.get(f"{self.origin}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def said(self, level: str) -> list[str]:
        """The lines of the log at this level."""
        return [line for line in self._log.read_text().splitlines() if f'"level": "{level}"' in line]

    def stop(self, seconds: float = 30) -> int:
        """Ends it as an operator does; answers the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def kill(self) -> None:
        """Ends it as a power failure does; the workers notice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def settings(folder: Path, mongodb_uri: str, redis_url: str, *, workers: int, frame_ms: int) -> Settings:
    """Production settings for the servers of this run."""
    return Settings(
        env="production",
        **dict.fromkeys(("limit_reads", "limit_writes", "limit_heavy", "limit_live"), ALL_FROM_ONE_ADDRESS),
        mongodb_uri=mongodb_uri,
        redis_url=redis_url,
        database="turnout_soak",
        port=free_port(),
        workers=workers,
        secret=SECRET,
        var=folder,
        live_frame_ms=frame_ms,
        log_level="warning",
        metrics_token=SECRET,
    )


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent_of = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            continue
        if int(parent_of) == parent and state != "Z" and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def _has_started(worker: int) -> bool:
    """Beside the listening socket it has connections to MongoDB and Redis."""
    try:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{worker}/fd").iterdir()]
    except OSError:
        return False
    return sum(link.startswith("socket:") for link in links) > 4
