"""Signing in, with a password and perhaps a code, or with a passkey; and signing out."""

import hashlib

from quart import Blueprint, Response, request

from webapp.access import allowed, anyone, who
from webapp.errors import Invalid
from webapp.mail.sending import LINK_LASTS
from webapp.people import allowances, ceremony, cookies, entering, forms, passwords, second, store, tries
from webapp.people.entering import stays_here
from webapp.people.person import Account, Credentials, Step
from webapp.responses import form, now, redirect
from webapp.walls import signing

pages = Blueprint("signing_in", __name__)

WRONG = "This address and this password do not belong together."
WRONG_CODE = "This code is not right; it may be too old, or used already."
PENDING = "second step"
PENDING_LASTS = LINK_LASTS / 12


async def _asking(shown: forms.Shown) -> Response:
    return await forms.shown("people/sign_in.html", shown, takes_passkeys=ceremony.site() is not None)


async def _asking_for_code(shown: forms.Shown) -> Response:
    return await forms.shown("people/second_step.html", shown)


@pages.get("/sign-in")
@allowed(anyone)
async def sign_in() -> Response:
    """Asks for address and password, or a passkey."""
    if who().is_signed_in:
        return await redirect(stays_here(request.args.get("next", "")))
    return await _asking(forms.blank(next=request.args.get("next", "")))


@pages.post("/sign-in")
@allowed(anyone)
@forms.or_again(_asking)
async def check_password() -> Response:
    """Signs in, asks for the second step, or says that something is wrong but not what."""
    person = await _checked(await form(Credentials))
    to = (await request.form).get("next", "")
    if person.has_second_step:
        pending = signing.sign(PENDING, f"{person.id}:{_mark(person)}")
        return await _asking_for_code(forms.blank(next=to, pending=pending))
    return await entering.enter(person, stays_here(to))


@pages.post("/sign-in/code")
@allowed(anyone)
@forms.or_again(_asking_for_code)
async def check_code() -> Response:
    """The second step: a code from the authenticator app, or a recovery code."""
    typed = await request.form
    person = await _pending(typed.get("pending", ""))
    if person is None:
        return await redirect("/sign-in", "That took too long. Sign in again.")
    await _check_code(person, (await form(Step)).code)
    return await entering.enter(person, stays_here(typed.get("next", "")))


@pages.get("/sign-in/passkey")
@allowed(anyone)
async def ask_for_passkey() -> Response:
    """What the browser asks its device for, as JSON."""
    return await ceremony.offer_to_sign_in()


@pages.post("/sign-in/passkey")
@allowed(anyone)
@forms.or_again(_asking)
async def check_passkey() -> Response:
    """Signs in whoever shows a passkey; the device has verified its owner, so there is no second step."""
    typed = await request.form
    await tries.spend(allowances.of_address(), now=now())
    passkey = await ceremony.shown_to_sign_in(typed.get("credential", ""))
    await tries.give_back(allowances.of_address())
    person, to = await store.get(passkey.person_id), stays_here(typed.get("next", ""))
    return await entering.enter(person, to, passkey_id=passkey.id)


@pages.post("/sign-out")
@allowed(anyone)
async def sign_out() -> Response:
    """Ends the session here, and every stream that it has open."""
    await entering.end_this()
    cookies.take_away()
    return await redirect("/", "You are signed out.")


async def _checked(given: Credentials) -> Account:
    person = await store.by_email(given.email)
    known = cookies.known_as(person.id) if person else None
    allowance = allowances.of_known(known) if known else allowances.of_stranger(given.email)
    await tries.spend(allowance, now=now(), instead=", or choose a new password: that works at once")
    if not await passwords.is_right(given.password, person.password if person else None) or person is None:
        raise Invalid({"": WRONG})
    await tries.give_back(allowance)
    return person


async def _pending(text: str) -> Account | None:
    person_id, _, mark = (signing.read(PENDING, text, within=PENDING_LASTS) or "").partition(":")
    found = await store.find(person_id)
    return found if found and found.has_second_step and _mark(found) == mark else None


def _mark(person: Account) -> str:
    """Differs after every change of the password: it ends second steps that are under way."""
    return hashlib.sha256(person.password.encode()).hexdigest()[:16]


async def _check_code(person: Account, code: str) -> None:
    allowance = {f"code {cookies.known_as(person.id) or person.id}": allowances.PER_ACCOUNT}
    await tries.spend(allowance, now=now())
    secret = await store.second_step_secret(person)
    step = second.step_of(secret, code, after=person.totp_step, now=now()) if secret else None
    is_right = await store.use_step(person.id, step) if step else await store.use_recovery(person.id, second.kept(code))
    if not is_right:
        raise Invalid({"code": WRONG_CODE})
    await tries.give_back(allowance)
