"""A person's own API tokens in the browser: listed, made, revoked."""

from typing import Any

from quart import Blueprint, Response, current_app

from webapp.access import allowed, signed_in, who
from webapp.errors import Invalid
from webapp.people import forms
from webapp.people import store as people
from webapp.people.confirming import confirmed
from webapp.people.pages import never_kept
from webapp.people.recognition import session_subject
from webapp.programs import live, store
from webapp.programs.token import LASTS, ORDINARY, Scope, Wish
from webapp.responses import answer, form, now, page

pages = Blueprint("my_tokens", __name__)
pages.after_request(never_kept)

NOT_ADMIN = "Only people who look after this installation can let a program do that."
LABELS = {"name": "Name", "read": "What it may do", "days": "How long it works", "role": "What it acts as"}


def ways(scopes: tuple[Scope, ...] = ORDINARY) -> dict[str, Any]:
    """What the form of a new token offers."""
    return {"scopes": [(scope.value, scope.words, scope.about) for scope in scopes], "lasts": LASTS}


async def end_streams(token_id: str) -> None:
    """Ends every stream that is open with a token."""
    await current_app.extensions["live"].revoke(session_subject(token_id))


async def _asking(shown: forms.Shown) -> Response:
    scopes = tuple(Scope) if who().is_admin else ORDINARY
    return await forms.shown("programs/new.html", {**shown, "labels": LABELS}, **ways(scopes))


@pages.get("/me/tokens")
@allowed(signed_in)
async def mine() -> Response:
    """A person's tokens."""
    return await page("programs/mine.html", live.my_tokens(who().id))


@pages.get("/me/tokens/new")
@allowed(signed_in)
@confirmed("/me/tokens/new")
async def new() -> Response:
    """Asks what the token is for."""
    return await _asking(forms.blank(days="90", read="true"))


@pages.post("/me/tokens")
@allowed(signed_in)
@confirmed("/me/tokens/new")
@forms.or_again(_asking)
async def create() -> Response:
    """Makes a token and shows it this one time."""
    wish = await form(Wish)
    if wish.admin and not who().is_admin:
        raise Invalid({"read": NOT_ADMIN})
    token = await store.create(wish, by=await people.get(who().id), now=now())
    address = current_app.extensions["settings"].address
    return await page("programs/made.html", token=token, name=wish.name, address=address, back="/me/tokens")


@pages.post("/me/tokens/<token_id>/revoke")
@allowed(signed_in)
async def revoke(token_id: str) -> Response:
    """Ends a token, and every stream that is open with it."""
    await store.revoke(token_id, person_id=who().id)
    await end_streams(token_id)
    return await answer(live.my_tokens(who().id), otherwise="/me/tokens", notice="The token is revoked.")
