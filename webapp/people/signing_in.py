"""Opening an account, signing in and out, and the links that mails bring."""

import ipaddress
from urllib.parse import urlsplit

from quart import Blueprint, Response, current_app, request

from webapp import signing
from webapp.access import allowed, anyone, who
from webapp.errors import TooMany
from webapp.mail.sending import LINK_LASTS, token_of
from webapp.people import cookies, forms, passwords, recognition, second, sessions, store, tries
from webapp.people.person import Account, Address, Credentials, Fresh, Joining, Step, key_of
from webapp.people.store import For, Link
from webapp.responses import FormErrors, form, now, page, redirect

pages = Blueprint("signing_in", __name__)

WRONG = "This address and this password do not belong together."
WRONG_CODE = "This code is not right; it may be too old, or used already."
# Strangers share an account's tries, a known browser has its own; a whole conference may sit behind one address.
PER_ACCOUNT, PER_KNOWN, PER_ADDRESS = 20, 20, 200
MAILS_PER_ACCOUNT, MAILS_PER_ADDRESS = 4, 100
PENDING = "second step"
PENDING_LASTS = LINK_LASTS / 12


@pages.after_request
async def never_kept(response: Response) -> Response:
    """Keeps pages about an account out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/sign-up")
@allowed(anyone)
async def sign_up() -> Response:
    """Asks for an address."""
    return await page("people/sign_up.html", form=forms.blank())


@pages.post("/sign-up")
@allowed(anyone)
async def ask_to_join() -> Response:
    """Mails a link, and says the same whether there is an account or not."""
    try:
        given = await form(Address)
    except FormErrors as wrong:
        return await page("people/sign_up.html", form=forms.refused(wrong), status=422)
    if await _may_mail(given.email):
        await store.ask_to_join(given.email, now=now())
    return await page("people/mailed.html", email=given.email)


@pages.get("/forgotten-password")
@allowed(anyone)
async def forgotten() -> Response:
    """Asks for an address."""
    return await page("people/forgotten.html", form=forms.blank())


@pages.post("/forgotten-password")
@allowed(anyone)
async def ask_for_password() -> Response:
    """Mails a link, and says the same whether there is an account or not."""
    try:
        given = await form(Address)
    except FormErrors as wrong:
        return await page("people/forgotten.html", form=forms.refused(wrong), status=422)
    if await _may_mail(given.email):
        await store.ask_for_password(given.email, now=now())
    return await page("people/mailed.html", email=given.email)


@pages.get("/join")
@allowed(anyone)
async def joining() -> Response:
    """Asks for a name and a password; looking does not use the link up, mail programs look too."""
    link = await _link(request.args.get("token", ""), For.JOINING)
    return await page("people/join.html", link=link, token=request.args["token"], form=forms.blank())


@pages.post("/join")
@allowed(anyone)
async def join() -> Response:
    """Opens the account and signs in."""
    token = str((await request.form).get("token", ""))
    link = await _link(token, For.JOINING)
    try:
        given = await form(Joining)
    except FormErrors as wrong:
        return await page("people/join.html", link=link, token=token, form=forms.refused(wrong), status=422)
    password = await passwords.hashed(given.new_password)
    person = await store.join(link, name=given.name, password=password, now=now())
    return await _signed_in(person, "/", f"Welcome, {person.name}.")


@pages.get("/new-password")
@allowed(anyone)
async def new_password() -> Response:
    """Asks for a new password."""
    link = await _link(request.args.get("token", ""), For.PASSWORD)
    return await page("people/new_password.html", link=link, token=request.args["token"], form=forms.blank())


@pages.post("/new-password")
@allowed(anyone)
async def choose_password() -> Response:
    """Keeps it and ends every session; whoever has a second step still needs it."""
    token = str((await request.form).get("token", ""))
    link = await _link(token, For.PASSWORD)
    try:
        given = await form(Fresh)
    except FormErrors as wrong:
        return await page("people/new_password.html", link=link, token=token, form=forms.refused(wrong), status=422)
    person = await store.choose_password(link, await passwords.hashed(given.new_password), now=now())
    await current_app.extensions["live"].revoke(recognition.person_subject(person.id))
    if person.has_second_step:
        return await redirect("/sign-in", "Your new password is kept. Sign in with it.")
    return await _signed_in(person, "/", "Your new password is kept, and you are signed in.")


@pages.get("/new-address")
@allowed(anyone)
async def new_address() -> Response:
    """Asks for one press: mail programs open links by themselves."""
    link = await _link(request.args.get("token", ""), For.ADDRESS)
    return await page("people/new_address.html", link=link, token=request.args["token"])


@pages.post("/new-address")
@allowed(anyone)
async def take_address() -> Response:
    """Changes the address."""
    link = await _link(str((await request.form).get("token", "")), For.ADDRESS)
    await store.take_address(link, now=now())
    return await redirect("/me", f"Your account uses {link.email} now.")


@pages.get("/sign-in")
@allowed(anyone)
async def sign_in() -> Response:
    """Asks for address and password."""
    if who().is_signed_in:
        return await redirect(stays_here(request.args.get("next", "")))
    return await page("people/sign_in.html", form=forms.blank(next=request.args.get("next", "")))


@pages.post("/sign-in")
@allowed(anyone)
async def check_password() -> Response:
    """Signs in, asks for the second step, or says that something is wrong but not what."""
    to = str((await request.form).get("next", ""))
    try:
        given = await form(Credentials)
        person = await _checked(given)
    except FormErrors as wrong:
        return await page("people/sign_in.html", form=forms.refused(wrong), status=422)
    if person.has_second_step:
        pending = signing.sign(PENDING, f"{person.id}:{_mark(person)}")
        return await page("people/second_step.html", form=forms.blank(next=to, pending=pending))
    return await _signed_in(person, stays_here(to))


@pages.post("/sign-in/code")
@allowed(anyone)
async def check_code() -> Response:
    """The second step: a code from the authenticator app, or a recovery code."""
    typed = await request.form
    person = await _pending(typed.get("pending", ""))
    if person is None:
        return await redirect("/sign-in", "That took too long. Sign in again.")
    try:
        given = await form(Step)
        await _check_code(person, given.code)
    except FormErrors as wrong:
        return await page("people/second_step.html", form=forms.refused(wrong), status=422)
    return await _signed_in(person, stays_here(typed.get("next", "")))


@pages.post("/sign-out")
@allowed(anyone)
async def sign_out() -> Response:
    """Ends the session here, and every stream that it has open."""
    await _end_this()
    cookies.take_away()
    return await redirect("/", "You are signed out.")


def stays_here(path: str, otherwise: str = "/") -> str:
    """The path, if a browser reads it as a page of ours, else `otherwise`."""
    is_plain = path.startswith("/") and path.isascii() and path.isprintable() and "\\" not in path
    is_path = is_plain and not path.startswith("//") and urlsplit(path)[:2] == ("", "")
    return path if is_path else otherwise


async def _checked(given: Credentials) -> Account:
    person = await store.by_email(given.email)
    known = cookies.known_as(person.id) if person else None
    allowances = {f"known {known}": PER_KNOWN} if known else _strangers(given.email)
    await tries.spend(allowances, now=now(), instead=", or choose a new password: that works at once")
    if not await passwords.is_right(given.password, person.password if person else None) or person is None:
        raise FormErrors({"email": given.email, **forms.kept(await request.form)}, {"": WRONG})
    await tries.give_back(allowances)
    return person


def _strangers(email: str) -> dict[str, int]:
    return {f"from {_network()}": PER_ADDRESS, f"account {key_of(email)}": PER_ACCOUNT}


async def _may_mail(email: str) -> bool:
    """Whether to send: an address that gets too many is left in peace without a word."""
    await tries.spend({f"mails from {_network()}": MAILS_PER_ADDRESS}, now=now())
    try:
        await tries.spend({f"mails to {key_of(email)}": MAILS_PER_ACCOUNT}, now=now())
    except TooMany:
        return False
    return True


def _network() -> str:
    """The address that asks; of IPv6 the half that names a household."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def _link(token: str, opens: For) -> Link:
    return await store.link(token_of(token), opens, now=now())


async def _pending(text: str) -> Account | None:
    person_id, _, mark = (signing.read(PENDING, text, within=PENDING_LASTS) or "").partition(":")
    found = await store.find(person_id)
    return found if found and found.has_second_step and _mark(found) == mark else None


def _mark(person: Account) -> str:
    """Differs after every change of the password: it ends second steps that are under way."""
    return second.kept(person.password)[:16]


async def _check_code(person: Account, code: str) -> None:
    allowances = {f"code {cookies.known_as(person.id) or person.id}": PER_ACCOUNT}
    await tries.spend(allowances, now=now())
    step = second.step_of(person.totp, code, after=person.totp_step, now=now())
    is_right = await store.use_step(person.id, step) if step else await store.use_recovery(person.id, second.kept(code))
    if not is_right:
        raise FormErrors(forms.kept(await request.form), {"code": WRONG_CODE})
    await tries.give_back(allowances)


async def _signed_in(person: Account, to: str, notice: str | None = None) -> Response:
    await _end_this()
    agent = request.headers.get("User-Agent", "")[:500]
    cookies.give(await sessions.begin(person.id, agent=agent, now=now()))
    return cookies.know_again(await redirect(to, notice), person.id)


async def _end_this() -> None:
    secret = cookies.secret()
    ended = await sessions.end_by_secret(secret) if secret else None
    if ended:
        await current_app.extensions["live"].revoke(recognition.session_subject(ended.id))
