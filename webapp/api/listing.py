"""Lists: filtered, sorted, in pages that stay right while things come and go.

A page begins after the last one of the page before, by its sort key and its id, so that what is added or taken away
meanwhile neither repeats nor hides anything.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from webapp.database import db
from webapp.errors import Invalid

MOST = 100
T = TypeVar("T")
Values = tuple[Any, str]
Document = dict[str, Any]


def _names(value: Any) -> Any:
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


Names = Annotated[list[Annotated[str, Field(max_length=60)]], BeforeValidator(_names), Field(max_length=60)]


class Choosing(BaseModel):
    """What of a resource is sent."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    fields: Names = Field(default_factory=list, description="Only these fields, with commas between; `id` always.")
    expand: Names = Field(default_factory=list, description="What belongs to it, sent along, with commas between.")


class Listing(Choosing):
    """Which part of a list is asked for; each list adds its own filters and orders."""

    # Where the database keeps what a list is sorted by, if that has another name there.
    kept_as: ClassVar[Mapping[str, str]] = {}

    limit: int = Field(50, ge=1, le=MOST, description="How many at most.")
    after: str = Field("", max_length=600, description="Where the page begins: from `next` of the page before.")

    @property
    def order(self) -> str:
        """How it is sorted, with a minus for the other way round."""
        return str(getattr(self, "sort", "id"))

    @property
    def key(self) -> str:
        return self.order.removeprefix("-")

    @property
    def direction(self) -> int:
        return -1 if self.order.startswith("-") else 1


@dataclass(frozen=True)
class Page(Generic[T]):
    """A run of a list; `after` is where the next one begins, "" at the end."""

    found: list[T]
    after: str


async def page(collection: str, query: Mapping[str, Any], asked: Listing, view: Callable[[Document], T]) -> Page[T]:
    """A page of the documents that `query` finds, each as `view` shows it."""
    field = asked.kept_as.get(asked.key, "_id" if asked.key == "id" else asked.key)
    order = (
        [("_id", asked.direction)] if field in {"id", "_id"} else [(field, asked.direction), ("_id", asked.direction)]
    )
    whole = {"$and": [dict(query), _beyond(field, asked)]} if asked.after else dict(query)
    rows = await db()[collection].find(whole).sort(order).limit(asked.limit + 1).to_list(asked.limit + 1)
    last = rows[asked.limit - 1] if len(rows) > asked.limit else None
    after = _cursor(asked, last.get(field), last["_id"]) if last else ""
    return Page([view(dict(one)) for one in rows[: asked.limit]], after)


def among(everything: Sequence[T], asked: Listing) -> Page[T]:
    """The same of a short list that is there already."""
    field = asked.key

    def place(one: T) -> Values:
        return (getattr(one, field) if field != "id" else "", str(getattr(one, "id")))  # noqa: B009

    ordered = sorted(everything, key=place, reverse=asked.direction < 0)
    if asked.after:
        value, last_id = _position(asked)
        behind = ("" if field == "id" else value, last_id)
        ordered = [one for one in ordered if (place(one) > behind if asked.direction > 0 else place(one) < behind)]
    last = ordered[asked.limit - 1] if len(ordered) > asked.limit else None
    return Page(ordered[: asked.limit], _cursor(asked, *place(last)) if last else "")


def _beyond(field: str, asked: Listing) -> dict[str, Any]:
    value, last_id = _position(asked)
    operator = "$gt" if asked.direction > 0 else "$lt"
    if field == "_id":
        return {"_id": {operator: last_id}}
    return {"$or": [{field: {operator: value}}, {field: value, "_id": {operator: last_id}}]}


def _cursor(asked: Listing, value: Any, last_id: str) -> str:
    kept = {"at": round(value.timestamp() * 1000)} if isinstance(value, datetime) else value
    return urlsafe_b64encode(json.dumps([asked.order, kept, last_id]).encode()).decode().rstrip("=")


def _position(asked: Listing) -> Values:
    try:
        order, kept, last_id = json.loads(urlsafe_b64decode(asked.after + "=" * (-len(asked.after) % 4)))
        value = datetime.fromtimestamp(kept["at"] / 1000, UTC) if isinstance(kept, dict) else kept
    except (Error, ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        raise Invalid({"?after": "This is not where a page ends. Take it from `next`."}) from None
    if order != asked.order or not isinstance(last_id, str) or not isinstance(value, str | int | datetime):
        raise Invalid({"?after": "This belongs to another order. Begin again without it."})
    return value, last_id
