"""An event as a form: its fields as text, and how the edits of two people come together, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from webapp.events.event import DETAILS, Details

LABELS = {
    "title": "Title",
    "summary": "Summary",
    "description": "Description",
    "starts": "Starts",
    "ends": "Ends",
    "zone": "Time zone",
    "doors": "Doors open",
    "all_day": "All day",
    "place_name": "Place",
    "place_address": "Address",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "online_url": "Online address",
    "capacity": "Capacity",
    "tags": "Tags",
    "language": "Language",
    "organiser_name": "Organiser",
}


class Opened(BaseModel):
    """The version of an event that an editor opened."""

    version: int = Field(ge=1, le=2**31)


@dataclass(frozen=True)
class Choice:
    """A field that both people changed, or that one did: what either wants there, as text."""

    field: str
    before: str
    theirs: str
    mine: str

    @property
    def label(self) -> str:
        return LABELS[self.field]


@dataclass(frozen=True)
class Merge:
    """Two edits of one version brought together. `values` is the form that results; `clashes` are left to a person."""

    values: dict[str, str]
    clashes: list[Choice]
    theirs: list[Choice]
    mine: list[Choice]


@dataclass(frozen=True)
class Form:
    """What a form shows: values as text, a sentence per wrong field, a preview when it was asked for."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    preview: str | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        return LABELS

    @property
    def first_error(self) -> str | None:
        return next((name for name in LABELS if name in self.errors), None)


def values_of(details: Details) -> dict[str, str]:
    """Details as the text that a form's fields carry."""
    return {name: _text(getattr(details, name)) for name in DETAILS}


def merge(before: Details, theirs: Details, mine: Details) -> Merge:
    """Takes what only one side changed from that side; what both changed differently is a clash."""
    merged: dict[str, str] = {}
    found: dict[str, list[Choice]] = {"clashes": [], "theirs": [], "mine": []}
    old, their, my = values_of(before), values_of(theirs), values_of(mine)
    for name in DETAILS:
        choice = Choice(name, old[name], their[name], my[name])
        merged[name] = choice.theirs if choice.mine == choice.before else choice.mine
        kind = _kind(choice)
        if kind:
            found[kind].append(choice)
    return Merge(merged, **found)


def _kind(choice: Choice) -> str | None:
    if choice.theirs == choice.mine:
        return None
    if choice.mine == choice.before:
        return "theirs"
    return "mine" if choice.theirs == choice.before else "clashes"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(timespec="minutes")
        case list():
            return ", ".join(value)
    return str(value)
