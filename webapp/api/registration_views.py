"""What programs see of registrations, tickets and places on the waiting list."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from webapp.api.answering import View, example
from webapp.registrations.registration import Entry, Registration, State, Ticket, Waiting

TICKET_EXAMPLE = {
    "id": "3c8w1x6b5n1zr4tw-1",
    "ticket_type_id": "9f2k7m3x5d8w1c6b",
    "is_cancelled": False,
    "name": "Ana",
    "email": "",
    "answers": {"food7k2m": "Vegan"},
}
REGISTRATION_EXAMPLE = {
    "id": "3c8w1x6b5n1zr4tw",
    "event_id": "0q8y2c6b5n1zr4tw",
    "number": 412,
    "state": "confirmed",
    "name": "Ana",
    "email": "ana@example.org",
    "answers": {},
    "tickets": [TICKET_EXAMPLE],
    "needs_approval": False,
    "created_at": "2026-06-01T10:00:00.120000Z",
    "expires_at": None,
    "confirmed_at": "2026-06-01T10:01:12.400000Z",
    "ended_at": None,
    "reason": "",
}
ENTRY_EXAMPLE = {
    "id": "5d8w1c6b9f2k7m3x",
    "event_id": "0q8y2c6b5n1zr4tw",
    "number": 413,
    "state": "waiting",
    "tickets": {"9f2k7m3x5d8w1c6b": 2},
    "quantity": 2,
    "name": "Ben",
    "email": "ben@example.org",
    "created_at": "2026-06-01T10:02:00Z",
    "offered_at": None,
    "ended_at": None,
}


class TicketPart(BaseModel):
    """One place of a registration; without a name it is the contact's."""

    id: str
    ticket_type_id: str
    is_cancelled: bool
    name: str
    email: str
    answers: dict[str, Any]

    @classmethod
    def of(cls, one: Ticket) -> Self:
        return cls(**one.model_dump(exclude={"pools"}))


class RegistrationView(View):
    """Places of one contact: held for a moment, waiting for a yes, confirmed, or over."""

    model_config = ConfigDict(json_schema_extra=example(REGISTRATION_EXAMPLE))

    event_id: str
    number: int = Field(description="Orders the registrations of an event.")
    state: State
    name: str
    email: str
    answers: dict[str, Any]
    tickets: list[TicketPart]
    needs_approval: bool
    created_at: datetime
    expires_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    reason: str

    @classmethod
    def of(cls, one: Registration) -> Self:
        return cls.made_of(one, tickets=[TicketPart.of(ticket) for ticket in one.tickets])


class EntryView(View):
    """A place on the waiting list."""

    model_config = ConfigDict(json_schema_extra=example(ENTRY_EXAMPLE))

    event_id: str
    number: int
    state: Waiting
    tickets: dict[str, int] = Field(description="How many of which ticket type.")
    quantity: int
    name: str
    email: str
    created_at: datetime
    offered_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Entry) -> Self:
        return cls.made_of(one, tickets=_waited_for(one))


def _waited_for(entry: Entry) -> dict[str, int]:
    return {part.ticket_type_id: part.quantity for part in entry.parts}
