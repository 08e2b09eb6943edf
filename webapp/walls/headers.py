"""What every answer tells the browser to refuse: pages, errors, files and live streams alike."""

from collections.abc import Awaitable, Callable
from functools import cache, lru_cache
from typing import Any

from quart import Quart, Response

Headers = list[tuple[bytes, bytes]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BEGINNINGS = {"http.response.start", "websocket.http.response.start"}
YEAR = 31_536_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{socket}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
# What a page of ours may ask of the device: a camera at the door, passkeys, copying a link. Nobody else anything.
ABILITIES = (
    "camera=(self), clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), "
    "fullscreen=(self), geolocation=(), microphone=(), midi=(), payment=(), usb=(), display-capture=()"
)
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": ABILITIES,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@lru_cache(64)
def protection(scheme: str, host: str, *, is_https: bool) -> Headers:
    """The headers for an answer from this host. `host` was checked; "" where it is not ours.

    `is_https` says that people come by https, whatever the proxy speaks with us.
    """
    # Older Safari does not take 'self' for a WebSocket.
    socket = f" {'wss' if is_https or scheme in {'https', 'wss'} else 'ws'}://{host}" if host else ""
    always = _always(is_https)
    return [*always, (b"content-security-policy", POLICY.format(socket=socket).encode())]


def adding(send: Send, protecting: Headers) -> Send:
    """A `send` whose answers carry these headers, unless a handler set one of its own."""

    async def protected(message: dict[str, Any]) -> None:
        if message["type"] in BEGINNINGS:
            given = {name for name, _ in message["headers"]}
            more = [(name, value) for name, value in protecting if name not in given]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return protected


def keep_private(app: Quart) -> None:
    """What a handler says nothing about is kept by nobody but the visitor's browser, and asked for again."""

    @app.after_request
    async def private(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.add("Vary", "HX-Request")
        return response


@cache
def _always(is_https: bool) -> Headers:
    lasting = {"strict-transport-security": f"max-age={YEAR}"} if is_https else {}
    return [(name.encode(), value.encode()) for name, value in {**ALWAYS, **lasting}.items()]
