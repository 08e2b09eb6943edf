"""What stands on a ticket, in words: the same on its page, on paper and in mails. Rules only."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webapp import when
from webapp.door.checkin import CheckInList, Presence, Ticket
from webapp.events.event import Event


@dataclass(frozen=True)
class Card:
    """A ticket. `code` stands in its QR code, `typed` is what can be typed instead, `path` where its page is."""

    title: str
    name: str
    kind: str
    when: str
    doors: str
    place: str
    address: str
    entrances: tuple[str, ...]
    code: str
    typed: str
    path: str
    language: str

    @property
    def where(self) -> str:
        return ", ".join(part for part in (self.place, self.address) if part)


def path_of(secret: str) -> str:
    """The address of a ticket; who has it, has the ticket."""
    return f"/tickets/{secret}"


def mark_of(secret: str) -> str:
    """What tells two codes of one ticket apart, and opens nothing."""
    return hashlib.blake2b(secret.encode(), digest_size=8, person=b"ticket mark").hexdigest()


def entrances(ticket: Ticket, lists: Iterable[CheckInList], gates: Iterable[str], zone: str) -> tuple[str, ...]:
    """Where and when a ticket opens a door, as far as that is worth saying."""
    mine = [one for one in lists if one.has(ticket)]
    said = [f"{one.name}: {_span(one, zone)}" for one in mine if one.opens_at or one.closes_at]
    names = ", ".join(gates)
    return (*said, *((f"Gates: {names}",) if names else ()))


def passage(presence: Presence, zone: str) -> str:
    """The last that happened to a ticket at a door: `Checked in at 20:04, Gate B`; "" where it was not there yet."""
    seen = [(one.at, one) for one in presence.lists.values() if one.at is not None and one.entries]
    if not seen:
        return ""
    at, last = max(seen, key=lambda one: one[0])
    said = "Checked in" if last.is_inside else "Checked out"
    return ", ".join(part for part in (f"{said} at {when.wall(at, zone):%H:%M}", last.gate) if part)


def doors_of(event: Event) -> str:
    """When the doors open, in words."""
    return f"Doors at {event.doors:%H:%M}" if event.doors and not event.all_day else ""


def state_of(ticket: Ticket, event: Event) -> str:
    """What has become of it: valid, pending, cancelled, or called off with its event."""
    return "called off" if event.state == "cancelled" and ticket.state == "valid" else ticket.state


def kind_of(ticket: Ticket, names: Mapping[str, str]) -> str:
    """The name of its type, where it has one that says something."""
    return names.get(ticket.ticket_type_id, "")


def _span(one: CheckInList, zone: str) -> str:
    opens, closes = (f"{when.wall(at, zone):%H:%M}" if at else "" for at in (one.opens_at, one.closes_at))
    if opens and closes:
        return f"{opens} to {closes}"
    return f"from {opens}" if opens else f"until {closes}"
