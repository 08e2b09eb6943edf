"""What stands around the whole application, live streams included: who asks, by which name, and what answers carry."""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from webapp.settings import Settings
from webapp.walls import headers, proxy

App = Callable[[Any, Any, Any], Awaitable[None]]

HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
DEFAULT_PORTS = {"http": 80, "https": 443}
# Asked by their neighbours, by whatever name or number; they tell nothing about anybody.
FOR_NEIGHBOURS = {"/healthz", "/readyz", "/metrics"}


def around(app: App, settings: Settings) -> App:
    """The application behind its walls: an ASGI app that sees only requests that were meant for it."""
    trusted = proxy.networks(settings.trusted_proxies)
    is_https = settings.public_url.startswith("https://")
    is_open = settings.is_development and not _is_loopback(settings.host)

    async def walled(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"}:
            return await app(scope, receive, send)
        scope = proxy.seen_through(scope, trusted)
        host = host_of(scope)
        known = is_known(host, settings.public_url, is_open=is_open)
        protecting = headers.protection(scope["scheme"], host if known else "", is_https=is_https)
        send = headers.adding(send, protecting)
        if known or scope["path"] in FOR_NEIGHBOURS:
            # A stream that leaves the ASGI server has to write these itself.
            return await app({**scope, "answer_headers": protecting}, receive, send)
        return await _refuse(scope, receive, send, host)

    return walled


def host_of(scope: Any) -> str:
    """The host that was asked for, in lower case; "" when there is none, or more than one."""
    named = [value for name, value in scope["headers"] if name.lower() == b"host"]
    return named[0].decode("latin-1").lower() if len(named) == 1 else ""


@lru_cache(256)
def is_known(host: str, public_url: str, *, is_open: bool) -> bool:
    """Whether this is a name of ours: the public one, or without one a name of this machine for itself."""
    if not HOST.fullmatch(host):
        return False
    if public_url:
        scheme, _, named = public_url.partition("://")
        return _with_port(host, scheme) == _with_port(named.lower(), scheme)
    return is_open or _is_loopback(urlsplit(f"//{host}").hostname or "")


def _with_port(host: str, scheme: str) -> tuple[str | None, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname, parts.port or DEFAULT_PORTS[scheme]


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


async def _refuse(scope: Any, receive: Any, send: Any, host: str) -> None:
    status = 421 if host else 400
    body = (
        b"This Turnout is not known by that name. If it is yours, set TURNOUT_PUBLIC_URL to the address that people "
        b"use, and see that your proxy passes the Host header on.\n"
    )
    kind = "http.response"
    if scope["type"] == "websocket":
        kind = "websocket.http.response"
        await receive()
    given = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": [*given, (b"cache-control", b"no-store")]})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
