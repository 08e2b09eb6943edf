"""An event: what an organiser types, what is stored, and the states it goes through."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    PlainSerializer,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from slugify import slugify

from webapp import markdown, when

LONGEST = timedelta(days=366)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_URL = TypeAdapter(HttpUrl)


class State(StrEnum):
    """What the organiser decides."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """What follows from time. Kept in the document, so that passing time is a change like any other."""

    UPCOMING = "upcoming"
    ON_NOW = "on_now"
    OVER = "over"


def _fault(message: str) -> PydanticCustomError:
    return PydanticCustomError("turnout", message)


def _readable(text: str) -> str:
    if _CONTROL.search(text):
        raise _fault("This has characters that cannot be shown; please type it again.")
    return text.replace("\r\n", "\n")


def _known_zone(name: str) -> str:
    if not when.is_zone(name):
        raise _fault("Choose a time zone from the list, such as Europe/Berlin.")
    return name


def _known_language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise _fault("Write a language as a short code, such as en or de-AT.")
    return tag


def _web_address(url: str) -> str:
    if url:
        try:
            _URL.validate_python(url)
        except ValueError:
            raise _fault("Write the whole address, such as https://example.org/stream.") from None
    return url


def _wall(time: datetime) -> datetime:
    if time.tzinfo is not None:
        raise _fault("Write the local time at the place of the event, without a zone.")
    if not 1970 <= time.year <= 2200:
        raise _fault("Choose a year between 1970 and 2200.")
    return time.replace(second=0, microsecond=0)


def _tags(value: Any) -> Any:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return value
    clean = [" ".join(word.lower().split()) for word in words]
    return list(dict.fromkeys(word for word in clean if word))


def _nothing(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Line = Annotated[str, AfterValidator(_readable)]
Wall = Annotated[datetime, AfterValidator(_wall), PlainSerializer(lambda t: t.isoformat(timespec="minutes"))]
Tag = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_readable)]


class Details(BaseModel):
    """What an organiser types. Times are naive: what the clock on the wall shows in `zone`."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")

    title: Line = Field(min_length=1, max_length=120)
    summary: Line = Field("", max_length=300)
    description: Line = Field("", max_length=20_000)
    zone: Annotated[str, AfterValidator(_known_zone)]
    starts: Wall
    ends: Wall
    doors: Annotated[Wall | None, BeforeValidator(_nothing)] = None
    all_day: bool = False
    place_name: Line = Field("", max_length=120)
    place_address: Line = Field("", max_length=300)
    latitude: Annotated[float | None, BeforeValidator(_nothing)] = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: Annotated[float | None, BeforeValidator(_nothing)] = Field(None, ge=-180, le=180, allow_inf_nan=False)
    online_url: Annotated[str, AfterValidator(_web_address)] = Field("", max_length=500)
    capacity: Annotated[int | None, BeforeValidator(_nothing)] = Field(None, ge=1, le=1_000_000)
    tags: Annotated[list[Tag], BeforeValidator(_tags)] = Field(default_factory=list, max_length=10)
    language: Annotated[str, AfterValidator(_known_language)] = "en"
    organiser_name: Line = Field("", max_length=120)

    @field_validator("ends")
    @classmethod
    def _follows_the_start(cls, ends: datetime, before: ValidationInfo) -> datetime:
        starts, zone = before.data.get("starts"), before.data.get("zone")
        if starts and zone:
            length = when.instant(ends, zone) - when.instant(starts, zone)
            if length <= timedelta():
                raise _fault("The end must be after the start.")
            if length > LONGEST:
                raise _fault("An event can last a year at most.")
        return ends

    @field_validator("doors")
    @classmethod
    def _opens_before_the_start(cls, doors: datetime | None, before: ValidationInfo) -> datetime | None:
        starts, zone = before.data.get("starts"), before.data.get("zone")
        if doors and starts and zone:
            ahead = when.instant(starts, zone) - when.instant(doors, zone)
            if not timedelta() <= ahead <= timedelta(days=1):
                raise _fault("Doors open before the start, on the day of the event.")
        return doors

    @model_validator(mode="after")
    def _has_both_coordinates(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise _about("longitude" if self.longitude is None else "latitude", "Give both coordinates or none.")
        return self

    @property
    def starts_at(self) -> datetime:
        return when.instant(self.starts, self.zone)

    @property
    def ends_at(self) -> datetime:
        return when.instant(self.ends, self.zone)

    @property
    def doors_at(self) -> datetime | None:
        return when.instant(self.doors, self.zone) if self.doors else None

    def notes(self) -> list[str]:
        """What a person should be told about the times: gaps and folds of daylight saving."""
        times = [self.doors, self.starts, self.ends]
        found = [when.note(time, self.zone) for time in times if time]
        return list(dict.fromkeys(sentence for sentence in found if sentence))


class Source(BaseModel):
    """Where an imported event comes from: its identity in that calendar, and what it was at the last import."""

    calendar: str
    uid: str
    recurrence: str = ""
    sequence: int = 0
    digest: str = ""
    import_id: str = ""


class Event(Details):
    """An event as it is stored. `version` counts edits; `phase` and `turns_at` follow the clock."""

    model_config = ConfigDict(populate_by_name=True, str_strip_whitespace=True)

    id: str = Field(alias="_id")
    organiser_id: str
    slug: str
    state: State = State.DRAFT
    version: int = 1
    description_html: str = ""
    phase: Phase = Phase.UPCOMING
    turns_at: datetime | None = None
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None = None
    source: Source | None = None

    @property
    def path(self) -> str:
        return path_of(self.slug)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_public(self) -> bool:
        return self.state is not State.DRAFT and not self.is_deleted

    def document(self) -> dict[str, Any]:
        """As MongoDB keeps it: wall times as text, instants as dates, `_id` for `id`."""
        return {
            **self.model_dump(by_alias=True),
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "doors_at": self.doors_at,
        }


class Listed(BaseModel):
    """An event as lists show it, read from what `Event.document` kept; there is not enough of it to edit."""

    id: str = Field(alias="_id")
    slug: str
    title: str
    summary: str
    zone: str
    starts: datetime
    ends: datetime
    starts_at: datetime
    all_day: bool
    place_name: str
    online_url: str
    tags: list[str]
    state: State
    phase: Phase
    deleted_at: datetime | None
    capacity: int | None = None

    @property
    def path(self) -> str:
        return path_of(self.slug)


DETAILS = tuple(Details.model_fields)
WHEN = ("starts", "ends", "zone", "all_day")
WHERE = ("place_name", "place_address", "online_url")


def event(details: Details, *, id: str, organiser_id: str, slug: str, now: datetime, **more: Any) -> Event:  # noqa: A002
    """A new event of an organiser made of `details`, a draft unless `more` says otherwise."""
    made = Event(
        **{**details.model_dump(), **more},
        id=id,
        organiser_id=organiser_id,
        slug=slug,
        created_at=now,
        changed_at=now,
        description_html=markdown.render(details.description),
    )
    return in_phase(made, now)


def edited(before: Event, details: Details, *, now: datetime) -> Event:
    """The same event with other details, one version on."""
    changes = details.model_dump() | {
        "version": before.version + 1,
        "changed_at": now,
        "description_html": markdown.render(details.description),
    }
    return in_phase(Event.model_validate(before.model_dump() | changes), now)


def in_phase(event: Event, now: datetime) -> Event:
    """The event with the phase it has at `now` and the instant at which that ends."""
    if now < event.starts_at:
        phase, turns_at = Phase.UPCOMING, event.starts_at
    elif now < event.ends_at:
        phase, turns_at = Phase.ON_NOW, event.ends_at
    else:
        return event.model_copy(update={"phase": Phase.OVER, "turns_at": None})
    return event.model_copy(update={"phase": phase, "turns_at": turns_at})


def slug_of(title: str) -> str:
    """A title as it can stand in an address; never empty, and never what another page is at."""
    slug = slugify(title, max_length=60, word_boundary=True) or "event"
    return f"{slug}-event" if slug == "new" else slug


def path_of(slug: str) -> str:
    """Where the page of an event is."""
    return f"/events/{slug}"


def changed(before: Details, after: Details) -> list[str]:
    """The names of the details that differ, in the order of the form."""
    return [name for name in DETAILS if getattr(before, name) != getattr(after, name)]


def is_moved(before: Details, after: Details) -> bool:
    """Whether who comes has to know: it is at another time or in another place."""
    return not {*WHEN, *WHERE}.isdisjoint(changed(before, after))


def _about(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("turnout", message, {"field": field})
