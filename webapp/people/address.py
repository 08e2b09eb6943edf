"""Changing the e-mail address: asked for in the account, confirmed from a mail."""

from quart import Blueprint, Response, request

from webapp.access import allowed, anyone, signed_in, who
from webapp.mail.sending import token_of
from webapp.people import allowances, forms, store, tries
from webapp.people.confirming import confirmed
from webapp.people.person import Address
from webapp.people.store import For, Link
from webapp.responses import form, now, page, redirect

pages = Blueprint("address", __name__)


async def _asking(shown: forms.Shown) -> Response:
    return await forms.shown("people/address.html", shown, person=await store.get(who().id))


@pages.get("/me/address")
@allowed(signed_in)
@confirmed("/me/address")
async def address() -> Response:
    """Asks for another address."""
    return await _asking(forms.blank())


@pages.post("/me/address")
@allowed(signed_in)
@confirmed("/me/address")
@forms.or_again(_asking)
async def ask_for_address() -> Response:
    """Mails a link to the new address; nothing changes before it is used."""
    given = await form(Address)
    person = await store.get(who().id)
    await tries.spend({f"mails by {person.id}": allowances.PER_KNOWN}, now=now())
    await store.ask_for_address(person, given.email, now=now())
    return await page("people/mailed.html", email=given.email)


@pages.get("/new-address")
@allowed(anyone)
async def new_address() -> Response:
    """Asks for one press: mail programs open links by themselves."""
    token = request.args.get("token", "")
    return await page("people/new_address.html", link=await _link(token), token=token)


@pages.post("/new-address")
@allowed(anyone)
async def take_address() -> Response:
    """Changes the address."""
    link = await _link((await request.form).get("token", ""))
    await store.take_address(link, now=now())
    return await redirect("/me", f"Your account uses {link.email} now.")


async def _link(token: str) -> Link:
    return await store.link(token_of(token), For.ADDRESS, now=now())
