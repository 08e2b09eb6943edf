"""Organisers: who runs events."""

from typing import Literal

from pydantic import ConfigDict
from quart import Blueprint, Response

from webapp.access import actor, allowed, anyone, manager, owner, revoke, signed_in, who
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.api.views import OrganiserView
from webapp.data import asked, patched, sent
from webapp.errors import NotAllowed
from webapp.organisers import store
from webapp.organisers.organiser import Founding, Organiser, Profile
from webapp.organisers.pages import NOT_HERE
from webapp.responses import now

api = Blueprint("api_organisers", __name__)

ABOUT = "Organisers"


class OrganiserBody(Founding):
    """What makes an organiser."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Harbour Hall"}))


class ProfileBody(Profile):
    """What an organiser says of itself."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"name": "Harbour Hall", "about": "Music by the water."})
    )


class Organisers(Listing):
    """Which organisers."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"


@api.get("/api/v1/organisers")
@allowed(signed_in)
@operation(ABOUT, lists=OrganiserView, query=Organisers)
async def index() -> Response:
    """Lists the organisers in whose teams one is, with one's role."""
    given, roles = asked(Organisers), who().roles
    views = [OrganiserView.of(one, roles[one.id]) for one in await store.among(roles)]
    return await answering.listed(listing.among(views, given), given)


@api.post("/api/v1/organisers")
@allowed(signed_in)
@operation(ABOUT, answers=OrganiserView, status=201, body=OrganiserBody)
async def create() -> Response:
    """Founds an organiser, owned by whoever asks."""
    if not who().may_found:
        raise NotAllowed(NOT_HERE)
    organiser = await store.found(await sent(OrganiserBody), by=actor(), now=now())
    await revoke(who().id)
    return await answering.made(
        OrganiserView.of(organiser), f"/api/v1/organisers/{organiser.slug}", edit=_tag(organiser)
    )


@api.get("/api/v1/organisers/<organiser_slug>")
@allowed(anyone)
@operation(ABOUT, answers=OrganiserView, query=Choosing)
async def read(organiser_slug: str) -> Response:
    """Reads what an organiser says of itself."""
    return await _one(await finding.organiser(organiser_slug), asked(Choosing))


@api.patch("/api/v1/organisers/<organiser_slug>")
@allowed(manager)
@operation(ABOUT, answers=OrganiserView, body=ProfileBody, edits=True)
async def edit(organiser_slug: str) -> Response:
    """Edits what an organiser says of itself; its slug stays."""
    organiser = await finding.organiser(organiser_slug)
    tags.expect(_tag(organiser))
    body = await patched(ProfileBody, store.said(organiser))
    with tags.of_one_version():
        after = await store.describe(organiser.id, body, seen=organiser, by=actor(), now=now())
    return await _one(after, Choosing())


@api.delete("/api/v1/organisers/<organiser_slug>")
@allowed(owner)
@operation(ABOUT, status=204, edits=True)
async def delete(organiser_slug: str) -> Response:
    """Ends an organiser, its team and its past events; not while it has published events to come."""
    organiser = await finding.organiser(organiser_slug)
    tags.expect_if_given(_tag(organiser))
    team = await store.team(organiser.id)
    await store.delete(organiser.id, by=actor(), now=now())
    for member in team:
        await revoke(member.person_id)
    return answering.nothing()


async def _one(organiser: Organiser, choosing: Choosing) -> Response:
    view = OrganiserView.of(organiser, who().roles.get(organiser.id))
    return await answering.one(view, edit=_tag(organiser), choosing=choosing)


def _tag(organiser: Organiser) -> str:
    return tags.edit_of(store.said(organiser))
