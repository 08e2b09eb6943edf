"""What is noted of every request: its id, how long it took by route and status, and a line in the log where it matters.

A path is never logged, since it may carry what nobody else should read; the route is.
"""

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import structlog
from quart import Quart, request

from webapp.observing import metrics, trace, tracing
from webapp.observing.trace import Trace

App = Callable[[Any, Any, Any], Awaitable[None]]
SAFE = {"GET", "HEAD", "OPTIONS"}
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
SLOW_SECONDS = 1.0
NO_ROUTE = "none"
HUNG_UP = 499

log = structlog.get_logger()


def install(app: Quart) -> None:
    """Observes every request that reaches the application; live streams count themselves."""
    app.asgi_app = around(app.asgi_app)  # type: ignore[method-assign, assignment]

    @app.before_request
    async def note_route() -> None:
        if request.url_rule is not None:
            request.scope["route"] = request.url_rule.rule  # type: ignore[typeddict-unknown-key]


def around(app: App) -> App:
    """An ASGI app that observes `app`, whose answers carry the request's id."""

    async def observed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        begun, traced = perf_counter(), trace.begin(scope.get("request_id", ""))
        status = HUNG_UP

        async def noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = (b"x-request-id", traced.id.encode())
                message = {**message, "headers": [*message["headers"], told]}
            await send(message)

        metrics.http_under_way.inc()
        try:
            await app(scope, receive, noting)
        finally:
            metrics.http_under_way.dec()
            _note(scope, status, perf_counter() - begun, traced)
            tracing.request(scope, status, perf_counter() - begun, traced)

    return observed


def _note(scope: Any, status: int, seconds: float, traced: Trace) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = scope.get("route", NO_ROUTE)
    metrics.http_seconds.labels(method, route, status).observe(seconds)
    is_wrong = status >= 500 or seconds > SLOW_SECONDS
    if is_wrong or method not in SAFE:
        (log.warning if is_wrong else log.info)(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(1000 * seconds, 1),
            database_ms=round(1000 * traced.database_seconds, 1),
            commands=traced.commands,
            **({"changed": traced.changed} if traced.changed else {}),
        )
