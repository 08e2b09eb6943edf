"""Lets pages of the sites that the operator names call the API. They bring tokens; cookies never count there."""

from quart import Quart, Response, request

from webapp.settings import Settings

API = "/api/"
ASKED_FOR = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Turnout-Version"
TOLD = (
    "ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Turnout-Version, "
    "WWW-Authenticate"
)
REMEMBERED_SECONDS = "600"


def may_call(settings: Settings, path: str, origin: str) -> bool:
    """Whether a page of this origin may call this path."""
    return path.startswith(API) and origin.lower() in settings.foreign_origins


def allow(app: Quart) -> None:
    """Says in the API's answers to those sites that they may be read."""
    settings: Settings = app.extensions["settings"]

    @app.after_request
    async def readable(response: Response) -> Response:
        if not request.path.startswith(API):
            return response
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if may_call(settings, request.path, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = TOLD
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
                response.headers["Access-Control-Allow-Headers"] = ASKED_FOR
                response.headers["Access-Control-Max-Age"] = REMEMBERED_SECONDS
        return response
