"""Which limit a handler counts under, where it is not the one that its method has."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def heavy(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler does much work, so that it may be asked for less often than others."""
    handler.limit = "heavy"  # type: ignore[attr-defined]
    return handler


def at_the_door(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler is for phones at a door: many, known, and behind one address."""
    handler.limit = "door"  # type: ignore[attr-defined]
    return handler


def free(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler may be asked for as often as anybody likes."""
    handler.limit = None  # type: ignore[attr-defined]
    return handler


def often(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Declares that a handler may be asked for as often as a page, although it changes something.

    All the devices behind one address may do so at once, and what could be guessed has a count of its own.
    """
    handler.limit = "reads"  # type: ignore[attr-defined]
    return handler
