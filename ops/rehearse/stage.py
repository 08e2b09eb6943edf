"""The topology of docker-compose.yml as processes: two copies of Turnout behind a proxy, three mongods, a Valkey."""

import os
import ssl
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from ops.rehearse import proxies
from ops.soak.servers import Mongo, Valkey, free_port, wait_until
from ops.soak.turnout import Turnout, settings
from webapp.settings import ROOT

COPIES = 2
TOKEN = "what the rehearsal's Prometheus shows"


class Stage:
    """Started on entering, ended on leaving; `address` is the proxy's."""

    def __init__(self, folder: Path, *, proxy: str = "nginx", keeps_forms: bool = False, before: str = "") -> None:
        self.folder, port, ports = folder, free_port(), [free_port() for _ in range(COPIES)]
        self.mongo, self.valkey = Mongo(folder, 3), Valkey(folder)
        made = {"caddy": proxies.caddy, "traefik": proxies.traefik}.get(proxy)
        nginx = partial(proxies.nginx, keeps_forms=keeps_forms)
        self.proxy = (made or nginx)(folder, port, ports)
        self.address = self.proxy.address
        self.copies = [self._copy(number, port) for number, port in enumerate(ports)]
        if before:
            self._begin_with(before)
        self._started: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Stage":
        try:
            self.mongo.start()
            self.valkey.start()
            for copy in self.copies:
                copy.start()
            self._started = self._proxy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        if self._started:
            self._started.terminate()
            self._started.wait(10)
        for copy in self.copies:
            copy.stop()
        for server in (self.valkey, *self.mongo.nodes):
            server.stop()

    def restart(self, copy: Turnout) -> int:
        """Ends one copy as an operator does and starts it again; answers how it ended."""
        begun = time.monotonic()
        status, copy.root = copy.stop(), ROOT
        print(f"copy on {copy.given.port}: ended with {status} after {time.monotonic() - begun:.1f} s")
        copy.start()
        wait_until(lambda: _is_ready(copy), 30)
        return status

    def _begin_with(self, commit: str) -> None:
        """Has the copies be of an older commit until they are restarted; what the browser gets is of this one."""
        older = self.folder / "before"
        older.mkdir()
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", older], input=packed, check=True)
        (older / "static" / "dist").symlink_to(ROOT / "static" / "dist")
        for copy in self.copies:
            copy.root = older

    @property
    def knows(self) -> ssl.SSLContext | None:
        """What believes the proxy's certificate, where it has one."""
        return ssl.create_default_context(cafile=self.proxy.certificate) if self.proxy.certificate else None

    def visitor(self, **more: Any) -> httpx.AsyncClient:
        """A browser that comes by the proxy, over HTTP/2 where it speaks that."""
        has_tls = self.proxy.certificate is not None
        return httpx.AsyncClient(base_url=self.address, verify=self.knows or True, http2=has_tls, **more)

    def _copy(self, number: int, port: int) -> Turnout:
        var = self.folder / f"copy-{number}"
        given = settings(var, self.mongo.uri, self.valkey.url, workers=1, frame_ms=50)
        more = {"port": port, "public_url": self.address, "trusted_proxies": "127.0.0.1/32", "metrics_token": TOKEN}
        var.mkdir()
        return Turnout(given.model_copy(update=more), var)

    def _proxy(self) -> "subprocess.Popen[bytes]":
        started = subprocess.Popen(
            self.proxy.command, env=os.environ | self.proxy.environment, stderr=subprocess.DEVNULL
        )
        wait_until(self._lets_in, 20)
        return started

    def _lets_in(self) -> bool:
        try:
            return httpx.get(self.address, verify=self.knows or True, timeout=5).status_code < 600
        except (httpx.HTTPError, OSError):
            return False


def _is_ready(copy: Turnout) -> bool:
    try:
        return httpx.get(f"{copy.origin}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
