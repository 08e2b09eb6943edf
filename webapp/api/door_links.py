"""Door links: ways for helpers to scan without an account; and whom a phone without network let in by mistake."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, door, editor
from webapp.api import answering, finding, listing
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, sent
from webapp.door import clashes, devices, live
from webapp.door.checkin import Kind
from webapp.door.clashes import Clash
from webapp.door.devices import Link
from webapp.door.making import LINK_HOURS, LONGEST_LINK_HOURS, Chosen, LinkForm
from webapp.errors import NotFound
from webapp.events.event import Event
from webapp.people.person import Name
from webapp.responses import now

api = Blueprint("api_door_links", __name__)

ABOUT = "Door links"
PATH = "/api/v1/events/<slug>/door-links"
CLASHES = "/api/v1/events/<slug>/clashes"


class DoorLinkBody(BaseModel):
    """For whom, for how long, and for which check-in lists and gates; none named means all."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra=example({"name": "Evening shift", "hours": 8, "may_force": False}),
    )

    name: Name
    hours: int = Field(LINK_HOURS, ge=1, le=LONGEST_LINK_HOURS)
    list_ids: Chosen = ()
    gate_ids: Chosen = ()
    may_force: bool = Field(False, description="May let in somebody whom the list refuses, with a reason.")


class DoorLinkView(View):
    """A way for helpers to scan, which sees nothing else."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "zr4tw3c8w1x6b5n1",
                "event_id": "0q8y2c6b5n1zr4tw",
                "name": "Evening shift",
                "list_ids": [],
                "gate_ids": [],
                "may_force": False,
                "expires_at": "2026-08-02T02:00:00Z",
                "link": "https://example.org/door/Inpy.c2lnbmF0dXJl",
            }
        )
    )

    event_id: str
    name: str
    list_ids: list[str]
    gate_ids: list[str]
    may_force: bool
    expires_at: datetime
    link: str = Field(description="Whoever opens it on a phone may scan.")

    @classmethod
    def of(cls, one: Link) -> Self:
        where = {"list_ids": list(one.list_ids), "gate_ids": list(one.gate_ids)}
        return cls.made_of(one, link=answering.address(one.path), **where)


class ClashView(View):
    """Whom a phone without network let pass, though the server would have refused."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "x5d8w1c6b9f2k7m3:3f0c8a6e",
                "name": "Eve",
                "reason": "This ticket was let in already.",
                "before": "Gate A, by Phone 1",
                "before_at": "2026-08-01T17:05:00Z",
                "kind": "entry",
                "gate": "Gate B",
                "device": "Phone 2",
                "happened_at": "2026-08-01T17:06:10Z",
            }
        )
    )

    name: str
    reason: str
    before: str = Field(description="Where and by whom the ticket was let in before.")
    before_at: datetime | None
    kind: Kind
    gate: str
    device: str
    happened_at: datetime

    @classmethod
    def of(cls, one: Clash) -> Self:
        return cls.made_of(one)


class DoorLinks(Listing):
    """Which door links."""

    sort: Literal["expires_at", "-expires_at", "name", "-name"] = "expires_at"


class Clashes(Listing):
    """Which clashes."""

    sort: Literal["happened_at", "-happened_at"] = "happened_at"


@api.get(PATH)
@allowed(editor)
@operation(ABOUT, lists=DoorLinkView, query=DoorLinks)
async def index(slug: str) -> Response:
    """Lists the door links of an event that were not taken back."""
    event, given = await finding.there(slug), asked(DoorLinks)
    views = [DoorLinkView.of(one) for one in await devices.links(event)]
    return await answering.listed(listing.among(views, given), given)


@api.post(PATH)
@allowed(editor)
@operation(ABOUT, answers=DoorLinkView, status=201, body=DoorLinkBody)
async def create(slug: str) -> Response:
    """Makes a door link."""
    event, body = await finding.there(slug), await sent(DoorLinkBody)
    one = await devices.add_link(event, LinkForm.model_validate(body.model_dump()), by=actor(), now=now())
    return await answering.made(DoorLinkView.of(one), f"/api/v1/events/{slug}/door-links/{one.id}")


@api.get(f"{PATH}/<link_id>")
@allowed(editor)
@operation(ABOUT, answers=DoorLinkView, query=Choosing)
async def read(slug: str, link_id: str) -> Response:
    """Reads a door link."""
    one = await _link(await finding.there(slug), link_id)
    return await answering.one(DoorLinkView.of(one), choosing=asked(Choosing))


@api.delete(f"{PATH}/<link_id>")
@allowed(editor)
@operation(ABOUT, status=204)
async def revoke(slug: str, link_id: str) -> Response:
    """Takes a door link back; its phones are shut out at once."""
    event = await finding.there(slug)
    for device_id in await devices.revoke(event, link_id, by=actor(), now=now()):
        await live.shut_out(device_id)
    return answering.nothing()


@api.get(CLASHES)
@allowed(door)
@operation(ABOUT, lists=ClashView, query=Clashes)
async def unseen(slug: str) -> Response:
    """Lists whom phones without network let pass by mistake, and nobody of the team has seen yet."""
    event, given = await finding.there(slug), asked(Clashes)
    views = [ClashView.of(one) for one in await clashes.unseen(event)]
    return await answering.listed(listing.among(views, given), given)


@api.post(f"{CLASHES}/<clash_id>/seen")
@allowed(door)
@operation(ABOUT, status=204)
async def see(slug: str, clash_id: str) -> Response:
    """Takes a clash off the team's board."""
    await clashes.see(await finding.there(slug), clash_id, by=actor(), now=now())
    return answering.nothing()


async def _link(event: Event, link_id: str) -> Link:
    for one in await devices.links(event):
        if one.id == link_id:
            return one
    raise NotFound("This door link was taken back.")
