"""A ticket type and the pools it draws on: what an organiser decides, and when it can be had."""

import hmac
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from webapp.events.event import Line

MOST_TICKETS = 20
"""Of one registration, so that its document stays small."""

MOST_TYPES = 50


class Sale(StrEnum):
    """What follows from time. Kept in the document, so that an opening is a change that every page sees."""

    BEFORE = "before"
    OPEN = "open"
    CLOSED = "closed"


def _nothing(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _with_zone(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise PydanticCustomError("turnout", "Say the time zone too.")
    return at


Instant = Annotated[datetime, AfterValidator(_with_zone)]


class Offering(BaseModel):
    """What an organiser types about a ticket type."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")

    name: Line = Field(min_length=1, max_length=80)
    description: Line = Field("", max_length=500)
    price: Line = Field("", max_length=60)
    least: int = Field(1, ge=1, le=MOST_TICKETS)
    most: int = Field(10, ge=1, le=MOST_TICKETS)
    opens_at: Annotated[Instant | None, BeforeValidator(_nothing)] = None
    closes_at: Annotated[Instant | None, BeforeValidator(_nothing)] = None
    code: Line = Field("", max_length=40)
    needs_approval: bool = False
    pools: list[str] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.most < self.least:
            raise _about("most", "This must be as much as the least, or more.")
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise _about("closes_at", "It must close after it opens.")
        return self


class TicketType(Offering):
    """A ticket type as it is kept. `sale` and `turns_at` follow the clock."""

    model_config = ConfigDict(populate_by_name=True, str_strip_whitespace=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str = ""
    event_id: str
    position: int = 0
    sale: Sale = Sale.OPEN
    turns_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def is_hidden(self) -> bool:
        return bool(self.code)

    def is_open(self, now: datetime) -> bool:
        """Whether it can be had at this instant, whatever `sale` still says."""
        return in_sale(self, now).sale is Sale.OPEN

    def opens_with(self, code: str) -> bool:
        """Whether it may be seen by somebody who typed this access code."""
        return not self.code or hmac.compare_digest(self.code.casefold().encode(), code.strip().casefold().encode())


class Pool(BaseModel):
    """A limit on which ticket types draw, and how much of it is gone."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str = ""
    event_id: str
    name: str
    capacity: int | None
    taken: int = 0
    left: int | None = None


def whole(event_id: str, capacity: int | None) -> Pool:
    """The one pool of an event that was never set up."""
    return Pool(id=event_id, event_id=event_id, name="Places", capacity=capacity, left=capacity)


def in_sale(kind: TicketType, now: datetime) -> TicketType:
    """The ticket type as it is at `now`, with the instant at which that ends."""
    if kind.opens_at and now < kind.opens_at:
        return kind.model_copy(update={"sale": Sale.BEFORE, "turns_at": kind.opens_at})
    if kind.closes_at and now >= kind.closes_at:
        return kind.model_copy(update={"sale": Sale.CLOSED, "turns_at": None})
    return kind.model_copy(update={"sale": Sale.OPEN, "turns_at": kind.closes_at})


def _about(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("turnout", message, {"field": field})
