"""Turns every error into a page, a fragment or problem+json, by who asks. The only place that does."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from quart import Quart, Response, request
from werkzeug.exceptions import HTTPException

from webapp import responses
from webapp.database import PyMongoError
from webapp.errors import Invalid, NotSignedIn, TooMany, TurnoutError, Unavailable

log = structlog.get_logger()

WORDS = {
    400: "That request could not be understood; go back and try again.",
    404: "There is nothing at this address; the link may be old or mistyped.",
    405: "This address does not do that.",
    413: "That is too large; send less than {limit} MB at once.",
    429: "That was too often; wait a moment and try again.",
}
BROKEN = "Something broke on our side and has been noted. Nothing was changed; please try again."


def translate(app: Quart) -> None:
    """Registers the answers to every kind of error."""

    @app.errorhandler(TurnoutError)
    async def ours(error: TurnoutError) -> Response:
        if isinstance(error, NotSignedIn) and not wants_json():
            return await responses.redirect(_sign_in())
        if isinstance(error, TooMany):
            response = await _answer(error.status, str(error))
            response.headers["Retry-After"] = str(error.seconds)
            return response
        return await _answer(error.status, str(error), error.fields if isinstance(error, Invalid) else {})

    @app.errorhandler(HTTPException)
    async def http(error: HTTPException) -> Response:
        code = error.code or 500
        words = WORDS.get(code, error.description or BROKEN)
        response = await _answer(code, words.format(limit=app.config["MAX_CONTENT_LENGTH"] // 2**20))
        if code == HTTPStatus.METHOD_NOT_ALLOWED and getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
        return response

    @app.errorhandler(PyMongoError)
    async def database(error: PyMongoError) -> Response:
        log.error("database", error=str(error))
        sentence = "The database does not answer just now. Nothing was changed; try again in a moment."
        return await _answer(Unavailable.status, sentence)

    @app.errorhandler(Exception)
    async def unforeseen(error: Exception) -> Response:
        log.error("unforeseen", path=request.path, exc_info=error)
        return await _answer(500, BROKEN)


def wants_json() -> bool:
    """Whether a program asks."""
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/problem+json", "application/json"], "text/html"
    )
    return request.path.startswith("/api/") or best != "text/html"


def _sign_in() -> str:
    came_for = f"?{urlencode({'next': request.full_path.rstrip('?')})}" if request.method == "GET" else ""
    return f"/sign-in{came_for}"


async def _answer(status: int, message: str, fields: dict[str, str] | None = None) -> Response:
    title = HTTPStatus(status).phrase
    if wants_json():
        return _problem(status, title, message, fields or {})
    if responses.is_htmx():
        response = await responses.fragment("failure.html", status=status, title=title, message=message)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#notices", "innerHTML"
        return response
    return await responses.page("error.html", status=status, error_status=status, title=title, message=message)


def _problem(status: int, title: str, message: str, fields: dict[str, str]) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": message}
    if fields:
        body["errors"] = [{"field": field, "detail": sentence} for field, sentence in fields.items()]
    return Response(json.dumps(body), status, content_type="application/problem+json")
