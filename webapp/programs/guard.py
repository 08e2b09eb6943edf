"""What a program's token is for: reading takes one scope, changing another, unless a handler says which."""

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from quart import Quart, current_app, g, request

from webapp.access import SAFE, who
from webapp.errors import ScopeTooSmall, TokenRefused
from webapp.programs.token import Scope

P = ParamSpec("P")
R = TypeVar("R")
Handler = Callable[P, Awaitable[R]]


def takes(scope: Scope | None) -> Callable[[Handler[P, R]], Handler[P, R]]:
    """Declares the scope that a handler takes, None for any token."""

    def declare(handler: Handler[P, R]) -> Handler[P, R]:
        handler.scope = scope  # type: ignore[attr-defined]
        return handler

    return declare


def guard(app: Quart) -> None:
    """Refuses tokens that are not good, or not for what is asked. After the limits, so that refusals count."""

    @app.before_request
    async def check_token() -> None:
        fault: TokenRefused | None = g.get("token_fault")
        if fault:
            raise fault
        bearer, scope = who().bearer, needed()
        if bearer and scope and scope not in bearer.claims.scopes:
            raise ScopeTooSmall(scope)


def needed() -> Scope | None:
    """The scope that the current request takes."""
    view: Any = current_app.view_functions.get(request.endpoint or "")
    usual = Scope.READ if request.method in SAFE else Scope.WRITE
    found: Scope | None = getattr(view, "scope", usual)
    return found
