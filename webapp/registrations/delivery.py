"""What became of the mails about a registration, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp import when
from webapp.mail.failing import Why
from webapp.registrations.posting import WHAT


@dataclass(frozen=True)
class Line:
    """A mail: what it is, how far it is, since when or when again, and why it did not arrive."""

    what: str
    state: str
    at: datetime
    wall: datetime
    why: str = ""


def lines(found: Sequence[Mapping[str, Any]], zone: str) -> list[Line]:
    """The mails as their organiser sees them, times by the clock of the event."""
    return [_line(one, zone) for one in found]


def _line(one: Mapping[str, Any], zone: str) -> Line:
    what = WHAT.get(one.get("what", ""), "Mail")
    if one["state"] == "waiting":
        is_put_off = bool(one.get("is_put_off"))
        at = one["due_at"] if is_put_off else one["created_at"]
        return Line(what, "put off" if is_put_off else "on its way", at, when.wall(at, zone))
    why = Why(one["why"]).sentence if one.get("why") else ""
    return Line(what, one["state"], one["ended_at"], when.wall(one["ended_at"], zone), why)
