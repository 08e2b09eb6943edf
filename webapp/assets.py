"""The built stylesheet and script: found by name, served under a fingerprint, kept by browsers for a year."""

import json
from functools import cache
from pathlib import Path

from quart import Blueprint, Response, request

from webapp.access import allowed, anyone
from webapp.errors import Misconfigured, NotFound
from webapp.frequency import free
from webapp.settings import ROOT

DIST = ROOT / "static" / "dist"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"

pages = Blueprint("assets", __name__)


@cache
def manifest() -> dict[str, str]:
    """The fingerprinted file of each asset. Raises Misconfigured when nothing was built."""
    file = DIST / "manifest.json"
    if not file.exists():
        raise Misconfigured("The stylesheet and script are not built; run: make assets")
    return dict(json.loads(file.read_text()))


@cache
def files() -> set[str]:
    """What a browser may be given: the assets, and what they import."""
    return {file.name for file in DIST.iterdir() if file.suffix in KINDS}


def url(name: str) -> str:
    """Where a browser gets an asset, such as `turnout.css`."""
    return f"/static/{manifest()[name]}"


def content(name: str) -> bytes:
    """What an asset holds."""
    return _content(manifest()[name])


@pages.get("/static/<path:name>")
@allowed(anyone)
@free
async def asset(name: str) -> Response:
    if name not in files():
        raise NotFound("There is no such file.")
    squeezed = bool(request.accept_encodings.quality("gzip"))
    response = Response(_content(f"{name}.gz" if squeezed else name), content_type=_kind(name))
    response.headers["Cache-Control"] = FOREVER
    response.headers["Vary"] = "Accept-Encoding"
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@pages.get("/favicon.ico")
@allowed(anyone)
@free
async def favicon() -> Response:
    return await asset(manifest()["icon.svg"])


@cache
def _content(file: str) -> bytes:
    return (DIST / file).read_bytes()


def _kind(name: str) -> str:
    return KINDS[Path(name).suffix]
