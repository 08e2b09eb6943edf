"""API tokens: what a program may do for a person or an organiser, and until when. Rules only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from webapp.organisers.organiser import Role
from webapp.people.person import Name

MOST = 50
API_VERSION = "2026-11-22"
"""Of the API, that new tokens are made for."""

LASTS = {"7": "A week", "30": "A month", "90": "Three months", "365": "A year"}
Days = Annotated[Literal["7", "30", "90", "365"], Field(default="90")]


class Scope(StrEnum):
    """A kind of thing that a program may do, as far as whoever it acts for may."""

    READ = "read"
    WRITE = "write"
    CHECKIN = "checkin"
    ADMIN = "admin"

    @property
    def words(self) -> str:
        return TITLES[self][0]

    @property
    def about(self) -> str:
        return TITLES[self][1]


TITLES = {
    Scope.READ: ("Read", "Look at what it may see, and follow it live."),
    Scope.WRITE: ("Write", "Change things."),
    Scope.CHECKIN: ("Check in", "Let people in at the door."),
    Scope.ADMIN: ("Administer", "Look after this installation."),
}
ORDINARY = (Scope.READ, Scope.WRITE, Scope.CHECKIN)


class ApiToken(BaseModel):
    """What is kept of a token. One of an organiser has a role in its team; `person_id` and `maker` say who made it."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    name: str
    person_id: str
    maker: str = ""
    organiser_id: str = ""
    role: Role | None = None
    scopes: tuple[Scope, ...]
    ending: str
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None = None
    api_version: str = API_VERSION


class Wish(BaseModel):
    """What somebody wants a new token to be."""

    name: Name
    read: bool = False
    write: bool = False
    checkin: bool = False
    admin: Annotated[bool, Field(validate_default=True)] = False
    days: Days

    # On the last of the four, not on the whole: it is asked beside every other fault of the form.
    @field_validator("admin")
    @classmethod
    def _is_for_something(cls, value: bool, others: ValidationInfo) -> bool:
        if not value and not any(others.data.get(scope) for scope in Scope):
            raise PydanticCustomError("turnout", "Choose at least one thing that it may do.", {"field": "read"})
        return value

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(scope for scope in Scope if getattr(self, scope.value))

    @property
    def lasts(self) -> timedelta:
        return timedelta(days=int(self.days))


class OrganiserWish(Wish):
    """A token of an organiser."""

    role: Role


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes of a list with spaces between. Raises ValueError."""
    return frozenset(Scope(word) for word in text.split())


def written(scopes: Iterable[Scope]) -> str:
    """Scopes as a list with spaces between, always in one order."""
    return " ".join(scope for scope in Scope if scope in set(scopes))
