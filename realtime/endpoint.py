"""The three ways to watch, as plain ASGI: /live/ws, /live/sse and /live/poll. One place decides what differs."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from realtime import metrics, websocket
from realtime.client import (
    BEAT_SECONDS,
    AsgiEventsClient,
    AsgiWebSocketClient,
    Client,
    EventsClient,
    Goodbye,
    WebSocketClient,
)
from realtime.drawing import Pen, envelopes
from realtime.frame import PADDING, Frame, chunk, control
from realtime.hub import Hub
from realtime.room import Room, Shown
from realtime.roster import GOING_AWAY, Roster, come_back_in
from realtime.visit import Access, Refused, Visit, admitted, check_origin, headers_of, still_admitted

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

HANDSHAKE_SECONDS = 10
TRY_LATER = 1013
RUN_OUT = Goodbye(4401, "The token has run out")
NOT_STORED = ("cache-control", "no-store, no-transform")
STREAM_HEADERS = (("content-type", "text/event-stream; charset=utf-8"), NOT_STORED, ("x-accel-buffering", "no"))


class Endpoint:
    """Lets visitors in, or says why not."""

    def __init__(self, hub: Hub, roster: Roster, pen: Pen, access: Access, as_of: Callable[[], str]) -> None:
        self._hub, self._roster, self._pen, self._access, self._as_of = hub, roster, pen, access, as_of
        self._routes = {
            ("websocket", "/live/ws"): self._websocket,
            ("http", "/live/sse"): self._events,
            ("http", "/live/poll"): self._poll,
        }
        self._under_way = 0
        self.is_draining = False

    def answers(self, scope: dict[str, Any]) -> bool:
        return scope["type"] in {"http", "websocket"} and scope["path"].startswith("/live/")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serves one request below /live/."""
        self._under_way += 1
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                serve, visit, room = await self._admit(scope)
        except Refused as refused:
            self._under_way -= 1
            return await self._refuse(scope, receive, send, refused)
        except TimeoutError:
            self._under_way -= 1
            return await self._refuse(scope, receive, send, Refused(503, "The database does not answer just now."))
        except BaseException:
            self._under_way -= 1
            raise
        self._under_way -= 1
        return await serve(scope, receive, send, visit, room)

    async def _admit(self, scope: dict[str, Any]) -> tuple[Callable[..., Awaitable[None]], Visit, Room]:
        serve = self._routes.get((scope["type"], scope["path"]))
        if serve is None:
            raise Refused(404, "Streams are at /live/ws (a WebSocket), /live/sse and /live/poll.")
        if scope["type"] == "http" and scope["method"] != "GET":
            raise Refused(405, "Streams are read with GET.")
        check_origin(scope, self._access)
        self._check_room_for_more()
        await self._access.admit(scope)
        revocations = self._roster.revocations
        visit = await admitted(scope, self._access, self._pen, self._roster.limits.regions)
        if not self._roster.has_place_for(visit.address, visit.session):
            raise Refused(429, "Too many pages are open from here; close some of them.")
        room = self._hub.enter(visit.bounds)
        await self._hub.settle(room, _in_order(room, visit))
        while revocations != self._roster.revocations:
            # Whoever is revoked in the meantime is not among the streams that are asked again.
            revocations = self._roster.revocations
            await still_admitted(visit, self._access)
        if self.is_draining:
            raise Refused(503, "This server is being restarted.")
        return serve, visit, room

    def _check_room_for_more(self) -> None:
        if self.is_draining:
            raise Refused(503, "This server is being restarted.")
        if self._under_way > self._roster.limits.handshakes:
            raise Refused(503, "Too many connections are being opened at once.")

    async def _websocket(self, scope: dict[str, Any], receive: Receive, send: Send, visit: Visit, room: Room) -> None:
        hello = control("hello", beat=BEAT_SECONDS)
        if door := _door(scope):
            if door.is_gone:
                return
            owned = WebSocketClient()
            door.take(owned, _switch(headers_of(scope)["sec-websocket-key"]) + hello.websocket)
            self._join(owned, visit, room)
            return
        client = AsgiWebSocketClient()
        await receive()
        # Sending may take long, and a room that nobody is in is forgotten: so the client joins first.
        self._join(client, visit, room)
        opening = {"type": "websocket.accept"}, {"type": "websocket.send", "text": hello.text}
        await client.run(receive, send, opening)

    async def _events(self, scope: dict[str, Any], receive: Receive, send: Send, visit: Visit, room: Room) -> None:
        hello = control("hello", beat=BEAT_SECONDS, retry=come_back_in(len(self._roster)))
        if (door := _door(scope)) and "upgrade" not in visit.headers:
            if door.is_gone:
                return
            owned = EventsClient()
            door.take(owned, _head(scope) + chunk(PADDING + hello.sse))
            self._join(owned, visit, room)
            return
        client = AsgiEventsClient()
        headers = [(name.encode(), value.encode()) for name, value in STREAM_HEADERS]
        self._join(client, visit, room)
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        body = {"type": "http.response.body", "body": PADDING + hello.sse, "more_body": True}
        await client.run(receive, send, (start, body))

    async def _poll(self, _: dict[str, Any], __: Receive, send: Send, visit: Visit, room: Room) -> None:
        html = envelopes(map(self._pen.gone, visit.hidden)) + self._hub.difference(room, _in_order(room, visit))
        kind = [("content-type", "text/html; charset=utf-8")] if html else []
        await _answer(send, 200 if html else 204, [*kind, NOT_STORED, ("live-at", self._as_of())], html)

    def _join(self, client: Client, visit: Visit, room: Room) -> None:
        client.viewer, client.address, client.session = visit.viewer, visit.address, visit.session
        ends_at = self._access.ends_at(visit.viewer)
        if ends_at is not None:
            client.end_in(max(0.0, ends_at - time.time()), RUN_OUT)
        self._roster.add(client)
        if visit.hidden:
            client.send(Frame(envelopes(map(self._pen.gone, visit.hidden))))
        room.join(client, _in_order(room, visit))

    async def _refuse(self, scope: dict[str, Any], receive: Receive, send: Send, refused: Refused) -> None:
        metrics.refused.labels(str(refused.status)).inc()
        retry = [(name.lower(), value) for name, value in refused.headers.items()]
        if refused.status == 503:
            retry.append(("retry-after", str(1 + come_back_in(len(self._roster)) // 1000)))
        if scope["type"] == "http":
            return await _problem(send, "http.response", refused, retry)
        await receive()
        # Before the origin is known to be ours nothing is accepted; afterwards a code tells the page what to do.
        # A program reads the status itself.
        if self._access.brings_token(scope) or (refused.status == 403 and not _is_ours(scope, self._access)):
            return await _problem(send, "websocket.http.response", refused, retry)
        code = 4000 + refused.status
        if refused.status == 503:
            code = GOING_AWAY if self.is_draining else TRY_LATER
        await send({"type": "websocket.accept"})
        return await send({"type": "websocket.close", "code": code, "reason": refused.sentence[:120]})


def _in_order(room: Room, visit: Visit) -> Shown:
    return tuple(visit.shown.get(key, "") for key in room.keys)


def _is_ours(scope: dict[str, Any], access: Access) -> bool:
    try:
        check_origin(scope, access)
    except Refused:
        return False
    return True


def _door(scope: dict[str, Any]) -> Any:
    """The way to the connection itself, where our server offers one and nothing else shares the connection."""
    door = scope.get("state", {}).get("door") if scope["http_version"] == "1.1" else None
    return door if door is not None and door.is_open else None


def _switch(key: str) -> bytes:
    accept = websocket.accept_key(key.strip().encode())
    head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
    return head + accept + b"\r\n\r\n"


def _head(scope: dict[str, Any]) -> bytes:
    always = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("answer_headers", ())]
    # The connection ends with the stream; a proxy that keeps it would lose the next request on it.
    fields = (*STREAM_HEADERS, *always, ("transfer-encoding", "chunked"), ("connection", "close"))
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    return "".join(("HTTP/1.1 200 OK\r\n", *lines, "\r\n")).encode()


async def _problem(send: Send, kind: str, refused: Refused, headers: list[tuple[str, str]]) -> None:
    title = HTTPStatus(refused.status).phrase
    body = json.dumps({"title": title, "status": refused.status, "detail": refused.sentence})
    kept = [("content-type", "application/problem+json"), NOT_STORED, *headers]
    await _answer(send, refused.status, kept, body, kind)


async def _answer(
    send: Send, status: int, headers: list[tuple[str, str]], text: str, kind: str = "http.response"
) -> None:
    body = text.encode()
    length = [] if status == 204 else [("content-length", str(len(body)))]
    encoded = [(name.encode(), value.encode()) for name, value in (*headers, *length)]
    await send({"type": f"{kind}.start", "status": status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
