"""What a load balancer asks: is this worker alive, and should it get visitors."""

from quart import Blueprint, Response, current_app

from realtime import anyone
from webapp.access import allowed
from webapp.database import PyMongoError, db
from webapp.frequency import free

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


def _said(status: int, words: str) -> Response:
    return Response(words + "\n", status, content_type="text/plain; charset=utf-8")
