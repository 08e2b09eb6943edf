"""Getting back in without the password: a mail, and a new one."""

from quart import Blueprint, Response, request

from webapp.access import allowed, anyone
from webapp.mail.sending import token_of
from webapp.people import allowances, entering, forms, passwords, recognition, store
from webapp.people.person import Address, Fresh
from webapp.people.store import For
from webapp.responses import form, now, page, redirect

pages = Blueprint("regaining", __name__)


async def _asking(shown: forms.Shown) -> Response:
    return await forms.shown("people/forgotten.html", shown)


async def _choosing(shown: forms.Shown) -> Response:
    token = str((await request.values).get("token", ""))
    link = await store.link(token_of(token), For.PASSWORD, now=now())
    return await forms.shown("people/new_password.html", shown, link=link, token=token)


@pages.get("/forgotten-password")
@allowed(anyone)
async def forgotten() -> Response:
    """Asks for an address."""
    return await _asking(forms.blank())


@pages.post("/forgotten-password")
@allowed(anyone)
@forms.or_again(_asking)
async def ask_for_password() -> Response:
    """Mails a link, and says the same whether there is an account or not."""
    given = await form(Address)
    if await allowances.may_mail(given.email):
        await store.ask_for_password(given.email, now=now())
    return await page("people/mailed.html", email=given.email)


@pages.get("/new-password")
@allowed(anyone)
async def new_password() -> Response:
    """Asks for a new password."""
    return await _choosing(forms.blank())


@pages.post("/new-password")
@allowed(anyone)
@forms.or_again(_choosing)
async def choose_password() -> Response:
    """Keeps it and ends every session; whoever has a second step still needs it."""
    link = await store.link(token_of((await request.form).get("token", "")), For.PASSWORD, now=now())
    given = await form(Fresh)
    person = await store.choose_password(link, await passwords.hashed(given.new_password), now=now())
    await entering.end_streams(recognition.person_subject(person.id))
    if person.has_second_step:
        return await redirect("/sign-in", "Your new password is kept. Sign in with it.")
    return await entering.enter(person, "/", "Your new password is kept, and you are signed in.")
