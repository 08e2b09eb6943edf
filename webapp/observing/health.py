"""What the neighbours ask: is this worker alive, should it get visitors, and what has it counted."""

import asyncio
import hmac
from typing import cast

from quart import Blueprint, Response, current_app, request

from realtime import anyone
from webapp.access import allowed
from webapp.database import PyMongoError, db
from webapp.errors import NotFound
from webapp.frequency import free
from webapp.observing import metrics
from webapp.settings import Settings

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@allowed(anyone)
@free
async def alive() -> Response:
    """The process answers; nothing else is asked."""
    return _said(200, "alive")


@pages.get("/readyz")
@allowed(anyone)
@free
async def ready() -> Response:
    """Visitors are welcome: the database answers, and this worker is not about to end."""
    if current_app.extensions["live"].is_draining:
        return _said(503, "draining")
    try:
        await db().command("ping")
    except PyMongoError:
        return _said(503, "the database does not answer")
    return _said(200, "ready")


@pages.get("/metrics")
@allowed(anyone)
@free
async def figures() -> Response:
    """The figures of all workers, for Prometheus. In production only for who has the token."""
    settings = cast(Settings, current_app.extensions["settings"])
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.is_development and not _is_token(given, settings.metrics_token):
        raise NotFound("There is nothing at this address; the link may be old or mistyped.")
    # Adding up the files of many workers takes tens of milliseconds, which no page should wait for.
    return Response(await asyncio.to_thread(metrics.text), content_type=metrics.CONTENT_TYPE_LATEST)


def _is_token(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def _said(status: int, words: str) -> Response:
    return Response(words + "\n", status, content_type="text/plain; charset=utf-8")
