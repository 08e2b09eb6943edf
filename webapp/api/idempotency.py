"""`Idempotency-Key`: a write that is sent twice is done once, and answered the same for a day.

Per caller, by key and content (draft-ietf-httpapi-idempotency-key-header). What was refused for the moment only (409,
429) or failed (5xx) is not kept.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from quart import Response, current_app, request
from werkzeug.exceptions import HTTPException

from webapp.access import SAFE, who
from webapp.api import kept_answers
from webapp.api.kept_answers import Kept, Run
from webapp.errors import NotUnderstood, TurnoutError
from webapp.responses import now
from webapp.walls.proxy import counted

KEY, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
KNOWN = re.compile(r"[\x21-\x7e]{1,200}")
# Of somebody without a token the key is all that tells them from their neighbours.
UNKNOWN = re.compile(r"[\x21-\x7e]{16,200}")

Work = Callable[[], Awaitable[Response]]


async def once(work: Work) -> Response:
    """Does the work of the current request, or answers what it was answered before with the same key."""
    key = request.headers.get(KEY)
    if key is None or request.method in SAFE:
        return await work()
    begun = await kept_answers.begin(_caller(key), key, await _asked(), now=now())
    if isinstance(begun, Kept):
        return Response(begun.body, begun.status, {**begun.headers, REPLAYED: "true"})
    # Goes on when the caller hangs up, so that asking again finds the answer.
    return await asyncio.shield(asyncio.create_task(_first(begun, work)))


async def _first(run: Run, work: Work) -> Response:
    try:
        response = await _answered(work)
    except BaseException:
        await kept_answers.forget(run)
        raise
    if response.status_code in {409, 429} or response.status_code >= 500:
        await kept_answers.forget(run)
        return response
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    body = await response.get_data(as_text=False)
    await kept_answers.keep(run, Kept(response.status_code, headers, body))
    return response


async def _answered(work: Work) -> Response:
    try:
        return await work()
    except (TurnoutError, HTTPException) as refused:
        handled: Any = await current_app.handle_user_exception(refused)
        return await current_app.make_response(handled)  # type: ignore[return-value]


def _caller(key: str) -> str:
    person = who()
    if not (KNOWN if person.is_signed_in else UNKNOWN).fullmatch(key):
        least = 1 if person.is_signed_in else 16
        raise NotUnderstood(f"An {KEY} has {least} to 200 visible characters; a UUID is a good one.")
    return person.id or f"visitor {counted(request.remote_addr or '')}"


async def _asked() -> bytes:
    """All that makes it this request and no other."""
    head = [request.method, request.full_path, request.mimetype, request.headers.get("If-Match", "")]
    body = cast(bytes, await request.get_data(as_text=False))
    return "\n".join(head).encode() + b"\n" + body
