"""Imports: the events of a calendar, taken over once or again and again."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, editor
from webapp.api import answering, finding, listing
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, perhaps_sent, sent
from webapp.errors import Invalid
from webapp.frequency import heavy
from webapp.imports import store, work
from webapp.imports.calendar import LARGEST, Problem, check_beginning
from webapp.imports.fetch import fetch
from webapp.imports.record import Concern, Counts, Import, Manner, State
from webapp.responses import now

api = Blueprint("api_imports", __name__)

ABOUT = "Imports"
PATH = "/api/v1/organisers/<organiser_slug>/imports"
ONE_OF_BOTH = "Send either the address of a calendar or its text."


class ImportBody(BaseModel):
    """Either the address of a calendar or its text, as iCalendar (RFC 5545)."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra=example({"address": "https://example.org/city.ics"}),
    )

    address: str = Field("", max_length=2_000)
    calendar: str = Field("", max_length=LARGEST)
    name: str = Field("calendar.ics", min_length=1, max_length=200, description="What a text is called here.")
    asks: bool = Field(True, description="Whether it waits for an answer where it concerns people.")
    is_quiet: bool = Field(False, description="Where it does not ask: whether nobody is told of another time or place.")


class AnswerBody(BaseModel):
    """How an import that asks is carried out. Whose event is called off is told in any case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"is_quiet": False}))

    is_quiet: bool = Field(False, description="Whether nobody is told of another time or place.")


class UnreadPart(BaseModel):
    """What of a calendar could not be read as it stands, and where."""

    line: int
    reason: str
    what: str = Field(description="The title, where there is one.")
    skipped: bool = Field(description="Whether it was left out, or read all the same.")

    @classmethod
    def of(cls, one: Problem) -> Self:
        return cls(**one.model_dump(include=set(cls.model_fields)))


class ImportView(View):
    """An import, how far it is, and what it did."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "w3c8w1x6b5n1zr4t",
                "organiser_id": "7mrxm5hj4y7cvp2k",
                "origin": "https://example.org/city.ics",
                "name": "City",
                "state": "done",
                "created_at": "2026-02-01T09:00:00Z",
                "finished_at": "2026-02-01T09:00:04Z",
                "total": 120,
                "written": 120,
                "counts": {"new": 100, "changed": 5, "same": 15, "cancelled": 0, "skipped": 1, "outside": 0},
                "problems": [{"line": 40, "reason": "It has no start.", "what": "", "skipped": True}],
                "problem_count": 1,
                "concern": {"moved": 1, "moved_people": 12, "called_off": 0, "called_off_people": 0},
                "told": 12,
                "reason": "",
            }
        )
    )

    organiser_id: str
    origin: str = Field(description="The address, or what the text was called.")
    name: str = Field(description="What the calendar calls itself.")
    state: State
    created_at: datetime
    finished_at: datetime | None
    total: int
    written: int
    counts: Counts
    problems: list[UnreadPart] = Field(description="What could not be read as it stands; the first of them.")
    problem_count: int
    concern: Concern = Field(description="Whom it concerns: registrations of events that it moves or calls off.")
    told: int = Field(description="How many are told by mail.")
    reason: str = Field(description="Why nothing was imported, where it failed.")

    @classmethod
    def of(cls, one: Import) -> Self:
        return cls.made_of(one, problems=[UnreadPart.of(problem) for problem in one.problems])


class Imports(Listing):
    """Which imports."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


@api.get(PATH)
@allowed(editor)
@operation(ABOUT, lists=ImportView, query=Imports)
async def index(organiser_slug: str) -> Response:
    """Lists the imports of an organiser."""
    organiser, given = await finding.organiser(organiser_slug), asked(Imports)
    found = await listing.page(
        "imports", {"organiser_id": organiser.id}, given, lambda row: ImportView.of(Import.model_validate(row))
    )
    return await answering.listed(found, given)


@api.post(PATH)
@allowed(editor)
@heavy
@operation(ABOUT, answers=ImportView, status=201, body=ImportBody)
async def start(organiser_slug: str) -> Response:
    """Begins to import a calendar; read the import for how far it is."""
    organiser, body = await finding.organiser(organiser_slug), await sent(ImportBody)
    data, origin = await _calendar(body)
    how = Manner(asks=body.asks, is_quiet=body.is_quiet)
    one = await store.add(organiser.id, data, origin=origin, by=actor(), now=now(), how=how)
    await work.start_due(now())
    return await answering.made(ImportView.of(one), f"/api/v1/organisers/{organiser_slug}/imports/{one.id}")


@api.get(f"{PATH}/<import_id>")
@allowed(editor)
@operation(ABOUT, answers=ImportView, query=Choosing)
async def read(organiser_slug: str, import_id: str) -> Response:
    """Reads how far an import is, and what it did."""
    one = await store.get((await finding.organiser(organiser_slug)).id, import_id)
    return await answering.one(ImportView.of(one), choosing=asked(Choosing))


@api.post(f"{PATH}/<import_id>/go-on")
@allowed(editor)
@operation(ABOUT, answers=ImportView, body=AnswerBody)
async def go_on(organiser_slug: str, import_id: str) -> Response:
    """Has an import that asks carried out."""
    one = await store.get((await finding.organiser(organiser_slug)).id, import_id)
    body = await perhaps_sent(AnswerBody)
    await store.go_on(one, by=actor(), now=now(), is_quiet=body.is_quiet)
    await work.start_due(now())
    return await answering.one(ImportView.of(await store.get(one.organiser_id, import_id)))


@api.post(f"{PATH}/<import_id>/drop")
@allowed(editor)
@operation(ABOUT, answers=ImportView)
async def drop(organiser_slug: str, import_id: str) -> Response:
    """Ends an import that asks, with nothing imported."""
    organiser = await finding.organiser(organiser_slug)
    await store.drop(await store.get(organiser.id, import_id), by=actor(), now=now())
    return await answering.one(ImportView.of(await store.get(organiser.id, import_id)))


async def _calendar(body: ImportBody) -> tuple[bytes, str]:
    """The calendar's bytes and where they are from. Raises Invalid."""
    if bool(body.address) == bool(body.calendar):
        raise Invalid({"": ONE_OF_BOTH})
    field = "/address" if body.address else "/calendar"
    try:
        data = await fetch(body.address) if body.address else body.calendar.encode()
        check_beginning(data)
    except Invalid as wrong:
        raise Invalid({field: str(wrong)}) from None
    return data, body.address or body.name
