"""What the engine needs of a database: where its history stands, to follow it, and to leave a heartbeat in it."""

from collections.abc import AsyncGenerator
from typing import Protocol

from realtime.change import Change, Position

HEARTBEATS = "heartbeats"


class Lost(Exception):
    """The history after the wanted position is no longer there; start anew from now."""


class Source(Protocol):
    """A database that reports every change, in one order that all its followers see."""

    @property
    def fingerprint(self) -> str:
        """The same for all sources that report the same changes with the same ids and fields."""

    async def now(self) -> Position:
        """The position of the newest write."""

    def follow(self, after: Position) -> AsyncGenerator[list[Change], None]:
        """Every change after `after`, in batches; an empty batch at least every three seconds.

        Recovers by itself from lost connections. Raises Lost when the history is gone.
        """

    def close(self) -> None:
        """Ends the connections and all followers."""

    async def beat(self) -> None:
        """Writes the heartbeat document, a change of the collection `HEARTBEATS`."""
