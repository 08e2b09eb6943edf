"""The servers under fault: each a real process that can be killed, frozen and started again on its port and data."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis import Redis

from webapp import database, embedded

# Below the ports that outgoing connections take: one of those could sit on a port while its server is down.
PORTS = range(20_000, 32_000)
START_SECONDS = 60
ELECTION_MS = 1_000


class Server:
    """One server process. It ends when this process does."""

    def __init__(self, name: str, command: Sequence[str], port: int, folder: Path) -> None:
        self.name, self.port = name, port
        self.command, self._log = list(command), folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", embedded.GUARD, self.name, *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: is_listening(self.port), START_SECONDS)

    def kill(self) -> None:
        """As a power failure."""
        self._signal(signal.SIGKILL)
        self._gone()

    def stop(self) -> None:
        """As an operator does."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._gone()

    def freeze(self) -> None:
        """Leaves it there, its port open, answering nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process:
            os.killpg(self._process.pid, number)

    def _gone(self) -> None:
        if self._process:
            self._process.wait(START_SECONDS)
            self._process.stdin.close()  # type: ignore[union-attr]
        wait_until(lambda: not is_listening(self.port), START_SECONDS)


class Valkey(Server):
    """A Valkey that saves only when it is told to."""

    def __init__(self, folder: Path) -> None:
        port, self._data = free_port(), folder / "valkey"
        super().__init__("valkey", [*embedded._valkey(self._data, port), "--save", ""], port, folder)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def save(self) -> None:
        """Writes a snapshot, with which it will start again."""
        with Redis.from_url(self.url) as client:
            client.save()

    def forget(self) -> None:
        """Deletes the snapshot: it will start again empty."""
        (self._data / "dump.rdb").unlink(missing_ok=True)


class Mongo:
    """A replica set of one node or of three."""

    def __init__(self, folder: Path, nodes: int) -> None:
        self.nodes = [self._node(folder, number) for number in range(nodes)]

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"mongodb://{hosts}/?" + ("replicaSet=turnout" if len(self.nodes) > 1 else "directConnection=true")

    def start(self) -> None:
        """Starts the nodes and makes them one replica set."""
        for node in self.nodes:
            node.start()
        if len(self.nodes) == 1:
            database.make_primary(self.nodes[0].port)
        else:
            self._initiate()
        self.wait_for_primary()

    def wait_for_primary(self) -> Server:
        """The node that takes writes, once there is one."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            for node in filter(_is_primary, self.nodes):
                return node
        raise TimeoutError

    @staticmethod
    def _node(folder: Path, number: int) -> Server:
        port, data = free_port(), folder / f"mongodb-{number}"
        command = [*embedded._mongod(data, port), "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=1000"]
        return Server(f"mongod-{number}", command, port, folder)

    def _initiate(self) -> None:
        members = [{"_id": n, "host": f"127.0.0.1:{node.port}"} for n, node in enumerate(self.nodes)]
        settings = {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": ELECTION_MS // 2}
        with directly(self.nodes[0]) as client:
            client.admin.command("replSetInitiate", {"_id": "turnout", "members": members, "settings": settings})


def directly(node: Server) -> MongoClient[dict[str, Any]]:
    """A connection to this node alone, which does not wait long."""
    waits: dict[str, Any] = {"serverSelectionTimeoutMS": 2_000, "connectTimeoutMS": 2_000, "socketTimeoutMS": 5_000}
    return MongoClient("127.0.0.1", node.port, directConnection=True, **waits)


def free_port() -> int:
    """A port that nothing listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_true: Callable[[], bool], seconds: float) -> None:
    """Raises TimeoutError when it does not become true."""
    until = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


def _is_primary(node: Server) -> bool:
    try:
        with directly(node) as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False
