"""What people look for in the audit, as it stands in an address and in the name of its live region."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from webapp.audit.record import Kind, Record
from webapp.searching import Searching

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


def _nothing(value: Any) -> Any:
    return None if value == "" else value


class Search(Searching):
    """An empty one finds everything; what does not fit is left out, so that every address shows a page."""

    who: str = Field("", pattern=r"^[0-9a-z]{0,24}$")
    kind: Annotated[Kind | None, BeforeValidator(_nothing)] = None
    event: str = Field("", pattern=r"^[0-9a-z]{0,24}$")
    since: Annotated[date | None, BeforeValidator(_nothing)] = Field(None, ge=EARLIEST, le=LATEST)
    until: Annotated[date | None, BeforeValidator(_nothing)] = Field(None, ge=EARLIEST, le=LATEST)
    after: str = Field("", max_length=60)

    @field_validator("after")
    @classmethod
    def _is_position(cls, value: str) -> str:
        if value:
            position(value)
        return value


def position_of(record: Record) -> str:
    """Where a page ends, as the next one's address says it."""
    return f"{int(record.at.timestamp() * 1000)}.{record.id}"


def position(after: str) -> tuple[datetime, str]:
    """The time and id of the last record of the page before. Raises ValueError."""
    milliseconds, _, record_id = after.partition(".")
    if not (record_id.isascii() and record_id.isalnum() and milliseconds.isascii() and milliseconds.isdigit()):
        raise ValueError("not a position")
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC), record_id
    except (OverflowError, OSError):
        raise ValueError("not a position") from None
