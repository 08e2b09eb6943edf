"""The numbers of an event: who registered, what is left, who is inside. Each is counted once, by one rule."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import allowed, door, editor
from webapp.api import answering, finding
from webapp.api.answering import View, example
from webapp.api.listing import Choosing
from webapp.api.operation import operation
from webapp.data import asked
from webapp.door import counts, lists, tickets
from webapp.looks import store as looks
from webapp.places import audit
from webapp.places.audit import Audit
from webapp.registrations import listing, waiting
from webapp.responses import now
from webapp.ticket_types import store as ticket_types

api = Blueprint("api_statistics", __name__)


class StatePart(BaseModel):
    """How many registrations are in a state, and how many tickets they have."""

    registrations: int
    tickets: int


class PoolPart(BaseModel):
    """How much of a limit is gone."""

    id: str
    name: str
    capacity: int | None
    taken: int
    left: int | None


class ListPart(BaseModel):
    """The numbers of one check-in list; never to be added up: somebody may be on several."""

    id: str
    name: str
    inside: int
    entered: int


class DoorPart(BaseModel):
    """Who is inside: distinct tickets, whatever list let them in."""

    expected: int
    inside: int
    limit: int | None
    scans: int
    lists: list[ListPart]


class StatisticsView(View):
    """The numbers of an event, as of now; the id is the event's."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "0q8y2c6b5n1zr4tw",
                "looks": 1204,
                "states": {"confirmed": {"registrations": 50, "tickets": 83}},
                "pools": [{"id": "0q8y2c6b5n1zr4tw", "name": "Places", "capacity": 120, "taken": 83, "left": 37}],
                "waiting": {},
                "door": {
                    "expected": 83,
                    "inside": 12,
                    "limit": 400,
                    "scans": 14,
                    "lists": [{"id": "6b5n1zr4tw3c8w1x", "name": "Evening", "inside": 12, "entered": 13}],
                },
            }
        )
    )

    looks: int = Field(description="Visitors who opened the event's page, each counted once an hour; not the team.")
    states: dict[str, StatePart] = Field(description="By the state of the registration.")
    pools: list[PoolPart]
    waiting: dict[str, int] = Field(description="How many entries wait, by ticket type.")
    door: DoorPart


class RecountView(View):
    """Every place counted again from the ledger and the documents; the id is the event's."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "0q8y2c6b5n1zr4tw", "at": "2026-08-01T17:00:00Z", "notes": 214, "taken": 83, "findings": []}
        )
    )

    at: datetime
    notes: int = Field(description="How many entries the ledger has.")
    taken: int
    findings: list[str] = Field(description="Where a counter differs; none means no drift.")

    @classmethod
    def of(cls, one: Audit) -> Self:
        return cls.made_of(one)


@api.get("/api/v1/events/<slug>/statistics")
@allowed(door)
@operation("Statistics", answers=StatisticsView, query=Choosing)
async def read(slug: str) -> Response:
    """Reads the numbers of an event."""
    event, choosing = await finding.there(slug), asked(Choosing)
    totals, at_door = await listing.totals(event), await counts.numbers(event.id)
    shown = [
        ListPart(id=one.id, name=one.name, inside=at_door.on(one.id, "inside"), entered=at_door.on(one.id, "entered"))
        for one in await lists.of(event)
    ]
    expected = sum((await tickets.expected(event.id)).values())
    limit = await lists.limit(event.id)
    view = StatisticsView(
        id=event.id,
        looks=await looks.total(event.id),
        states={state: StatePart(registrations=one, tickets=many) for state, (one, many) in totals.items()},
        pools=[
            PoolPart(**pool.model_dump(include=set(PoolPart.model_fields)))
            for pool in await ticket_types.pools_of(event)
        ],
        waiting={key: line.entries for key, line in (await waiting.lines(event.id)).items() if line.entries},
        door=DoorPart(expected=expected, inside=at_door.inside, limit=limit, scans=at_door.scans, lists=shown),
    )
    return await answering.one(view, choosing=choosing)


@api.post("/api/v1/events/<slug>/recount")
@allowed(editor)
@operation("Statistics", answers=RecountView)
async def recount(slug: str) -> Response:
    """Counts every place of an event again."""
    event = await finding.there(slug)
    await ticket_types.open_places(event)
    return await answering.one(RecountView.of(await audit.audit(event.id, now=now())))
