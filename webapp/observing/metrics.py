"""What is counted here for Prometheus; the only door to prometheus_client in this package.

Workers write their figures into one folder; whichever is asked adds them up. A `live...` gauge ends with its worker.
"""

import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
    multiprocess,
)

__all__ = ["CONTENT_TYPE_LATEST", "text"]

# These tell of the one process that is asked; webapp/observing/vitals.py tells of all workers under the same names.
for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
    REGISTRY.unregister(collector)

_P = "turnout_"
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

build = Gauge(f"{_P}build_info", "Always 1; what runs here.", ["version", "python"], multiprocess_mode="max")
workers = Gauge(f"{_P}workers", "Workers that serve.", multiprocess_mode="livesum")
worker_starts = Counter(f"{_P}worker_starts_total", "Workers started since this Turnout was.")

http_seconds = Histogram(
    f"{_P}http_request_duration_seconds",
    "From a request to the end of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
http_under_way = Gauge(f"{_P}http_requests_in_progress", "Requests being answered.", multiprocess_mode="livesum")
limited = Counter(f"{_P}limited_total", "Requests refused because there were too many.", ["limit"])
uncounted = Counter(f"{_P}uncounted_total", "Requests answered without a count, since Redis was away.", ["limit"])

mongodb_seconds = Histogram(
    f"{_P}mongodb_command_duration_seconds",
    "Commands of MongoDB that succeeded, as the driver sees them.",
    ["command", "collection"],
    buckets=QUICK,
)
mongodb_failures = Counter(
    f"{_P}mongodb_command_failures_total", "Commands of MongoDB that failed.", ["command", "collection", "code"]
)
mongodb_connections = Gauge(f"{_P}mongodb_connections", "Open connections to MongoDB.", multiprocess_mode="livesum")
mongodb_in_use = Gauge(f"{_P}mongodb_connections_in_use", "Of these, in use.", multiprocess_mode="livesum")
mongodb_waits = Histogram(
    f"{_P}mongodb_connection_wait_seconds", "Waiting for a connection of the pool.", buckets=QUICK
)

registrations = Counter(
    f"{_P}registration_steps_total", "Registrations and entries in the line, by what became of them.", ["step"]
)
refusals = Counter(f"{_P}registration_refusals_total", "Wishes for places that were not granted.", ["reason"])
checkins = Counter(f"{_P}checkins_total", "Scans at doors that were judged and kept.", ["kind", "result"])
kept = Gauge(
    f"{_P}kept_documents",
    "Documents of what is kept for a time only: the audit, sessions, mails, events.",
    ["collection"],
    multiprocess_mode="livemostrecent",
)

mails = Counter(f"{_P}mails_total", "Attempts to send a mail.", ["result"])
mails_overdue = Gauge(
    f"{_P}mails_overdue", "Mails that wait longer than they should.", multiprocess_mode="livemostrecent"
)

changes = Counter(f"{_P}changes_total", "Changes written down for programs.")
changes_lost = Counter(f"{_P}changes_lost_total", "Times that followers had to start again, since history was lost.")
change_delay = Histogram(
    f"{_P}change_delay_seconds", "From a write to its place among the changes.", buckets=(*QUICK, 10, 30)
)
change_followers = Gauge(
    f"{_P}change_followers", "Programs that follow the changes.", ["transport"], multiprocess_mode="livesum"
)
webhooks = Counter(f"{_P}webhook_deliveries_total", "Attempts to deliver to a webhook.", ["result"])
webhook_seconds = Histogram(
    f"{_P}webhook_delivery_seconds", "One attempt to deliver.", buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
webhooks_overdue = Gauge(
    f"{_P}webhooks_overdue", "Deliveries that wait longer than they should.", multiprocess_mode="livemostrecent"
)

loop_lag = Histogram(
    f"{_P}event_loop_lag_seconds",
    "How late the event loop wakes somebody who slept.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
cpu_seconds = Counter("process_cpu_seconds_total", "User and system time of all workers.")
memory = Gauge("process_resident_memory_bytes", "Resident memory of all workers.", multiprocess_mode="livesum")
most_memory = Gauge(f"{_P}worker_resident_memory_max_bytes", "That of the largest worker.", multiprocess_mode="livemax")
open_files = Gauge("process_open_fds", "Open files and sockets of the worker with most.", multiprocess_mode="livemax")
most_files = Gauge("process_max_fds", "How many one worker may open.", multiprocess_mode="livemin")


def begin(version: str) -> None:
    """Counts a worker that begins to serve."""
    build.labels(version, platform.python_version()).set(1)
    worker_starts.inc()
    workers.set(1)
    # A counter that begins at one hides the first from Prometheus.
    for result in ("sent", "put_off", "failed"):
        mails.labels(result)
    for step in ("held", "pending", "confirmed", "cancelled", "expired", "waiting", "offered", "accepted"):
        registrations.labels(step)
    for reason in ("sold_out", "too_late"):
        refusals.labels(reason)
    for result in ("ok", "already_in", "unknown"):
        checkins.labels("entry", result)
    for result in ("delivered", "put_off", "failed", "stopped"):
        webhooks.labels(result)


def gather_in(folder: Path) -> str:
    """An empty folder through which the workers' figures come together; answers its name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def forget(pid: int, folder: str) -> None:
    """Takes the live figures of a worker that is gone out of the sum."""
    multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


def text() -> bytes:
    """The figures of all workers, in Prometheus' text format."""
    return generate_latest(_registry())


def samples() -> Iterable[tuple[str, dict[str, str], float]]:
    """The same figures one by one: name, labels and value."""
    for metric in _registry().collect():
        for sample in metric.samples:
            yield sample.name, sample.labels, sample.value


class _Workers(multiprocess.MultiProcessCollector):
    """The library's reader stumbles over the file of a worker that has begun it and written nothing yet."""

    def collect(self) -> Iterable[Metric]:
        begun = [str(file) for file in Path(self._path).glob("*.db") if _size(file)]
        return self.merge(begun, accumulate=True)  # type: ignore[no-any-return,no-untyped-call]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # its worker has just been forgotten
        return 0


def _registry() -> CollectorRegistry:
    gathered = CollectorRegistry()
    try:
        _Workers(gathered)  # type: ignore[no-untyped-call]
    except ValueError:  # a worker that was started alone
        return REGISTRY
    return gathered
