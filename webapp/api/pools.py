"""Pools: the limits on which ticket types draw, for the team."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, editor
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.events.event import Line
from webapp.responses import now
from webapp.ticket_types import store
from webapp.ticket_types.ticket_type import Pool

api = Blueprint("api_pools", __name__)

ABOUT = "Pools"
Capacity = Annotated[int | None, Field(ge=0, le=1_000_000, description="null for no limit.")]


class PoolBody(BaseModel):
    """A new limit."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra=example({"name": "Balcony", "capacity": 40})
    )

    name: Line = Field(min_length=1, max_length=80)
    capacity: Capacity


class CapacityBody(BaseModel):
    """Another capacity for a pool."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"capacity": 60}))

    capacity: Capacity = None


class PoolView(View):
    """A limit, and how much of it is gone. The event's own pool carries its id and follows its capacity."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "0q8y2c6b5n1zr4tw", "event_id": "0q8y2c6b5n1zr4tw", "name": "Places"}
            | {"capacity": 120, "taken": 83, "left": 37}
        )
    )

    event_id: str
    name: str
    capacity: int | None
    taken: int
    left: int | None = Field(description="Below zero where it was overbooked on purpose; null without a limit.")

    @classmethod
    def of(cls, pool: Pool) -> Self:
        return cls.made_of(pool)


class Pools(Listing):
    """Which pools."""

    sort: Literal["id", "-id", "name", "-name"] = "id"


@api.get("/api/v1/events/<slug>/pools")
@allowed(editor)
@operation(ABOUT, lists=PoolView, query=Pools)
async def index(slug: str) -> Response:
    """Lists the limits of an event."""
    event, given = await finding.there(slug), asked(Pools)
    views = [PoolView.of(pool) for pool in await store.pools_of(event)]
    return await answering.listed(listing.among(views, given), given)


@api.post("/api/v1/events/<slug>/pools")
@allowed(editor)
@operation(ABOUT, answers=PoolView, status=201, body=PoolBody)
async def create(slug: str) -> Response:
    """Adds a limit."""
    event, body = await finding.there(slug), await sent(PoolBody)
    pool_id = await store.add_pool(event, body.name, body.capacity, by=actor(), now=now())
    pool = await store.pool(event, pool_id)
    return await answering.made(PoolView.of(pool), f"/api/v1/events/{slug}/pools/{pool_id}", edit=_tag(pool))


@api.get("/api/v1/events/<slug>/pools/<pool_id>")
@allowed(editor)
@operation(ABOUT, answers=PoolView, query=Choosing)
async def read(slug: str, pool_id: str) -> Response:
    """Reads a limit."""
    pool = await store.pool(await finding.there(slug), pool_id)
    return await answering.one(PoolView.of(pool), edit=_tag(pool), choosing=asked(Choosing))


@api.patch("/api/v1/events/<slug>/pools/<pool_id>")
@allowed(editor)
@operation(ABOUT, answers=PoolView, body=CapacityBody, edits=True)
async def resize(slug: str, pool_id: str) -> Response:
    """Gives a limit another capacity; whoever waits moves up at once."""
    event = await finding.there(slug)
    pool = await store.pool(event, pool_id)
    tags.expect(_tag(pool))
    body = await patched(CapacityBody, {"capacity": pool.capacity})
    with tags.of_one_version():
        await store.resize(event, pool_id, body.capacity, seen=pool, by=actor(), now=now())
    after = await store.pool(event, pool_id)
    return await answering.one(PoolView.of(after), edit=_tag(after))


def _tag(pool: Pool) -> str:
    return tags.edit_of({"name": pool.name, "capacity": pool.capacity})
