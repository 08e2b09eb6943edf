"""What can be asked of the counter, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Something that changes who has a place. Asked again, it changes nothing more and is answered the same."""

    id: str
    """Of the registration, which is also that of its entry in a line; of the pool or ticket type otherwise."""
    by: str
    now: datetime
    letters: tuple[Document, ...] = ()
    """Posted with it, when it is granted."""
    records: tuple[Document, ...] = ()
    """For the audit, when it changes something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Take(Wish):
    """Places for a registration that is not there yet; where they are gone, the place `entry` in the line."""

    registration: Document
    entry: Document | None = None
    even_beyond: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm(Wish):
    """A hold becomes a registration, with what was typed."""

    details: Document
    tickets: dict[str, Document]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change(Wish):
    """Other details of who registered or waits, and of who comes; a ticket that is passed on gets another secret."""

    details: Document
    tickets: dict[str, Document]
    step: int | None = None
    """That the registration had when its form was opened; nothing changes when somebody changed it since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Amend(Wish):
    """More tickets for a registration, fewer, or others; all of it or nothing."""

    add: tuple[Document, ...] = ()
    """Asked again, a ticket that is added is known by its id."""
    give_back: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)
    """How many of a ticket type there may be afterwards; under "" of all together."""
    passes_the_line: bool = False
    needs_approval: bool | None = None
    """Of a hold, afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approve(Wish):
    """What waited for the organiser's yes is a registration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveBack(Wish):
    """A registration ends, or only some of its tickets do."""

    reason: str = ""
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Expire(Wish):
    """A hold or an offer ends because its time is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer(Wish):
    """The places that somebody waits for, before it is their turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accept(Wish):
    """An offer is taken up and is a hold from now on, until `expires_at`."""

    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave(Wish):
    """Somebody waits no longer, or passes an offer on."""

    is_removal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Resize(Wish):
    """A pool has another capacity; below what is taken only with `even_beyond`."""

    capacity: int | None
    even_beyond: bool = False
    seen: tuple[int | None, ...] = ()
    """The capacity that it must have until then, or nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause(Wish):
    """The line of a ticket type stands still, or moves on."""

    is_paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AddPool(Wish):
    """A pool that was not there before."""

    pool: Document


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands after a wish: the registration, the entry in the line, or why nothing changed."""

    registration: Document | None = None
    entry: Document | None = None
    refused: str = ""
    waiting: int = 0


SOLD_OUT = "sold out"
TOO_LATE = "too late"
NOT_THERE = "not there"
TOO_SMALL = "too small"
TOO_MANY = "too many"
CHANGED = "changed"
