"""What people look for among events, as it stands in the address of a page and in the name of its live region."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

WORDS = 8


def _day(value: Any) -> Any:
    return None if value == "" else value


class Search(BaseModel):
    """A search that is empty finds everything. What does not fit is left out, so that every address shows a page."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="ignore")

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

    @property
    def is_empty(self) -> bool:
        return self == Search()

    @property
    def query(self) -> str:
        """The canonical query string: the same search gives the same one."""
        return urlencode([(name, str(value)) for name, value in self if value])

    def but(self, **changes: Any) -> str:
        """The query string of the same search with changes, from its first page."""
        return self.model_copy(update={"after": "", **changes}).query

    @classmethod
    def of(cls, given: dict[str, str]) -> "Search":
        """The search in a page's arguments, without what cannot be understood."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors()}
            return cls.model_validate({k: v for k, v in given.items() if k not in wrong})

    @classmethod
    def parse(cls, query: str) -> "Search":
        """The search that has this `query`."""
        return cls.of(dict(parse_qsl(query)))

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
