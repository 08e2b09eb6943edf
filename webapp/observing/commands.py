"""What the driver tells while it works: commands by collection, how long they took, and how full the pool is."""

from time import time
from typing import Any

from pymongo import monitoring

from webapp.observing import metrics, trace

MOST_TOLD = 50
WRITES = {"insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"}


class Commands(monitoring.CommandListener):
    """Counts every command. Called by the driver, in whichever thread runs the command."""

    def __init__(self) -> None:
        self._collections: dict[int, str] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self._collections[event.request_id] = collection_of(event.command_name, event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        collection, seconds = self._collections.pop(event.request_id, ""), event.duration_micros / 1e6
        metrics.mongodb_seconds.labels(event.command_name, collection).observe(seconds)
        traced = trace.current.get()
        if traced is not None:
            traced.commands += 1
            traced.database_seconds += seconds
            if len(traced.spent) < MOST_TOLD:
                traced.spent.append(trace.Spent(event.command_name, collection, time(), seconds))
            if event.command_name in WRITES and (stamp := event.reply.get("operationTime")):
                traced.changed = str(stamp.time << 32 | stamp.inc)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        collection = self._collections.pop(event.request_id, "")
        code = event.failure.get("code", "network")
        metrics.mongodb_failures.labels(event.command_name, collection, code).inc()


class Pool(monitoring.ConnectionPoolListener):
    """Counts the connections of a pool and the waiting for them."""

    def connection_created(self, _: monitoring.ConnectionCreatedEvent) -> None:
        metrics.mongodb_connections.inc()

    def connection_closed(self, _: monitoring.ConnectionClosedEvent) -> None:
        metrics.mongodb_connections.dec()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        metrics.mongodb_in_use.inc()
        metrics.mongodb_waits.observe(event.duration or 0.0)

    def connection_checked_in(self, _: monitoring.ConnectionCheckedInEvent) -> None:
        metrics.mongodb_in_use.dec()

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        metrics.mongodb_failures.labels("connect", "", event.reason).inc()

    def pool_created(self, _: monitoring.PoolCreatedEvent) -> None:
        """Counted by its connections."""

    def pool_ready(self, _: monitoring.PoolReadyEvent) -> None:
        """Counted by its connections."""

    def pool_cleared(self, _: monitoring.PoolClearedEvent) -> None:
        """Counted by its connections."""

    def pool_closed(self, _: monitoring.PoolClosedEvent) -> None:
        """Counted by its connections."""

    def connection_ready(self, _: monitoring.ConnectionReadyEvent) -> None:
        """Counted when it is created."""

    def connection_check_out_started(self, _: monitoring.ConnectionCheckOutStartedEvent) -> None:
        """Counted when it has ended."""


def collection_of(name: str, command: Any) -> str:
    """The collection that a command is about, "" where it is about none."""
    found = command.get("collection" if name == "getMore" else name)
    return found if isinstance(found, str) and not found.startswith("$") else ""


def listeners() -> list[Any]:
    """Fresh listeners for one client."""
    return [Commands(), Pool()]
