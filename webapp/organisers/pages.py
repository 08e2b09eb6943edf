"""Organisers in the browser: the ways to one's own, the public page, founding, describing and ending one."""

from typing import Any

from quart import Blueprint, Response, request

from webapp import meanwhile
from webapp.access import actor, allowed, anyone, manager, owner, revoke, signed_in, who
from webapp.errors import Conflict, NotAllowed
from webapp.meanwhile import Meanwhile
from webapp.organisers import live, store
from webapp.organisers.organiser import Founding, Organiser, Profile, Role
from webapp.responses import FormErrors, form, now, page, redirect

pages = Blueprint("organisers", __name__)
Shown = dict[str, Any]

LABELS = {"name": "Name", "about": "About", "role": "Role", "email": "E-mail address"}
NOT_HERE = "On this Turnout only those who look after it create organisers; ask them for one."


@pages.get("/manage")
@allowed(signed_in)
async def manage() -> Response:
    """Leads to the events of the only organiser that one edits, or to all of one's organisers."""
    mine = await _edited()
    return await redirect(mine[0].manage_path if len(mine) == 1 else "/me/organisers")


@pages.get("/events/new")
@allowed(signed_in)
async def new_event() -> Response:
    """Leads to the form of a new event, after the question for whom where that is not clear."""
    return await _lead("/events/new", "Whose event is it?")


@pages.get("/import")
@allowed(signed_in)
async def new_import() -> Response:
    """Leads to the import of a calendar, after the question for whom where that is not clear."""
    return await _lead("/import", "For whom do you import?")


@pages.get("/me/organisers")
@allowed(signed_in)
async def mine() -> Response:
    """The organisers in whose teams one is."""
    return await page("organisers/yours.html", live.my_organisers(who().id))


@pages.get("/organisers/new")
@allowed(signed_in)
async def founding() -> Response:
    """Asks for a name."""
    _check_may_found()
    return await page("organisers/founding.html", form=blank())


@pages.post("/organisers")
@allowed(signed_in)
async def found() -> Response:
    """A new organiser, owned by whoever asks."""
    _check_may_found()
    try:
        given = await form(Founding)
    except FormErrors as wrong:
        return await page("organisers/founding.html", form=refused(wrong), status=422)
    organiser = await store.found(given, by=actor(), now=now())
    await revoke(who().id)
    return await redirect(organiser.manage_path, f"“{organiser.name}” is there, and you are its owner.")


@pages.get("/organisers/<organiser_slug>")
@allowed(anyone)
async def show(organiser_slug: str) -> Response:
    """What everyone sees of an organiser."""
    organiser = await store.by_slug(organiser_slug)
    may_edit = who().may(organiser.id, Role.EDITOR)
    return await page("organisers/show.html", live.organiser_page(organiser.id), organiser=organiser, may_edit=may_edit)


@pages.get("/manage/<organiser_slug>/settings")
@allowed(manager)
async def settings(organiser_slug: str) -> Response:
    """The form of what the organiser says of itself."""
    organiser = await store.by_slug(organiser_slug)
    return await _settings(organiser, blank(**meanwhile.opening(store.said(organiser))))


@pages.post("/manage/<organiser_slug>/settings")
@allowed(manager)
async def describe(organiser_slug: str) -> Response:
    """Keeps other words, the address stays; where somebody else kept others meanwhile, both are shown."""
    organiser = await store.by_slug(organiser_slug)

    async def write(seen: Organiser) -> Organiser:
        return await store.describe(organiser.id, given, seen=seen, by=actor(), now=now())

    try:
        given = await form(Profile)
        await meanwhile.save(await request.form, lambda: store.get(organiser.id), store.said, write)
    except (FormErrors, Meanwhile) as wrong:
        return await _settings(organiser, refused(wrong), status=wrong.status)
    return await redirect(f"{organiser.manage_path}/settings", "Saved.")


@pages.get("/manage/<organiser_slug>/delete")
@allowed(owner)
async def ending(organiser_slug: str) -> Response:
    """Asks once more."""
    return await page("organisers/ending.html", organiser=await store.by_slug(organiser_slug), form=blank())


@pages.post("/manage/<organiser_slug>/delete")
@allowed(owner)
async def delete(organiser_slug: str) -> Response:
    """Ends the organiser, its team and its past events."""
    organiser = await store.by_slug(organiser_slug)
    team = await store.team(organiser.id)
    try:
        await store.delete(organiser.id, by=actor(), now=now())
    except Conflict as conflict:
        shown = {**blank(), "errors": {"": str(conflict)}}
        return await page("organisers/ending.html", organiser=organiser, form=shown, status=Conflict.status)
    for member in team:
        await revoke(member.person_id)
    return await redirect("/me/organisers", f"“{organiser.name}” is deleted.")


def blank(**values: str) -> Shown:
    """A form that nobody has sent."""
    return {"values": values, "errors": {}, "first_error": None, "labels": LABELS}


def refused(wrong: FormErrors | Meanwhile) -> Shown:
    """A form that was sent, with what is wrong with it."""
    errors = {"": "Please look at this again:", **wrong.fields}
    return {**blank(**wrong.values), "errors": errors, "first_error": next(filter(None, wrong.fields), None)}


def _check_may_found() -> None:
    if not who().may_found:
        raise NotAllowed(NOT_HERE)


async def _edited() -> list[Organiser]:
    return await store.among(one for one, role in who().roles.items() if role >= Role.EDITOR)


async def _lead(rest: str, question: str) -> Response:
    mine = await _edited()
    if len(mine) == 1:
        return await redirect(mine[0].manage_path + rest)
    if not mine:
        return await redirect("/me/organisers")
    return await page("organisers/choose.html", organisers=mine, rest=rest, question=question)


async def _settings(organiser: Organiser, shown: Shown, status: int = 200) -> Response:
    return await page("organisers/profile.html", organiser=organiser, form=shown, status=status)
