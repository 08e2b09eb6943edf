"""The changes over HTTP: pages of JSON, a stream of server-sent events, a WebSocket; the same ids in all of them."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

from quart import Blueprint, Response, current_app, g, request, websocket

from realtime import Refused
from webapp import access
from webapp.access import allowed, signed_in, who
from webapp.api.operation import operation
from webapp.changes import store
from webapp.changes.answers import Changes, Following
from webapp.changes.audience import Audience, Wish
from webapp.changes.change import Change, id_of, key_of
from webapp.changes.following import Follower, Followers
from webapp.changes.opening import Opening
from webapp.data import answer, asked, fitting
from webapp.errors import Invalid, TooMany
from webapp.failures import refusal
from webapp.programs.guard import takes
from webapp.programs.token import Scope

PATH = "/api/v1/changes"
LATEST = "latest"
RETRY_MS = 2_000
NO_ID = "Write an id of a change as it was given, or “latest”."
GONE_CODE, REFUSED_CODE, ENDED_CODE = 4410, 1008, 1000

changes = Blueprint("changes", __name__)


@changes.get(PATH)
@allowed(signed_in)
@takes(Scope.READ)
@operation("Changes", answers=Changes, query=Following, bare=True, refuses=("gone",), streams=True)
async def show() -> Response:
    """Lists what changed after `since`; as a stream for who accepts text/event-stream."""
    given = asked(Following)
    if _wants_a_stream():
        return await _stream(given)
    after = await _after(given.since, or_from_first=True)
    found = await store.page(after, _followers().audience_of(who()), _wish(given), limit=given.limit)
    told = [change.told() for change in found.changes]
    return answer({"changes": told, "next": id_of(found.next), "has_more": found.has_more})


@changes.websocket(PATH)
@allowed(signed_in)
@takes(Scope.READ)
async def follow() -> None:
    """The same as it happens: one message for each change, `{"next": id}` where nothing happens for a while."""
    followers = _followers()
    try:
        given = fitting(Following, _arguments())
        wish, after = _wish(given), await _after(given.since)
        followers.check_room_for(who())
    except (Invalid, TooMany) as error:
        return await websocket.close(REFUSED_CODE, str(error)[:100])
    await websocket.accept()
    with followers.following(who(), wish, after, "websocket") as follower:
        await websocket.send(json.dumps({"next": id_of(after)}))
        try:
            async with aclosing(followers.batches(follower)) as batches:
                async for found in batches:
                    for text in [json.dumps(change.told()) for change in found] or [_as_of(follower)]:
                        await websocket.send(text)
        except store.Gone as gone:
            return await websocket.close(GONE_CODE, f"gone; latest {id_of(gone.latest)}")
    return await websocket.close(ENDED_CODE, "")


@changes.before_websocket
async def recognise() -> Response | None:
    """Finds out who opens a WebSocket; whoever may not is answered before anything is accepted."""
    opening: Opening = current_app.extensions["opening"]
    try:
        g.person = await opening.admitted(cast(dict[str, Any], websocket.scope))
    except Refused as refused:
        return refusal(refused.status, refused.sentence, refused.headers)
    return None


def audience_of(person: access.Person) -> Audience:
    """What somebody may be told."""
    return Audience(person.roles, person.is_admin)


async def _stream(given: Following) -> Response:
    after = await _after(request.headers.get("Last-Event-ID", "") or given.since)
    followers, person, wish = _followers(), who(), _wish(given)
    # Asked before the answer begins: afterwards there is no status to say it with.
    followers.check_room_for(person)
    await store.page(after, Audience(), wish, limit=1)
    response = Response(_events(followers, person, wish, after), content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"], response.headers["X-Accel-Buffering"] = "no-store, no-transform", "no"
    response.timeout = None
    return response


async def _events(followers: Followers, person: access.Person, wish: Wish, after: str) -> AsyncGenerator[str, None]:
    with followers.following(person, wish, after, "sse") as follower:
        yield f"retry: {RETRY_MS}\nid: {id_of(after)}\n\n"
        try:
            async with aclosing(followers.batches(follower)) as batches:
                async for found in batches:
                    yield _told(found, follower)
        except store.Gone as gone:
            yield f"event: gone\ndata: {json.dumps({'latest': id_of(gone.latest)})}\n\n"


def _told(found: list[Change], follower: Follower) -> str:
    if not found:
        # An id of its own moves the place on from which the program comes again.
        return f": as of\nid: {id_of(follower.key)}\n\n"
    return "".join(f"id: {change.id}\ndata: {json.dumps(change.told())}\n\n" for change in found)


def _as_of(follower: Follower) -> str:
    return json.dumps({"next": id_of(follower.key)})


async def _after(given: str, *, or_from_first: bool = False) -> str:
    if not given or given == LATEST:
        known = await store.tip()
        if known is None:
            return store.FIRST
        return known.since if or_from_first and not given else known.at
    try:
        return key_of(given)
    except ValueError:
        raise Invalid({"?since": NO_ID}) from None


def _wish(given: Following) -> Wish:
    return Wish(given.event, tuple(given.kind))


def _arguments() -> dict[str, str]:
    """Those of the WebSocket's address, without what let it in."""
    args = websocket.args
    return {name: ",".join(args.getlist(name)) for name in args if name != "ticket"}


def _wants_a_stream() -> bool:
    best = request.accept_mimetypes.best_match(["application/json", "text/event-stream"], "application/json")
    return best == "text/event-stream" and request.method == "GET"


def _followers() -> Followers:
    found: Followers = current_app.extensions["followers"]
    return found
