"""A message to the people of an event: what is typed, to whom it goes, and how far it is."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from webapp.events.event import Line

WHOM = {
    "confirmed": "Everybody with a place",
    "pending": "Everybody to decide on",
    "cancelled": "Everybody who cancelled",
}


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Audience(BaseModel):
    """Whose registrations a message goes to: those in a state, of one ticket type or of all."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")

    state: Literal["confirmed", "pending", "cancelled"] = "confirmed"
    ticket_type_id: str = Field("", max_length=40)


class Writing(Audience):
    """What somebody types. The same `key` is the same message, however often it is sent."""

    subject: Annotated[Line, AfterValidator(_one_line)] = Field(min_length=1, max_length=120)
    text: Line = Field(min_length=1, max_length=5_000)
    key: str = Field(min_length=8, max_length=64)


class Message(BaseModel):
    """As it is kept. `after` is the number of the last registration that it went to, `upto` of the last at all.

    Of the mails that were `posted`, so many were sent, failed for good, or are tried again (`put_off`). One that nobody
    wrote says `why` it goes out.
    """

    model_config = ConfigDict(populate_by_name=True, extra="ignore")

    id: str = Field(alias="_id")
    organiser_id: str
    event_id: str
    subject: str
    text: str
    states: list[str]
    ticket_type_id: str = ""
    by_name: str = ""
    created_at: datetime
    after: int = 0
    upto: int
    total: int
    posted: int = 0
    sent: int = 0
    failed: int = 0
    put_off: int = 0
    why: str = "when the event was called off"
    encloses: str = ""
    due_at: datetime | None = None

    @property
    def is_sent(self) -> bool:
        return self.due_at is None

    @property
    def is_automatic(self) -> bool:
        return not self.by_name
