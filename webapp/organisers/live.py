"""The live regions of organisers: their public page, their team, and the teams that somebody is in."""

from typing import Any

from realtime import Bound, anyone, region
from webapp.access import Person, door, myself
from webapp.errors import NotFound
from webapp.events import finding, schedule
from webapp.organisers import invitations, store
from webapp.organisers.organiser import Role, may_give
from webapp.registrations.glances import PACE, WATCHED, glances

__all__ = ["Bound", "my_organisers", "organiser_page", "organiser_team"]

Context = dict[str, Any]


def same_role(person: Person, organiser_id: str, seen_as: str, *_: str) -> bool:
    """People of the team who have the role that it is drawn for."""
    return door(person, organiser_id) and person.roles[organiser_id] == seen_as


@region(
    "organisers/public.html",
    watches={"organisers": "_id", "events": "organiser_id", **WATCHED},
    visible_to=anyone,
    pace=PACE,
)
async def organiser_page(organiser_id: str) -> Context | None:
    """What an organiser says of itself, and its events to come."""
    try:
        organiser = await store.get(organiser_id)
    except NotFound:
        return None
    found = await finding.upcoming_of(organiser_id)
    return {"organiser": organiser, "listing": schedule.listing(found), "glances": await glances(found)}


@region(
    "organisers/team.html",
    watches={"members": "organiser_id", "invitations": "organiser_id", "people": "*"},
    visible_to=same_role,
)
async def organiser_team(organiser_id: str, seen_as: str) -> Context | None:
    """Everybody in a team, and for those who may invite the open invitations; `seen_as` is the role of who looks."""
    try:
        organiser, role = await store.get(organiser_id), Role(seen_as)
    except NotFound:
        return None
    leads = may_give(role)
    return {
        "organiser": organiser,
        "leads": leads,
        "team": [(one, may_give(role, one.role)) for one in await store.team(organiser_id)],
        "invitations": await invitations.open_ones(organiser_id) if leads else [],
    }


@region("organisers/mine.html", watches={"members": "person_id", "organisers": "*"}, visible_to=myself)
async def my_organisers(person_id: str) -> Context:
    """The organisers in whose teams somebody is, with their role."""
    roles = {one.organiser_id: one.role for one in await store.memberships(person_id)}
    return {"mine": [(one, roles[one.id]) for one in await store.among(roles)]}
