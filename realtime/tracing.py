"""Who wants to know which way a change took, if anybody: its relay, the drawings it caused, the frames they went in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from realtime.change import Change

Causes = frozenset[int]
"""The cluster times of the changes because of which something is done."""

NOTHING: Causes = frozenset()


@dataclass(frozen=True)
class Step:
    """Something that took from `begun` to `ended`, unix times, because of `causes`."""

    name: str
    causes: Causes
    begun: float
    ended: float
    facts: dict[str, Any]


_listeners: list[Callable[[Step], None]] = []


def listen(told: Callable[[Step], None]) -> None:
    """Has `told` be called with every step from now on; it must not take long."""
    _listeners[:] = [told]


def deafen() -> None:
    """Tells nobody any more."""
    _listeners.clear()


def causes_of(changes: Iterable[Change]) -> Causes:
    """The causes that these changes are, or nothing while nobody wants to know."""
    return frozenset(change.id.time for change in changes) if _listeners else NOTHING


def note(name: str, causes: Causes, begun: float, ended: float, **facts: Any) -> None:
    """Tells whoever wants to know of a step; of one without causes nobody."""
    if causes:
        for told in _listeners:
            told(Step(name, causes, begun, ended, facts))
