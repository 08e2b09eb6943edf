"""A registration: one contact, one to twenty tickets, and the states it goes through; and a place in the line."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from webapp.folding import words_of
from webapp.people.person import Email, Name
from webapp.ticket_types.ticket_type import MOST_TICKETS, TicketType

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class State(StrEnum):
    """What has become of it."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Waiting(StrEnum):
    """What has become of a place in the line."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    LEFT = "left"
    REMOVED = "removed"


class Ticket(BaseModel):
    """One place, for one attendee; without a name it is the contact's."""

    model_config = ConfigDict(extra="ignore")

    id: str
    ticket_type_id: str
    pools: list[str]
    is_cancelled: bool = False
    name: str = ""
    email: str = ""
    answers: dict[str, Any] = Field(default_factory=dict)


class Registration(BaseModel):
    """As it is kept. `number` orders the registrations of an event, `step` counts its changes."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    event_id: str
    person_id: str = ""
    state: State
    tickets: list[Ticket]
    name: str = ""
    email: str = ""
    answers: dict[str, Any] = Field(default_factory=dict)
    needs_approval: bool = False
    number: int
    step: int
    created_at: datetime
    expires_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    reason: str = ""

    @property
    def live_tickets(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets if not ticket.is_cancelled]

    @property
    def is_over(self) -> bool:
        return self.state in (State.CANCELLED, State.EXPIRED)

    def is_own(self, by: str) -> bool:
        """Whether that is whoever registered: with an account, or with the link alone."""
        return by in ("visitor", self.person_id)


class Part(BaseModel):
    """How many of one ticket type somebody waits for."""

    ticket_type_id: str
    quantity: int
    pools: list[str]


class Entry(BaseModel):
    """A place in the line, as it is kept, for all of its parts together.

    The registration it turns into has the same id.
    """

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    event_id: str
    parts: list[Part]
    quantity: int
    state: Waiting
    number: int
    name: str = ""
    email: str = ""
    person_id: str = ""
    created_at: datetime
    offered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ticket_type_ids(self) -> list[str]:
        return [part.ticket_type_id for part in self.parts]

    @property
    def needs(self) -> Counter[str]:
        """How many places of which pool."""
        return needs(self.parts)


def needs(parts: Iterable[Part]) -> Counter[str]:
    """How many places of which pool somebody waits for."""
    return Counter(pool_id for part in parts for pool_id in part.pools for _ in range(part.quantity))


def _positive(wanted: object) -> object:
    return {key: count for key, count in wanted.items() if count} if isinstance(wanted, Mapping) else wanted


class Wanted(BaseModel):
    """What somebody picks: how many of which ticket type, and whether they would wait."""

    tickets: Annotated[dict[str, Annotated[int, Field(ge=1)]], BeforeValidator(_positive)] = Field(min_length=1)
    key: str = Field(min_length=8, max_length=64)
    code: str = Field("", max_length=40)
    would_wait: bool = True

    @field_validator("tickets")
    @classmethod
    def _is_bounded(cls, tickets: dict[str, int]) -> dict[str, int]:
        if sum(tickets.values()) > MOST_TICKETS:
            raise PydanticCustomError("turnout", f"One registration can have {MOST_TICKETS} tickets.")
        return tickets


class Contact(BaseModel):
    """Who registers."""

    name: Name
    email: Email


def _nobody(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


class Attendee(BaseModel):
    """Who comes with a ticket; without a name, whoever registered."""

    name: Annotated[Name | Literal[""], BeforeValidator(_nobody)] = ""
    email: Annotated[Email | Literal[""], BeforeValidator(_nobody)] = ""
    answers: dict[str, Any] = Field(default_factory=dict)


def id_of(event_id: str, key: str) -> str:
    """The id of what a form with this key asks for: the same key is the same registration, however often it is sent."""
    digest = int.from_bytes(hashlib.blake2b(f"{event_id}:{key}".encode(), digest_size=10).digest())
    return "".join(ALPHABET[digest >> shift & 31] for shift in range(0, 80, 5))


def new(
    registration_id: str, kinds: list[tuple[TicketType, int]], *, state: State, now: datetime, **more: Any
) -> dict[str, Any]:
    """The document of a registration for so many of each ticket type."""
    wanted = [kind for kind, count in kinds for _ in range(count)]
    first = wanted[0]
    return {
        "_id": registration_id,
        "organiser_id": first.organiser_id,
        "event_id": first.event_id,
        "person_id": "",
        "name": "",
        "email": "",
        "needs_approval": any(kind.needs_approval for kind in wanted),
        "tickets": [
            {"id": f"{registration_id}-{n}", "ticket_type_id": kind.id, "pools": kind.pools, "is_cancelled": False}
            for n, kind in enumerate(wanted, 1)
        ],
        "state": str(state),
        "created_at": now,
        **more,
    }


def new_entry(
    entry_id: str, kinds: list[tuple[TicketType, int]], *, offer_seconds: int, now: datetime, **more: Any
) -> dict[str, Any]:
    """The document of a place in the line, for so many of each ticket type; it is offered when all of it fits."""
    parts = [Part(ticket_type_id=kind.id, quantity=count, pools=kind.pools) for kind, count in kinds]
    first = kinds[0][0]
    return {
        "_id": entry_id,
        "organiser_id": first.organiser_id,
        "event_id": first.event_id,
        "parts": [part.model_dump() for part in parts],
        "ticket_type_ids": [part.ticket_type_id for part in parts],
        "needs": dict(needs(parts)),
        "quantity": sum(part.quantity for part in parts),
        "needs_approval": any(kind.needs_approval for kind, _ in kinds),
        "offer_seconds": offer_seconds,
        "person_id": "",
        "name": "",
        "email": "",
        "created_at": now,
        **more,
    }


def details(
    contact: Contact | Attendee, answers: Mapping[str, Any], attendees: Mapping[str, Attendee]
) -> dict[str, Any]:
    """What a registration keeps of who registers, and what finds it in the organiser's list."""
    names = [contact.name, contact.email, *(one.name for one in attendees.values())]
    return {"name": contact.name, "email": contact.email, "answers": dict(answers), "words": words_of(*names)}


def counted(registration: Registration) -> Counter[str]:
    """How many tickets of each type it still has."""
    return Counter(ticket.ticket_type_id for ticket in registration.live_tickets)
