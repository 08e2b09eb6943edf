"""Opening an account: an address, a mail, a name and a password."""

from quart import Blueprint, Response, request

from webapp.access import allowed, anyone
from webapp.mail.sending import token_of
from webapp.people import allowances, entering, forms, passwords, store
from webapp.people.person import Address, Joining
from webapp.people.store import For
from webapp.responses import form, now, page

pages = Blueprint("joining", __name__)


async def _asking(shown: forms.Shown) -> Response:
    return await forms.shown("people/sign_up.html", shown)


async def _joining(shown: forms.Shown) -> Response:
    token = str((await request.values).get("token", ""))
    link = await store.link(token_of(token), For.JOINING, now=now())
    return await forms.shown("people/join.html", shown, link=link, token=token)


@pages.get("/sign-up")
@allowed(anyone)
async def sign_up() -> Response:
    """Asks for an address."""
    return await _asking(forms.blank(next=request.args.get("next", "")))


@pages.post("/sign-up")
@allowed(anyone)
@forms.or_again(_asking)
async def ask_to_join() -> Response:
    """Mails a link, and says the same whether there is an account or not."""
    given = await form(Address)
    if await allowances.may_mail(given.email):
        to = entering.stays_here(str((await request.form).get("next", "")))
        await store.ask_to_join(given.email, now=now(), to=to)
    return await page("people/mailed.html", email=given.email)


@pages.get("/join")
@allowed(anyone)
async def joining() -> Response:
    """Asks for a name and a password; looking does not use the link up, mail programs look too."""
    return await _joining(forms.blank())


@pages.post("/join")
@allowed(anyone)
@forms.or_again(_joining)
async def join() -> Response:
    """Opens the account and signs in."""
    link = await store.link(token_of((await request.form).get("token", "")), For.JOINING, now=now())
    given = await form(Joining)
    password = await passwords.hashed(given.new_password)
    person = await store.join(link, name=given.name, password=password, now=now())
    return await entering.enter(person, link.to or "/", f"Welcome, {person.name}.")
