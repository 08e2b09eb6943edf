"""A request to watch: which regions, what of them is shown already, and who asks. What does not fit is refused here."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from realtime import metrics
from realtime.drawing import Pen
from realtime.region import Bound, NoSuchRegion, parse

Scope = Mapping[str, Any]
_WATCHED = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,300})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{0,64})")


class Refused(Exception):
    """Why nothing can be streamed: an HTTP status, a sentence, and headers where the answer has some."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers or {}


@dataclass(frozen=True)
class Access:
    """The application's answers about a visitor; `again` answers None when the visitor may no longer be here.

    `subjects_of` names what a revocation can name: the session, the person; the first is what the session limit counts.
    `admit` raises Refused for who asks too often. `brings_token(scope)` says that a request carries what no browser
    adds by itself, so that it may come from anywhere; `ends_at(viewer)` is when that runs out, in seconds of the epoch.
    """

    viewer_of: Callable[[dict[str, Any]], Awaitable[Any]]
    allowed_origin: Callable[[dict[str, Any]], bool]
    subjects_of: Callable[[Any], Iterable[str]]
    again: Callable[[Any], Awaitable[Any]]
    address_of: Callable[[dict[str, Any]], str]
    admit: Callable[[dict[str, Any]], Awaitable[None]]
    brings_token: Callable[[dict[str, Any]], bool] = lambda _: False
    ends_at: Callable[[Any], float | None] = lambda _: None


@dataclass(frozen=True)
class Visit:
    """Regions a viewer may watch, those of the page they may not, and by key the version that the page shows."""

    bounds: list[Bound]
    shown: dict[str, str]
    viewer: Any
    address: str = ""
    session: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hidden: list[Bound] = field(default_factory=list)


async def admitted(scope: dict[str, Any], access: Access, pen: Pen, most: int) -> Visit:
    """The visit that a request asks for, without the regions that are not for this viewer. Raises Refused."""
    headers = headers_of(scope)
    wanted = _wanted(scope, most)
    viewer = await access.viewer_of(scope)
    given = [bound for key, signature, _ in wanted if (bound := _signed(key, signature, pen))]
    bounds, hidden = await sorted_out(given, viewer)
    metrics.regions_refused.labels("hidden").inc(len(hidden))
    if not bounds:
        raise Refused(403, "Nothing that was asked for may be watched from here; reload the page.")
    shown = {key: version for key, _, version in wanted}
    if "last-event-id" in headers:
        shown = _last_shown(headers["last-event-id"], bounds)
    session = next(iter(access.subjects_of(viewer)), "")
    return Visit(bounds, shown, viewer, access.address_of(scope), session, headers, hidden)


async def still_admitted(visit: Visit, access: Access) -> None:
    """Raises Refused when the viewer may by now no longer be here, or no longer see all of this."""
    viewer = await access.again(visit.viewer)
    if viewer is None:
        raise Refused(401, "Signed out")
    if (await sorted_out(visit.bounds, viewer))[1]:
        raise Refused(403, "Some of this may not be watched any more; reload the page.")


async def sorted_out(bounds: list[Bound], viewer: Any) -> tuple[list[Bound], list[Bound]]:
    """Those that the viewer may see, and those not."""
    seen = [bound for bound in bounds if await bound.may_be_seen_by(viewer)]
    return seen, [bound for bound in bounds if bound not in seen]


def check_origin(scope: dict[str, Any], access: Access) -> None:
    """Raises Refused for a request that another site's page makes; a WebSocket must say where it comes from."""
    if access.brings_token(scope):
        return
    headers = headers_of(scope)
    is_foreign = headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
    is_anonymous = scope["type"] == "websocket" and "origin" not in headers
    if (is_foreign and "origin" not in headers) or is_anonymous or not access.allowed_origin(scope):
        raise Refused(403, "This stream is only for pages of this site.")


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _wanted(scope: Scope, most: int) -> list[tuple[str, str, str]]:
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    listed = [part for value in query.get("r", []) for part in value.split("~")]
    found = [_WATCHED.fullmatch(part) for part in listed]
    if not listed or not all(found):
        raise Refused(400, "The address must list regions as r=KEY.SIGNATURE.VERSION~...; reload the page.")
    if len(found) > most:
        raise Refused(429, f"A page may watch {most} regions at most.")
    return list({match[1]: (match[1], match[2], match[3]) for match in found if match}.values())


def _signed(key: str, signature: str, pen: Pen) -> Bound | None:
    if not pen.signed(key, signature):
        metrics.regions_refused.labels("signature").inc()
        return None
    try:
        return parse(key)
    except NoSuchRegion:
        metrics.regions_refused.labels("unknown").inc()
        return None


def _last_shown(last_id: str, bounds: list[Bound]) -> dict[str, str]:
    """What an SSE id says is shown. An id of other regions says nothing, and older knowledge could be wrong."""
    keys, versions = sorted(bound.key for bound in bounds), last_id.split(".")
    return dict(zip(keys, versions, strict=True)) if len(keys) == len(versions) else {}
