"""Turns every error into a page, a fragment or problem+json, by who asks. The only place that does."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from quart import Quart, Response, current_app, request
from werkzeug.exceptions import HTTPException

from webapp import responses
from webapp.api import problem
from webapp.database import PyMongoError
from webapp.errors import NotSignedIn, TooMany, TurnoutError, Unavailable
from webapp.observing.http import NO_ROUTE

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
            response = await _answer(error.status, str(error), name=error.problem)
            response.headers["Retry-After"] = str(error.seconds)
            return response
        told = getattr(error, "fields", {}), getattr(error, "more", {})
        response = await _answer(error.status, str(error), *told, name=error.problem)
        if wants_json() and hasattr(error, "challenge"):
            response.headers["WWW-Authenticate"] = error.challenge
        return response

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
        return await _answer(Unavailable.status, sentence, name=Unavailable.problem)

    @app.errorhandler(Exception)
    async def unforeseen(error: Exception) -> Response:
        # The route and not the path, which may be the address of somebody's ticket.
        log.error("unforeseen", route=request.scope.get("route", NO_ROUTE), exc_info=error)
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


def refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a program that no handler is asked by."""
    response = _problem(status, sentence, {}, {}, "")
    response.headers.update(headers or {})
    return response


async def _answer(
    status: int,
    message: str,
    fields: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
    *,
    name: str = "",
) -> Response:
    title = HTTPStatus(status).phrase
    if wants_json():
        return _problem(status, message, fields or {}, more or {}, name)
    if responses.is_htmx():
        response = await responses.fragment("failure.html", status=status, title=title, message=message)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#notices", "innerHTML"
        return response
    return await responses.page("error.html", status=status, error_status=status, title=title, message=message)


def _problem(status: int, message: str, fields: Mapping[str, str], more: Mapping[str, str], name: str) -> Response:
    base, title = current_app.extensions["settings"].address, HTTPStatus(status).phrase
    body = problem.document(name or problem.named(status), status, title, message, fields, base=base)
    return Response(json.dumps(body | dict(more)), status, content_type=problem.MEDIA_TYPE)
