"""What people look for among events, as it stands in the address of a page and in the name of its live region."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from webapp.searching import Searching

WORDS = 8


def _day(value: Any) -> Any:
    return None if value == "" else value


class Search(Searching):
    """A search that is empty finds everything. What does not fit is left out, so that every address shows a page."""

    text: str = Field("", max_length=100)
    tag: str = Field("", max_length=40)
    place: str = Field("", max_length=80)
    day: Annotated[date | None, BeforeValidator(_day)] = None
    when: Literal["", "past"] = ""
    after: str = Field("", max_length=60)

    @field_validator("text", "tag", "place")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in value):
            raise ValueError("control characters")
        return value

    @field_validator("after")
    @classmethod
    def _is_position(cls, value: str) -> str:
        if value:
            cls.position(value)
        return value

    @property
    def words(self) -> list[str]:
        return self.text.replace('"', " ").replace("\\", " ").split()[:WORDS]

    @staticmethod
    def position_of(starts_at: datetime, event_id: str) -> str:
        """Where a page ends, as the next one's address says it."""
        return f"{int(starts_at.timestamp() * 1000)}.{event_id}"

    @staticmethod
    def position(after: str) -> tuple[datetime, str]:
        """The start and id of the last event of the page before. Raises ValueError."""
        milliseconds, _, event_id = after.partition(".")
        if not event_id.isalnum() or not milliseconds.lstrip("-").isdigit():
            raise ValueError("not a position")
        try:
            return datetime.fromtimestamp(int(milliseconds) / 1000, UTC), event_id
        except (OverflowError, OSError):
            raise ValueError("not a position") from None
