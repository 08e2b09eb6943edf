"""What an organiser types to set a door up, and what a helper types to begin. Rules only."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from webapp import when
from webapp.door.checkin import NONCE, Entries
from webapp.people.person import Email, Name

LINK_HOURS = 24
LONGEST_LINK_HOURS = 24 * 14


def _nothing(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) and value else (value or [])


def _wall(time: datetime) -> datetime:
    if time.tzinfo is not None or not 1970 <= time.year <= 2200:
        raise PydanticCustomError("turnout", "Write the local time at the place of the event.")
    return time


Optional = BeforeValidator(_nothing)
Id = Annotated[str, Field(max_length=80, pattern=r"^[0-9A-Za-z-]*$")]
Chosen = Annotated[tuple[Id, ...], BeforeValidator(_several), Field(max_length=50)]
Wall = Annotated[datetime, AfterValidator(_wall)]


class Typed(BaseModel):
    """A form."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")


class ListForm(Typed):
    """A check-in list. Times are what the clock on the wall shows at the event."""

    name: Name
    ticket_type_ids: Chosen = ()
    opens: Annotated[Wall | None, Optional] = None
    closes: Annotated[Wall | None, Optional] = None
    entries: Entries = Entries.ONCE
    trusts_codes: bool = False
    takes_walk_ins: bool = False
    question_ids: Chosen = ()
    is_area: bool = False

    @field_validator("closes")
    @classmethod
    def _is_later(cls, closes: datetime | None, before: Any) -> datetime | None:
        opens = before.data.get("opens")
        if opens and closes and closes <= opens:
            raise PydanticCustomError("turnout", "This must be later than the time from which people are let in.")
        return closes

    def kept(self, zone: str) -> dict[str, Any]:
        """As MongoDB keeps it: instants beside nothing else."""
        return {
            "name": self.name,
            "ticket_type_ids": list(self.ticket_type_ids),
            "opens_at": when.instant(self.opens, zone) if self.opens else None,
            "closes_at": when.instant(self.closes, zone) if self.closes else None,
            "entries": self.entries.value,
            "trusts_codes": self.trusts_codes,
            "takes_walk_ins": self.takes_walk_ins,
            "question_ids": list(self.question_ids),
            "is_area": self.is_area,
        }


class GateForm(Typed):
    """A gate."""

    name: Name = Field(validation_alias=AliasChoices("gate", "name"))


class LimitForm(Typed):
    """How many people may be inside at once."""

    limit: Annotated[int | None, Optional] = Field(None, ge=1, le=1_000_000)


class LinkForm(Typed):
    """A door link: for whom, how long, and where it is good for; nothing chosen means everywhere."""

    name: Name = Field(validation_alias=AliasChoices("whom", "name"))
    hours: int = Field(LINK_HOURS, ge=1, le=LONGEST_LINK_HOURS)
    list_ids: Chosen = ()
    gate_ids: Chosen = ()
    may_force: bool = False

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=self.hours)


class WalkInForm(Typed):
    """Somebody who comes without a ticket. The same `nonce` is the same person."""

    name: Name
    email: Annotated[Email | None, Optional] = None
    ticket_type_id: Id = Field(min_length=1)
    nonce: str = Field(pattern=NONCE)


class DeviceForm(Typed):
    """What a helper calls the phone."""

    name: Name


class PlaceForm(Typed):
    """Where a device stands and which way people go."""

    list_id: str = Field(min_length=1, max_length=80)
    gate_id: str = Field("", max_length=80)
    kind: Annotated[str, Field(pattern="^(entry|exit)$")] = "entry"
