"""Check-in lists and gates: which tickets a door opens to, when, and where."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp import when
from webapp.access import actor, allowed, door, editor
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.door import lists
from webapp.door.checkin import CheckInList, Entries
from webapp.door.lists import Gate
from webapp.door.making import GateForm, LimitForm, ListForm
from webapp.events.event import Event
from webapp.people.person import Name
from webapp.responses import now

api = Blueprint("api_check_in_lists", __name__)

ABOUT = "Check-in lists"
PATH = "/api/v1/events/<slug>/check-in-lists"
EXAMPLE: dict[str, Any] = {
    "name": "Evening",
    "ticket_type_ids": [],
    "opens": "2026-08-01T19:00",
    "closes": None,
    "entries": "after_exit",
    "trusts_codes": False,
    "takes_walk_ins": False,
    "question_ids": [],
    "is_area": False,
}


class CheckInListBody(ListForm):
    """Which tickets, none named for all; when, on the clock at the event; and how often."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(EXAMPLE))


class CheckInListView(View):
    """Which tickets a door opens to, when, and how often."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "6b5n1zr4tw3c8w1x", "event_id": "0q8y2c6b5n1zr4tw", **EXAMPLE}
            | {"opens_at": "2026-08-01T17:00:00Z", "closes_at": None}
        )
    )

    event_id: str
    name: str
    ticket_type_ids: list[str]
    opens: str | None
    closes: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    entries: Entries
    trusts_codes: bool = Field(description="A phone without network lets in a signed ticket that it does not know.")
    takes_walk_ins: bool
    question_ids: list[str] = Field(description="What is asked at the door before somebody is let in.")
    is_area: bool = Field(description="Whoever enters leaves the other areas.")

    @classmethod
    def of(cls, one: CheckInList, zone: str) -> Self:
        chosen = {"ticket_type_ids": list(one.ticket_type_ids), "question_ids": list(one.question_ids)}
        return cls.made_of(one, **chosen, **_walls(one, zone))


class GateBody(BaseModel):
    """A gate."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Gate B"}))

    name: Name


class GateView(View):
    """Where people are let in and out."""

    model_config = ConfigDict(
        json_schema_extra=example({"id": "1x6b5n1zr4tw3c8w", "event_id": "0q8y2c6b5n1zr4tw", "name": "Gate B"})
    )

    event_id: str
    name: str


class Lists(Listing):
    """Which lists or gates."""

    sort: Literal["name", "-name", "id", "-id"] = "name"


class DoorBody(LimitForm):
    """How many may be inside at once; nobody is refused for it, but every screen shows it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"limit": 400}))


class DoorView(View):
    """How many may be inside at once; null where nobody said so."""

    model_config = ConfigDict(json_schema_extra=example({"id": "0q8y2c6b5n1zr4tw", "limit": 400}))

    limit: int | None


@api.get(PATH)
@allowed(door)
@operation(ABOUT, lists=CheckInListView, query=Lists)
async def index(slug: str) -> Response:
    """Lists the check-in lists of an event; there is always one."""
    event, given = await finding.there(slug), asked(Lists)
    views = [CheckInListView.of(one, event.zone) for one in await lists.of(event)]
    return await answering.listed(listing.among(views, given), given)


@api.post(PATH)
@allowed(editor)
@operation(ABOUT, answers=CheckInListView, status=201, body=CheckInListBody)
async def create(slug: str) -> Response:
    """Adds a check-in list."""
    event = await finding.there(slug)
    one = await lists.add(event, await sent(CheckInListBody), by=actor(), now=now())
    view = CheckInListView.of(one, event.zone)
    return await answering.made(view, f"/api/v1/events/{slug}/check-in-lists/{one.id}", edit=_tag(one, event))


@api.get(f"{PATH}/<list_id>")
@allowed(door)
@operation(ABOUT, answers=CheckInListView, query=Choosing)
async def read(slug: str, list_id: str) -> Response:
    """Reads a check-in list."""
    event = await finding.there(slug)
    one = await lists.get(event, list_id)
    view = CheckInListView.of(one, event.zone)
    return await answering.one(view, edit=_tag(one, event), choosing=asked(Choosing))


@api.patch(f"{PATH}/<list_id>")
@allowed(editor)
@operation(ABOUT, answers=CheckInListView, body=CheckInListBody, edits=True)
async def edit(slug: str, list_id: str) -> Response:
    """Edits a check-in list."""
    event = await finding.there(slug)
    before = await lists.get(event, list_id)
    tags.expect(_tag(before, event))
    body = await patched(CheckInListBody, _known(before, event))
    with tags.of_one_version():
        after = await lists.change(event, list_id, body, seen=before, by=actor(), now=now())
    return await answering.one(CheckInListView.of(after, event.zone), edit=_tag(after, event))


@api.delete(f"{PATH}/<list_id>")
@allowed(editor)
@operation(ABOUT, status=204, edits=True)
async def delete(slug: str, list_id: str) -> Response:
    """Takes a check-in list away; what was scanned on it stays."""
    event = await finding.there(slug)
    tags.expect_if_given(_tag(await lists.get(event, list_id), event))
    await lists.remove(event, list_id, by=actor(), now=now())
    return answering.nothing()


@api.get("/api/v1/events/<slug>/gates")
@allowed(door)
@operation(ABOUT, lists=GateView, query=Lists)
async def gates(slug: str) -> Response:
    """Lists the gates of an event."""
    event, given = await finding.there(slug), asked(Lists)
    views = [GateView.made_of(one) for one in await lists.gates(event)]
    return await answering.listed(listing.among(views, given), given)


@api.post("/api/v1/events/<slug>/gates")
@allowed(editor)
@operation(ABOUT, answers=GateView, status=201, body=GateBody)
async def add_gate(slug: str) -> Response:
    """Adds a gate."""
    event, body = await finding.there(slug), await sent(GateBody)
    one = await lists.add_gate(event, GateForm.model_validate({"name": body.name}), by=actor(), now=now())
    path = f"/api/v1/events/{slug}/gates/{one.id}"
    return await answering.made(GateView.made_of(one), path, edit=tags.edit_of({"name": one.name}))


@api.get("/api/v1/events/<slug>/gates/<gate_id>")
@allowed(door)
@operation(ABOUT, answers=GateView, query=Choosing)
async def read_gate(slug: str, gate_id: str) -> Response:
    """Reads a gate."""
    return await _gate(await lists.gate(await finding.there(slug), gate_id), asked(Choosing))


@api.patch("/api/v1/events/<slug>/gates/<gate_id>")
@allowed(editor)
@operation(ABOUT, answers=GateView, body=GateBody, edits=True)
async def rename_gate(slug: str, gate_id: str) -> Response:
    """Gives a gate another name."""
    event = await finding.there(slug)
    before = await lists.gate(event, gate_id)
    tags.expect(tags.edit_of({"name": before.name}))
    body = await patched(GateBody, {"name": before.name})
    given = GateForm.model_validate({"name": body.name})
    with tags.of_one_version():
        after = await lists.rename_gate(event, gate_id, given, seen=before, by=actor(), now=now())
    return await _gate(after, Choosing())


@api.delete("/api/v1/events/<slug>/gates/<gate_id>")
@allowed(editor)
@operation(ABOUT, status=204)
async def delete_gate(slug: str, gate_id: str) -> Response:
    """Takes a gate away; what was scanned there stays."""
    event = await finding.there(slug)
    await lists.remove_gate(event, gate_id, by=actor(), now=now())
    return answering.nothing()


@api.get("/api/v1/events/<slug>/door")
@allowed(door)
@operation(ABOUT, answers=DoorView, query=Choosing)
async def read_door(slug: str) -> Response:
    """Reads how many may be inside at once."""
    event = await finding.there(slug)
    return await _door(event.id, await lists.limit(event.id), asked(Choosing))


@api.patch("/api/v1/events/<slug>/door")
@allowed(editor)
@operation(ABOUT, answers=DoorView, body=DoorBody, edits=True)
async def edit_door(slug: str) -> Response:
    """Says how many may be inside at once."""
    event = await finding.there(slug)
    before = LimitForm(limit=await lists.limit(event.id))
    tags.expect(tags.edit_of(before.model_dump()))
    body = await patched(DoorBody, before.model_dump())
    with tags.of_one_version():
        await lists.set_limit(event, body, seen=before, by=actor(), now=now())
    return await _door(event.id, body.limit, Choosing())


async def _gate(one: Gate, choosing: Choosing) -> Response:
    return await answering.one(GateView.made_of(one), edit=tags.edit_of({"name": one.name}), choosing=choosing)


async def _door(event_id: str, limit: int | None, choosing: Choosing) -> Response:
    view = DoorView(id=event_id, limit=limit)
    return await answering.one(view, edit=tags.edit_of({"limit": limit}), choosing=choosing)


def _walls(one: CheckInList, zone: str) -> dict[str, str | None]:
    times = {"opens": one.opens_at, "closes": one.closes_at}
    walls = {name: when.wall(at, zone) if at else None for name, at in times.items()}
    return {name: wall.isoformat(timespec="minutes") if wall else None for name, wall in walls.items()}


def _known(one: CheckInList, event: Event) -> dict[str, Any]:
    return one.model_dump(mode="json", include=set(CheckInListBody.model_fields)) | _walls(one, event.zone)


def _tag(one: CheckInList, event: Event) -> str:
    return tags.edit_of(_known(one, event))
