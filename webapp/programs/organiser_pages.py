"""An organiser's API tokens in the browser: listed, made and revoked by its managers."""

from quart import Blueprint, Response, current_app

from webapp.access import actor, allowed, manager, who
from webapp.errors import Invalid
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role, gives
from webapp.people import forms
from webapp.people.confirming import confirmed
from webapp.people.pages import never_kept
from webapp.programs import live, store
from webapp.programs.pages import LABELS, NOT_ADMIN, end_streams, ways
from webapp.programs.token import OrganiserWish
from webapp.responses import answer, form, now, page

pages = Blueprint("organiser_tokens", __name__)
pages.after_request(never_kept)

TOO_HIGH = "Choose a role that is not above your own."


async def _asking(shown: forms.Shown, organiser_slug: str) -> Response:
    organiser = await organisers.by_slug(organiser_slug)
    roles = [(role.value, role.value.capitalize(), role.about) for role in _given(organiser.id)]
    shown = {**shown, "labels": LABELS}
    return await forms.shown("programs/new_for.html", shown, organiser=organiser, roles=roles, **ways())


@pages.get("/manage/<organiser_slug>/tokens")
@allowed(manager)
async def theirs(organiser_slug: str) -> Response:
    """An organiser's tokens."""
    organiser = await organisers.by_slug(organiser_slug)
    return await page("programs/theirs.html", live.organiser_tokens(organiser.id, organiser.slug), organiser=organiser)


@pages.get("/manage/<organiser_slug>/tokens/new")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/tokens/new")
async def new(organiser_slug: str) -> Response:
    """Asks what the token is for."""
    return await _asking(forms.blank(days="90", read="true", role=Role.EDITOR.value), organiser_slug)


@pages.post("/manage/<organiser_slug>/tokens")
@allowed(manager)
@confirmed("/manage/{organiser_slug}/tokens/new")
@forms.or_again(_asking)
async def create(organiser_slug: str) -> Response:
    """Makes a token and shows it this one time."""
    organiser = await organisers.by_slug(organiser_slug)
    wish = await form(OrganiserWish)
    if wish.role not in _given(organiser.id):
        raise Invalid({"role": TOO_HIGH})
    if wish.admin:
        raise Invalid({"read": NOT_ADMIN})
    token = await store.create_for(organiser.id, wish, wish.role, by=actor(), now=now())
    address, back = current_app.extensions["settings"].address, f"{organiser.manage_path}/tokens"
    return await page("programs/made.html", token=token, name=wish.name, address=address, back=back)


@pages.post("/manage/<organiser_slug>/tokens/<token_id>/revoke")
@allowed(manager)
async def revoke(organiser_slug: str, token_id: str) -> Response:
    """Ends a token, and every stream that is open with it."""
    organiser = await organisers.by_slug(organiser_slug)
    await store.revoke_for(organiser.id, token_id, by=actor(), now=now())
    await end_streams(token_id)
    shown = live.organiser_tokens(organiser.id, organiser.slug)
    return await answer(shown, otherwise=f"{organiser.manage_path}/tokens", notice="The token is revoked.")


def _given(organiser_id: str) -> list[Role]:
    return gives(who().roles.get(organiser_id))
