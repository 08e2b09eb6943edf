"""What Prometheus reads: the figures of all workers of this Turnout, added up."""

import hmac
import shutil
from pathlib import Path
from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, generate_latest, multiprocess
from quart import Blueprint, Response, current_app, request

from realtime import anyone
from webapp.access import allowed
from webapp.errors import NotFound
from webapp.frequency import free
from webapp.settings import Settings

pages = Blueprint("metrics", __name__)
limited = Counter("turnout_limited_total", "Requests refused because there were too many.", ["limit"])
uncounted = Counter("turnout_uncounted_total", "Requests answered without a count, since Redis was away.", ["limit"])


def gather_in(folder: Path) -> str:
    """An empty folder through which the workers' figures come together; answers its name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def forget(pid: int, folder: str) -> None:
    """Takes the live figures of a worker that is gone out of the sum."""
    multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


@pages.get("/metrics")
@allowed(anyone)
@free
async def metrics() -> Response:
    """The figures. In production only for who has the token."""
    settings = cast(Settings, current_app.extensions["settings"])
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.is_development and not _is_token(given, settings.metrics_token):
        raise NotFound("There is nothing at this address; the link may be old or mistyped.")
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    gathered = CollectorRegistry()
    try:
        multiprocess.MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    except ValueError:  # a worker that was started alone
        return REGISTRY
    return gathered


def _is_token(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
