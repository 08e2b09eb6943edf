"""The registrations of an event as its organiser looks through them: searched, filtered, counted, exported."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from webapp.database import db
from webapp.events.event import Event
from webapp.folding import beginnings
from webapp.registrations.registration import Registration
from webapp.searching import Searching

PAGE = 50
MOST_LINES = 200


class Filter(Searching):
    """What is looked for; an empty one finds everything. What does not fit is left out."""

    page: ClassVar[str] = "below"

    text: str = Field("", max_length=100, pattern=r"^[^\x00-\x1f]*$")
    state: Literal["", "held", "pending", "confirmed", "cancelled", "expired"] = ""
    below: int = Field(0, ge=0, le=2**40)


@dataclass(frozen=True)
class Page:
    """Registrations, the latest first; `more` is the number below which the next page begins."""

    found: list[Registration]
    more: int


@dataclass(frozen=True)
class Line:
    """A line of the ledger about one registration: when, who, and what became of it."""

    at: datetime
    who: str
    what: str


async def page(event: Event, asked: Filter) -> Page:
    """A page of what the filter finds."""
    query = found_by(event, asked) | ({"number": {"$lt": asked.below}} if asked.below else {})
    rows = await db().registrations.find(query).sort("number", -1).limit(PAGE + 1).to_list(PAGE + 1)
    found = [Registration.model_validate(one) for one in rows[:PAGE]]
    return Page(found, found[-1].number if len(rows) > PAGE else 0)


async def every(event: Event, asked: Filter) -> AsyncIterator[Registration]:
    """All that the filter finds, in order of arrival, without holding it all at once."""
    async for one in db().registrations.find(found_by(event, asked)).sort("number", 1):
        yield Registration.model_validate(one)


async def totals(event: Event) -> dict[str, tuple[int, int]]:
    """For each state how many registrations and tickets there are in it."""
    live = {"$filter": {"input": "$tickets", "cond": {"$not": "$$this.is_cancelled"}}}
    group = {"_id": "$state", "registrations": {"$sum": 1}, "tickets": {"$sum": {"$size": live}}}
    stages: list[dict[str, Any]] = [{"$match": _of(event)}, {"$group": group}]
    rows = await db().registrations.aggregate(stages).to_list(None)
    return {row["_id"]: (row["registrations"], row["tickets"]) for row in rows}


async def history(one: Registration) -> list[Line]:
    """What became of a registration, as the ledger has it, the earliest first."""
    query = {"subject": one.id, "event_id": one.event_id}
    notes = await db().ledger.find(query).sort("number", 1).to_list(MOST_LINES)
    people = db().people.find({"_id": {"$in": sorted({note["by"] for note in notes})}}, {"name": 1})
    names = {person["_id"]: person["name"] async for person in people}
    return [
        Line(note["at"], names.get(note["by"]) or _without_account(note["by"]), _SAID.get(note["what"]) or note["what"])
        for note in notes
    ]


_SAID: dict[str, str] = {
    "enlarged": "more tickets",
    "reduced": "fewer tickets",
    "exchanged": "other tickets",
    "changed": "details changed",
}


def _without_account(by: str) -> str:
    known = {"visitor": "Whoever has the link", "time": "The clock", "the line": "The line"}
    at_the_door = "A phone at the door" if by.startswith("device ") else ""
    return known.get(by) or at_the_door or "Somebody whose account is deleted"


def _of(event: Event) -> dict[str, Any]:
    return {"event_id": event.id, "organiser_id": event.organiser_id}


def found_by(event: Event, asked: Filter) -> dict[str, Any]:
    """What the filter finds, as the database asks for it."""
    words = beginnings(asked.text)
    query: dict[str, Any] = _of(event) | ({"state": asked.state} if asked.state else {})
    return query | ({"$and": words} if words else {})
