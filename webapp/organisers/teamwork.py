"""Teams in the browser: who is in one as what, invitations, and the ways in and out."""

from urllib.parse import quote

from quart import Blueprint, Response, current_app, request

from webapp import meanwhile
from webapp.access import actor, allowed, anyone, door, manager, revoke, signed_in, who
from webapp.errors import NotAllowed
from webapp.mail.sending import LINK
from webapp.meanwhile import Meanwhile
from webapp.organisers import invitations, live, store
from webapp.organisers.organiser import (
    INVITATION_LASTS,
    Appointment,
    Invitation,
    Inviting,
    Organiser,
    Role,
    Teammate,
    gives,
    may_give,
)
from webapp.organisers.pages import Shown, blank, refused
from webapp.people import tries
from webapp.responses import FormErrors, answer, form, now, page, redirect
from webapp.walls import signing

pages = Blueprint("teamwork", __name__)

MAILS = 20


@pages.get("/manage/<organiser_slug>/team")
@allowed(door)
async def team(organiser_slug: str) -> Response:
    """Everybody in the team, and for those who lead it the form of an invitation."""
    return await _team(await store.by_slug(organiser_slug), blank(role=Role.EDITOR))


@pages.post("/manage/<organiser_slug>/invitations")
@allowed(manager)
async def invite(organiser_slug: str) -> Response:
    """Makes an invitation, mails it where there is an address, and shows its link."""
    organiser = await store.by_slug(organiser_slug)
    try:
        asked = await form(Inviting)
    except FormErrors as wrong:
        return await _team(organiser, refused(wrong), status=422)
    if asked.email:
        await tries.spend({f"invitations by {who().id}": MAILS}, now=now())
    made = await invitations.invite(organiser.id, asked, by=actor(), now=now())
    return await redirect(f"{_team_path(organiser)}/invitations/{made.id}")


@pages.get("/manage/<organiser_slug>/team/invitations/<invitation_id>")
@allowed(manager)
async def link(organiser_slug: str, invitation_id: str) -> Response:
    """The link of an invitation, to hand on."""
    organiser = await store.by_slug(organiser_slug)
    invitation = await invitations.get(organiser.id, invitation_id, now=now())
    address = current_app.extensions["settings"].address
    shown = await page(
        "organisers/link.html", organiser=organiser, invitation=invitation, link=f"{address}{_path(invitation)}"
    )
    shown.headers["Cache-Control"] = "no-store"
    return shown


@pages.post("/manage/<organiser_slug>/team/invitations/<invitation_id>/take-back")
@allowed(manager)
async def take_back(organiser_slug: str, invitation_id: str) -> Response:
    """Lets an invitation lead nowhere."""
    organiser = await store.by_slug(organiser_slug)
    await invitations.take_back(organiser.id, invitation_id, by=actor(), now=now())
    return await answer(_region(organiser), otherwise=_team_path(organiser), notice="That invitation is taken back.")


@pages.get("/manage/<organiser_slug>/team/<person_id>")
@allowed(manager)
async def member(organiser_slug: str, person_id: str) -> Response:
    """What somebody in the team may do, to change it."""
    organiser = await store.by_slug(organiser_slug)
    found = await _led(organiser, person_id)
    return await _member(organiser, found, blank(**meanwhile.opening(_typed_of(found))))


@pages.post("/manage/<organiser_slug>/team/<person_id>/role")
@allowed(manager)
async def appoint(organiser_slug: str, person_id: str) -> Response:
    """Another role, at once, also for pages that are open; where it is another already, that is shown."""
    organiser = await store.by_slug(organiser_slug)
    found = await _led(organiser, person_id)

    async def write(seen: Teammate) -> None:
        await store.appoint(organiser.id, person_id, given.role, seen=seen.role, by=actor(), now=now())

    try:
        given = await form(Appointment)
        await meanwhile.save(await request.form, lambda: store.teammate(organiser.id, person_id), _typed_of, write)
    except (FormErrors, Meanwhile) as wrong:
        return await _member(organiser, found, refused(wrong), status=wrong.status)
    await revoke(person_id)
    return await redirect(_team_path(organiser), f"{found.name} is {given.role.article} now.")


@pages.post("/manage/<organiser_slug>/team/<person_id>/remove")
@allowed(manager)
async def remove(organiser_slug: str, person_id: str) -> Response:
    """Takes somebody out of the team, at once, also from pages that are open."""
    organiser = await store.by_slug(organiser_slug)
    found = await _led(organiser, person_id)
    await store.remove(organiser.id, person_id, by=actor(), now=now())
    await revoke(person_id)
    return await redirect(_team_path(organiser), f"{found.name} is not in the team any more.")


@pages.get("/manage/<organiser_slug>/leave")
@allowed(door)
async def leaving(organiser_slug: str) -> Response:
    """Asks once more."""
    return await page("organisers/leaving.html", organiser=await store.by_slug(organiser_slug))


@pages.post("/manage/<organiser_slug>/leave")
@allowed(door)
async def leave(organiser_slug: str) -> Response:
    """Takes oneself out of the team."""
    organiser = await store.by_slug(organiser_slug)
    await store.leave(organiser.id, by=actor(), now=now())
    await revoke(who().id)
    return await redirect("/me/organisers", f"You have left the team of “{organiser.name}”.")


@pages.get("/invitation")
@allowed(anyone)
async def invited() -> Response:
    """Says what an invitation is for; looking does not use it up."""
    invitation = await by_token(request.args.get("token", ""))
    organiser = await store.get(invitation.organiser_id)
    token, path = request.args["token"], quote(request.full_path)
    shown = await page(
        "organisers/invitation.html", organiser=organiser, invitation=invitation, token=token, came_for=path
    )
    shown.headers["Cache-Control"] = "no-store"
    return shown


@pages.post("/invitation")
@allowed(signed_in)
async def accept() -> Response:
    """Takes whoever holds the link into the team."""
    invitation = await by_token(str((await request.form).get("token", "")))
    organiser = await store.get(invitation.organiser_id)
    await invitations.accept(invitation, by=actor(), now=now())
    await revoke(who().id)
    to = organiser.manage_path if invitation.role >= Role.EDITOR else _team_path(organiser)
    return await redirect(to, f"You are {invitation.role.article} of “{organiser.name}” now.")


async def by_token(token: str) -> Invitation:
    """The invitation whose link carries this. Raises NotFound."""
    return await invitations.by_link(signing.read(LINK, token, within=INVITATION_LASTS), now=now())


async def _led(organiser: Organiser, person_id: str) -> Teammate:
    """Somebody whom the asker may decide about. Raises NotFound and NotAllowed."""
    found = await store.teammate(organiser.id, person_id)
    if not may_give(who().roles[organiser.id], found.role):
        raise NotAllowed(store.TOO_LOW)
    return found


async def _team(organiser: Organiser, shown: Shown, status: int = 200) -> Response:
    context = {"organiser": organiser, "form": shown, "roles": _options(organiser)}
    return await page("organisers/teamwork.html", _region(organiser), status=status, **context)


async def _member(organiser: Organiser, found: Teammate, shown: Shown, status: int = 200) -> Response:
    context = {"organiser": organiser, "member": found, "form": shown, "roles": _options(organiser)}
    return await page("organisers/member.html", status=status, **context)


def _typed_of(member: Teammate) -> Shown:
    return {"role": member.role.value}


def _options(organiser: Organiser) -> list[tuple[str, str, str]]:
    return [(role.value, role.capitalize(), role.about) for role in gives(who().roles[organiser.id])]


def _region(organiser: Organiser) -> live.Bound:
    return live.organiser_team(organiser.id, who().roles[organiser.id].value)


def _team_path(organiser: Organiser) -> str:
    return f"{organiser.manage_path}/team"


def _path(invitation: Invitation) -> str:
    return f"/invitation?token={signing.sign(LINK, invitation.id)}"
