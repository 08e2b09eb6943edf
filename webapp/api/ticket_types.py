"""Ticket types: what can be had of an event."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, anyone, editor
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.errors import NotFound
from webapp.events.event import Event
from webapp.registrations import team, waiting
from webapp.registrations.seats import Seats, seats
from webapp.responses import now
from webapp.ticket_types import store
from webapp.ticket_types.ticket_type import Offering, Sale, TicketType

api = Blueprint("api_ticket_types", __name__)

ABOUT = "Ticket types"
TYPED = tuple(Offering.model_fields)
EXAMPLE = {
    "name": "Standing",
    "description": "Close to the stage.",
    "price": "12.00",
    "least": 1,
    "most": 6,
    "opens_at": "2026-06-01T10:00:00Z",
    "closes_at": None,
    "code": "",
    "needs_approval": False,
    "pools": ["0q8y2c6b5n1zr4tw"],
}


class TicketTypeBody(Offering):
    """What an organiser says of a ticket type."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(EXAMPLE))


class TicketTypeView(View):
    """What can be had, and how much of it is left."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "9f2k7m3x5d8w1c6b", "event_id": "0q8y2c6b5n1zr4tw", **EXAMPLE}
            | {"position": 0, "sale": "open", "left": 37, "waiting": 0}
        )
    )

    event_id: str
    name: str
    description: str
    price: str
    least: int
    most: int
    opens_at: datetime | None
    closes_at: datetime | None
    code: str | None = Field(description="What opens a hidden one; told to the team only.")
    needs_approval: bool
    pools: list[str]
    position: int
    sale: Sale
    left: int | None = Field(description="How many can be had; null without a limit.")
    waiting: int = Field(description="How many entries wait for it.")

    @classmethod
    def of(cls, one: Seats, *, is_team: bool) -> Self:
        kind = one.kind
        return cls.made_of(kind, left=one.left, waiting=one.waiting, code=kind.code if is_team else None)


class TicketTypes(Listing):
    """Which ticket types."""

    sort: Literal["position", "-position", "name", "-name"] = "position"
    sale: Sale | None = Field(None, description="Is in this state of sale.")
    code: str = Field("", max_length=40, description="An access code, which shows what it opens.")


@api.get("/api/v1/events/<slug>/ticket-types")
@allowed(anyone)
@operation(ABOUT, lists=TicketTypeView, query=TicketTypes)
async def index(slug: str) -> Response:
    """Lists what can be had; what an access code hides, for the team or with the code."""
    event, given = await finding.seen(slug), asked(TicketTypes)
    found = [view for view in await _views(event, given.code) if given.sale in (None, view.sale)]
    return await answering.listed(listing.among(found, given), given)


@api.post("/api/v1/events/<slug>/ticket-types")
@allowed(editor)
@operation(ABOUT, answers=TicketTypeView, status=201, body=TicketTypeBody)
async def create(slug: str) -> Response:
    """Adds a ticket type, at the end."""
    event = await finding.there(slug)
    kind = await store.add(event, await sent(TicketTypeBody), by=actor(), now=now())
    view = await _view(event, kind.id)
    return await answering.made(view, f"/api/v1/events/{slug}/ticket-types/{kind.id}", edit=_tag(kind))


@api.get("/api/v1/events/<slug>/ticket-types/<type_id>")
@allowed(anyone)
@operation(ABOUT, answers=TicketTypeView, query=Choosing)
async def read(slug: str, type_id: str) -> Response:
    """Reads a ticket type."""
    event = await finding.seen(slug)
    view = await _view(event, type_id)
    edit = _tag((await store.offered(event)).type(type_id))
    return await answering.one(view, edit=edit, choosing=asked(Choosing))


@api.patch("/api/v1/events/<slug>/ticket-types/<type_id>")
@allowed(editor)
@operation(ABOUT, answers=TicketTypeView, body=TicketTypeBody, edits=True)
async def edit(slug: str, type_id: str) -> Response:
    """Edits a ticket type."""
    event = await finding.there(slug)
    before = (await store.offered(event)).type(type_id)
    tags.expect(_tag(before))
    typed = await patched(TicketTypeBody, before.model_dump(include=set(TYPED)))
    with tags.of_one_version():
        after = await store.edit(event, type_id, typed, seen=before, by=actor(), now=now())
    return await answering.one(await _view(event, type_id), edit=_tag(after))


@api.delete("/api/v1/events/<slug>/ticket-types/<type_id>")
@allowed(editor)
@operation(ABOUT, status=204, edits=True)
async def delete(slug: str, type_id: str) -> Response:
    """Takes a ticket type out of the offer; tickets of it stay."""
    event = await finding.there(slug)
    tags.expect_if_given(_tag((await store.offered(event)).type(type_id)))
    await store.remove(event, type_id, by=actor(), now=now())
    return answering.nothing()


@api.post("/api/v1/events/<slug>/ticket-types/<type_id>/pause")
@allowed(editor)
@operation("Waiting list", answers=TicketTypeView)
async def pause(slug: str, type_id: str) -> Response:
    """Stops the offers to those who wait for a ticket type."""
    return await _paused(slug, type_id, is_paused=True)


@api.post("/api/v1/events/<slug>/ticket-types/<type_id>/resume")
@allowed(editor)
@operation("Waiting list", answers=TicketTypeView)
async def resume(slug: str, type_id: str) -> Response:
    """Lets the line for a ticket type move on."""
    return await _paused(slug, type_id, is_paused=False)


async def _paused(slug: str, type_id: str, *, is_paused: bool) -> Response:
    event = await finding.there(slug)
    kind = (await store.offered(event)).type(type_id)
    await team.pause(event, type_id, is_paused=is_paused, by=actor(), now=now())
    return await answering.one(await _view(event, type_id), edit=_tag(kind))


async def _view(event: Event, type_id: str) -> TicketTypeView:
    for view in await _views(event, ""):
        if view.id == type_id:
            return view
    raise NotFound(store.GONE)


async def _views(event: Event, code: str) -> list[TicketTypeView]:
    is_team, offered = finding.is_editor(event), await store.offered(event)
    types = [kind for kind in offered.types if is_team or kind.opens_with(code)]
    found = seats(types, await store.pools_of(event), await waiting.lines(event.id), event.zone)
    return [TicketTypeView.of(one, is_team=is_team) for one in found]


def _tag(kind: TicketType) -> str:
    return tags.edit_of(kind.model_dump(mode="json", include=set(TYPED)))
