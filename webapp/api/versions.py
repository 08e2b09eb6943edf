"""Versions of the API. A token keeps the one that it was made under; `Turnout-Version` asks for another.

There is one so far. The next is added to VERSIONS with what it changes, and handlers ask `current()`.
"""

from quart import Quart, Response, g, request

from webapp.access import who
from webapp.api.problem import MEDIA_TYPE
from webapp.errors import NotUnderstood
from webapp.programs.token import API_VERSION

HEADER, PATHS = "Turnout-Version", "/api/v1/"
VERSIONS = [API_VERSION]
"""The oldest first; what has no version of its own gets the latest."""


def current() -> str:
    """The version that the current request is answered in."""
    return str(g.get("api_version", VERSIONS[-1]))


def pin(app: Quart) -> None:
    """Finds out the version of every request, and says it in every answer."""

    @app.before_request
    async def choose() -> None:
        if not request.path.startswith(PATHS):
            return
        bearer = who().bearer
        pinned = bearer.version if bearer and bearer.version in VERSIONS else VERSIONS[-1]
        wanted = request.headers.get(HEADER, pinned)
        if wanted not in VERSIONS:
            raise NotUnderstood(f"There is no version “{wanted[:40]}”. There are {', '.join(VERSIONS)}.")
        g.api_version = wanted

    @app.after_request
    async def tell(response: Response) -> Response:
        if request.path.startswith(PATHS):
            response.headers[HEADER] = current()
            response.headers.add("Vary", HEADER)
            if response.mimetype == MEDIA_TYPE:
                response.headers.setdefault("Cache-Control", "no-store")
        return response
