"""What belongs to an event, declared by the feature that keeps it, so that all of it goes when the event's time is up.

A collection that carries an event's id either belongs to the event and goes with it, or says why it stays.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from webapp.database import Session


class By(Enum):
    """How a collection names the event that a document belongs to."""

    FIELD = "the field event_id"
    ID = "the document's own id"
    PREFIX = "what the document's id begins with"


@dataclass(frozen=True)
class Whose:
    """The event that something belongs to, and the organiser whose it is."""

    event_id: str
    organiser_id: str


class Step(NamedTuple):
    """How far some work is: where the next batch begins, None at the end, and how many people this one was about."""

    after: Any = None
    people: int = 0


Shred = Callable[[Whose, Any, Session], Awaitable[Step]]

_belonging: dict[str, By] = {}
_apart: dict[str, str] = {}
_shredding: dict[str, Shred] = {}
_in_both: set[str] = set()


def belongs(collection: str, by: By = By.FIELD) -> None:
    """Declares that the documents of a collection go with their event."""
    _belonging[collection] = by


def apart(collection: str, why: str) -> None:
    """Declares that documents which name an event do not go with it, and why."""
    _apart[collection] = why


def shreds(name: str, *, at_the_end: bool = False) -> Callable[[Shred], Shred]:
    """Registers `shred(whose, after, session)`: takes persons out of the batch that begins behind `after`.

    The first is asked for behind None. With `at_the_end`, it is also done when the whole event goes.
    """

    def register(shred: Shred) -> Shred:
        stage = f"persons in {name}"
        _shredding[stage] = shred
        if at_the_end:
            _in_both.add(stage)
        return shred

    return register


def collections() -> dict[str, By]:
    """What belongs to an event, and how each collection names it."""
    return dict(sorted(_belonging.items()))


def kept_apart() -> dict[str, str]:
    """What names an event and stays, with the reason."""
    return dict(_apart)


def shredders(*, at_the_end: bool = False) -> dict[str, Shred]:
    """The works that take persons out, by name; with `at_the_end`, those that are also done when an event goes."""
    return {name: work for name, work in sorted(_shredding.items()) if not at_the_end or name in _in_both}


def query(collection: str, event_id: str) -> dict[str, Any]:
    """What finds the documents of an event by an index."""
    match _belonging[collection]:
        case By.FIELD:
            return {"event_id": event_id}
        case By.ID:
            return {"_id": event_id}
        case By.PREFIX:
            # A semicolon comes next after the colon that ends the event's id.
            return {"_id": {"$gte": f"{event_id}:", "$lt": f"{event_id};"}}
