"""Showing once more who one is, with the password or a passkey, before something that matters."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlencode

from quart import Blueprint, Response, request

from webapp.access import allowed, signed_in, who
from webapp.errors import Invalid
from webapp.people import allowances, ceremony, forms, passkey_store, passwords, sessions, store, tries
from webapp.people.entering import stays_here
from webapp.people.person import Confirmation
from webapp.responses import form, now, redirect

P = ParamSpec("P")
Handler = Callable[P, Awaitable[Response]]

WRONG = "This is not your password."

pages = Blueprint("confirming", __name__)


def confirmed(page: str) -> Callable[[Handler[P]], Handler[P]]:
    """Declares that a handler needs a confirmation of the last ten minutes; without one, `page` is opened after it."""

    def declare(handler: Handler[P]) -> Handler[P]:
        @wraps(handler)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> Response:
            if await sessions.is_confirmed(_session(), now=now()):
                return await handler(*args, **kwargs)
            return await redirect(f"/me/confirm?{urlencode({'next': page.format(**kwargs)})}")

        return checked

    return declare


async def check_password(typed: str) -> None:
    """Raises Invalid unless this is the password of whoever asks."""
    allowance = {f"password of {who().id}": allowances.PER_KNOWN}
    await tries.spend(allowance, now=now())
    person = await store.get(who().id)
    if not await passwords.is_right(typed, person.password):
        raise Invalid({"password": WRONG})
    await tries.give_back(allowance)


async def _asking(shown: forms.Shown) -> Response:
    has_passkey = ceremony.site() is not None and bool(await passkey_store.of(who().id))
    return await forms.shown("people/confirm.html", shown, has_passkey=has_passkey, email=await _email())


@pages.get("/me/confirm")
@allowed(signed_in)
async def confirm() -> Response:
    """Asks for the password or a passkey."""
    return await _asking(forms.blank(next=request.args.get("next", "")))


@pages.post("/me/confirm")
@allowed(signed_in)
@forms.or_again(_asking)
async def confirm_by_password() -> Response:
    """Goes on when the password is right."""
    await check_password((await form(Confirmation)).password)
    return await _go_on()


@pages.get("/me/confirm/passkey")
@allowed(signed_in)
async def ask_for_passkey() -> Response:
    """What the browser asks its device for, as JSON."""
    return await ceremony.offer_to_confirm()


@pages.post("/me/confirm/passkey")
@allowed(signed_in)
@forms.or_again(_asking)
async def confirm_by_passkey() -> Response:
    """Goes on when a passkey of this person was shown."""
    await ceremony.shown_to_confirm((await request.form).get("credential", ""))
    return await _go_on()


async def _go_on() -> Response:
    await sessions.confirm(_session(), now=now())
    return await redirect(stays_here((await request.form).get("next", ""), "/me"))


async def _email() -> str:
    return (await store.get(who().id)).email


def _session() -> str:
    known = who().known
    return known.session_id if known else ""
