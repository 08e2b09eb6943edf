"""Which limit a handler counts under, where it is not the one that its method has."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def heavy(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler does much work, so that it may be asked for less often than others."""
    handler.limit = "heavy"  # type: ignore[attr-defined]
    return handler


def free(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler may be asked for as often as anybody likes."""
    handler.limit = None  # type: ignore[attr-defined]
    return handler
