"""Teams: who is in one as what, and invitations into it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, door, manager, revoke, signed_in, who
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.api.views import OrganiserView
from webapp.data import asked, patched, sent
from webapp.errors import NotAllowed
from webapp.mail.sending import LINK
from webapp.organisers import invitations, store
from webapp.organisers.organiser import Appointment, Invitation, Inviting, Organiser, Role, Teammate, may_give
from webapp.organisers.teamwork import MAILS, by_token
from webapp.people import tries
from webapp.responses import now
from webapp.walls import signing

api = Blueprint("api_teams", __name__)

ABOUT = "Teams"
MEMBERS, INVITATIONS = "/api/v1/organisers/<organiser_slug>/members", "/api/v1/organisers/<organiser_slug>/invitations"


class RoleBody(Appointment):
    """Another role."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"role": "manager"}))


class InvitationBody(Inviting):
    """Whom to invite as what; without an address there is only a link to hand on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"role": "editor", "email": "ben@example.org"}))


class MemberView(View):
    """Somebody in a team; the id is the person's."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "x5d8w1c6b9f2k7m3", "name": "Ben", "role": "editor", "since": "2026-02-01T09:00:00Z"}
        )
    )

    name: str
    role: Role
    since: datetime

    @classmethod
    def of(cls, one: Teammate) -> Self:
        return cls.made_of(one, id=one.person_id)


class InvitationView(View):
    """A way into a team that works once, for seven days."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "b9f2k7m3x5d8w1c6",
                "role": "editor",
                "email": "ben@example.org",
                "created_at": "2026-02-01T09:00:00Z",
                "expires_at": "2026-02-08T09:00:00Z",
                "link": "https://example.org/invitation?token=ImI5ZjJrIg.c2lnbmF0dXJl",
            }
        )
    )

    role: Role
    email: str
    created_at: datetime
    expires_at: datetime
    link: str = Field(description="Whoever has it may join.")

    @classmethod
    def of(cls, one: Invitation) -> Self:
        return cls.made_of(one, link=answering.address(f"/invitation?token={signing.sign(LINK, one.id)}"))


class JoiningBody(BaseModel):
    """What the link of an invitation carries."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"token": "ImI5ZjJrIg.c2lnbmF0dXJl"}))

    token: str = Field(min_length=1, max_length=500)


class Members(Listing):
    """Which members."""

    sort: Literal["name", "-name", "since", "-since"] = "name"
    role: Role | None = Field(None, description="Has this role.")


class Invitations(Listing):
    """Which invitations."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


@api.get(MEMBERS)
@allowed(door)
@operation(ABOUT, lists=MemberView, query=Members)
async def index(organiser_slug: str) -> Response:
    """Lists everybody in a team."""
    organiser, given = await finding.organiser(organiser_slug), asked(Members)
    views = [MemberView.of(one) for one in await store.team(organiser.id) if given.role in (None, one.role)]
    return await answering.listed(listing.among(views, given), given)


@api.get(f"{MEMBERS}/<person_id>")
@allowed(door)
@operation(ABOUT, answers=MemberView, query=Choosing)
async def read(organiser_slug: str, person_id: str) -> Response:
    """Reads who somebody in a team is."""
    organiser = await finding.organiser(organiser_slug)
    return await _one(await store.teammate(organiser.id, person_id), asked(Choosing))


@api.patch(f"{MEMBERS}/<person_id>")
@allowed(manager)
@operation(ABOUT, answers=MemberView, body=RoleBody, edits=True)
async def appoint(organiser_slug: str, person_id: str) -> Response:
    """Gives somebody another role, at once, also for what they have open."""
    organiser = await finding.organiser(organiser_slug)
    found = await _led(organiser, person_id)
    tags.expect(found.role.value)
    body = await patched(RoleBody, {"role": found.role.value})
    with tags.of_one_version():
        await store.appoint(organiser.id, person_id, body.role, seen=found.role, by=actor(), now=now())
    await revoke(person_id)
    return await _one(await store.teammate(organiser.id, person_id), Choosing())


@api.delete(f"{MEMBERS}/<person_id>")
@allowed(manager)
@operation(ABOUT, status=204, edits=True)
async def remove(organiser_slug: str, person_id: str) -> Response:
    """Takes somebody out of a team, at once, also from what they have open."""
    organiser = await finding.organiser(organiser_slug)
    tags.expect_if_given((await _led(organiser, person_id)).role.value)
    await store.remove(organiser.id, person_id, by=actor(), now=now())
    await revoke(person_id)
    return answering.nothing()


@api.post("/api/v1/organisers/<organiser_slug>/leave")
@allowed(door)
@operation(ABOUT, status=204)
async def leave(organiser_slug: str) -> Response:
    """Takes oneself out of a team."""
    organiser = await finding.organiser(organiser_slug)
    await store.leave(organiser.id, by=actor(), now=now())
    await revoke(who().id)
    return answering.nothing()


@api.get(INVITATIONS)
@allowed(manager)
@operation(ABOUT, lists=InvitationView, query=Invitations)
async def open_ones(organiser_slug: str) -> Response:
    """Lists the invitations that nobody has used yet."""
    organiser, given = await finding.organiser(organiser_slug), asked(Invitations)
    views = [InvitationView.of(one) for one in await invitations.open_ones(organiser.id)]
    return await answering.listed(listing.among(views, given), given)


@api.post(INVITATIONS)
@allowed(manager)
@operation(ABOUT, answers=InvitationView, status=201, body=InvitationBody)
async def invite(organiser_slug: str) -> Response:
    """Invites somebody, by mail where there is an address."""
    organiser, body = await finding.organiser(organiser_slug), await sent(InvitationBody)
    if body.email:
        await tries.spend({f"invitations by {who().id}": MAILS}, now=now())
    made = await invitations.invite(organiser.id, body, by=actor(), now=now())
    return await answering.made(InvitationView.of(made), f"/api/v1/organisers/{organiser_slug}/invitations/{made.id}")


@api.post("/api/v1/invitations/accept")
@allowed(signed_in)
@operation(ABOUT, answers=OrganiserView, body=JoiningBody)
async def join() -> Response:
    """Takes whoever asks into the team that an invitation leads to; a token of an organiser joins none."""
    bearer, body = who().bearer, await sent(JoiningBody)
    if bearer and bearer.is_organisers:
        raise NotAllowed("Only people join a team; use a token of your own.")
    invitation = await by_token(body.token)
    organiser = await store.get(invitation.organiser_id)
    await invitations.accept(invitation, by=actor(), now=now())
    await revoke(who().id)
    return await answering.one(OrganiserView.of(organiser, invitation.role))


@api.get(f"{INVITATIONS}/<invitation_id>")
@allowed(manager)
@operation(ABOUT, answers=InvitationView, query=Choosing)
async def read_invitation(organiser_slug: str, invitation_id: str) -> Response:
    """Reads an invitation, with its link."""
    organiser = await finding.organiser(organiser_slug)
    one = await invitations.get(organiser.id, invitation_id, now=now())
    return await answering.one(InvitationView.of(one), choosing=asked(Choosing))


@api.delete(f"{INVITATIONS}/<invitation_id>")
@allowed(manager)
@operation(ABOUT, status=204)
async def take_back(organiser_slug: str, invitation_id: str) -> Response:
    """Lets an invitation lead nowhere."""
    organiser = await finding.organiser(organiser_slug)
    await invitations.take_back(organiser.id, invitation_id, by=actor(), now=now())
    return answering.nothing()


async def _led(organiser: Organiser, person_id: str) -> Teammate:
    """Somebody whom the asker may decide about. Raises NotFound and NotAllowed."""
    found = await store.teammate(organiser.id, person_id)
    if not may_give(who().roles[organiser.id], found.role):
        raise NotAllowed(store.TOO_LOW)
    return found


async def _one(member: Teammate, choosing: Choosing) -> Response:
    return await answering.one(MemberView.of(member), edit=member.role.value, choosing=choosing)
