"""A person's own account: name, address, password, second step, devices, and the way out."""

import json

from quart import Blueprint, Response, current_app, request

from webapp import signing
from webapp.access import allowed, signed_in, who
from webapp.people import cookies, forms, live, passwords, recognition, second, sessions, store, tries
from webapp.people.person import Account, Change, Confirmation, NewAddress, Renaming, StepOn
from webapp.people.signing_in import PENDING_LASTS, PER_KNOWN, WRONG_CODE, never_kept
from webapp.responses import FormErrors, answer, form, now, page, redirect

pages = Blueprint("people", __name__)
pages.after_request(never_kept)

WRONG = "This is not your password."
OFFERED = "second step offered"


@pages.get("/me")
@allowed(signed_in)
async def me() -> Response:
    """The account at a glance, and where it is signed in."""
    person = await _me()
    return await page("people/me.html", _my_sessions(), person=person, form=forms.blank(name=person.name))


@pages.post("/me/name")
@allowed(signed_in)
async def rename() -> Response:
    """Another name."""
    try:
        given = await form(Renaming)
    except FormErrors as wrong:
        context = {"person": await _me(), "form": forms.refused(wrong)}
        return await page("people/me.html", _my_sessions(), status=422, **context)
    await store.rename(who().id, given.name)
    return await redirect("/me", "Your name is kept.")


@pages.get("/me/address")
@allowed(signed_in)
async def address() -> Response:
    """Asks for another address."""
    return await page("people/address.html", person=await _me(), form=forms.blank())


@pages.post("/me/address")
@allowed(signed_in)
async def change_address() -> Response:
    """Mails a link to the new address; nothing changes before it is used."""
    person = await _me()
    try:
        given = await form(NewAddress)
        await _check(person, given.password)
    except FormErrors as wrong:
        return await page("people/address.html", person=person, form=forms.refused(wrong), status=422)
    await tries.spend({f"mails by {person.id}": PER_KNOWN}, now=now())
    await store.ask_for_address(person, given.email, now=now())
    return await page("people/mailed.html", email=given.email)


@pages.get("/me/password")
@allowed(signed_in)
async def password() -> Response:
    """Asks for the old and a new password."""
    return await page("people/password.html", person=await _me(), form=forms.blank())


@pages.post("/me/password")
@allowed(signed_in)
async def change_password() -> Response:
    """Keeps it, signs out every other device and gives this one a new session."""
    person = await _me()
    try:
        given = await form(Change)
        await _check(person, given.password)
    except FormErrors as wrong:
        return await page("people/password.html", person=person, form=forms.refused(wrong), status=422)
    await store.change_password(person, await passwords.hashed(given.new_password), now=now())
    await current_app.extensions["live"].revoke(recognition.person_subject(person.id))
    cookies.give(await sessions.begin(person.id, agent=request.headers.get("User-Agent", "")[:500], now=now()))
    return await redirect("/me", "Your password is changed, and every other device is signed out.")


@pages.get("/me/two-step")
@allowed(signed_in)
async def second_step() -> Response:
    """Offers the second step, or to turn it off."""
    return await _second_step(await _me(), forms.blank())


@pages.post("/me/two-step")
@allowed(signed_in)
async def turn_on() -> Response:
    """Turns it on once a code shows that the app has it, and shows the recovery codes this one time."""
    person = await _me()
    secret = _offered((await request.form).get("offered", ""), person)
    if not secret or person.has_second_step:
        return await redirect("/me/two-step", "That took too long; please begin again.")
    try:
        given = await form(StepOn)
        await _check(person, given.password)
        step = _step(secret, given.code)
    except FormErrors as wrong:
        return await _second_step(person, forms.refused(wrong), secret)
    codes = second.recovery_codes()
    await store.turn_second_step_on(person, secret, step, [second.kept(code) for code in codes], now=now())
    return await page("people/recovery.html", codes=codes)


@pages.post("/me/two-step/off")
@allowed(signed_in)
async def turn_off() -> Response:
    """Turns it off."""
    person = await _me()
    try:
        await _check(person, (await form(Confirmation)).password)
    except FormErrors as wrong:
        return await _second_step(person, forms.refused(wrong))
    await store.turn_second_step_off(person, now=now())
    return await redirect("/me", "Two-step sign-in is off.")


@pages.post("/me/devices/<session_id>/end")
@allowed(signed_in)
async def end_session(session_id: str) -> Response:
    """Signs out one of this person's devices, at once."""
    await sessions.end(session_id, person_id=who().id)
    await current_app.extensions["live"].revoke(recognition.session_subject(session_id))
    return await answer(_my_sessions(), otherwise="/me", notice="That device is signed out.")


@pages.get("/me/data.json")
@allowed(signed_in)
async def data() -> Response:
    """Everything that is kept of this person, to take along."""
    kept = await store.everything(await _me(), now=now())
    response = Response(json.dumps(kept, indent=2), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="turnout-account.json"'
    return response


@pages.get("/me/delete")
@allowed(signed_in)
async def leaving() -> Response:
    """Asks once more."""
    return await page("people/delete.html", person=await _me(), form=forms.blank())


@pages.post("/me/delete")
@allowed(signed_in)
async def delete() -> Response:
    """Takes the account away and signs out everywhere."""
    person = await _me()
    try:
        await _check(person, (await form(Confirmation)).password)
    except FormErrors as wrong:
        return await page("people/delete.html", person=person, form=forms.refused(wrong), status=422)
    await store.delete(person, now=now())
    await current_app.extensions["live"].revoke(recognition.person_subject(person.id))
    cookies.take_away()
    return await redirect("/", "Your account is deleted.")


async def _me() -> Account:
    return await store.get(who().id)


def _my_sessions() -> live.Bound:
    known = who().known
    return live.my_sessions(who().id, known.session_id if known else "")


async def _check(person: Account, typed: str) -> None:
    """Raises FormErrors unless this is the person's password."""
    allowances = {f"password of {person.id}": PER_KNOWN}
    await tries.spend(allowances, now=now())
    if not await passwords.is_right(typed, person.password):
        raise FormErrors(forms.kept(await request.form), {"password": WRONG})
    await tries.give_back(allowances)


async def _second_step(person: Account, shown: dict[str, object], secret: str = "") -> Response:
    secret = secret or second.new_secret()
    return await page(
        "people/two_step.html",
        person=person,
        form=shown,
        secret=secret,
        picture=second.picture(second.address(secret, person.email)),
        offered=signing.sign(OFFERED, f"{person.id}:{secret}"),
        status=422 if shown["errors"] else 200,
    )


def _step(secret: str, code: str) -> int:
    step = second.step_of(secret, code, after=0, now=now())
    if step is None:
        raise FormErrors({}, {"code": WRONG_CODE})
    return step


def _offered(text: str, person: Account) -> str:
    person_id, _, secret = (signing.read(OFFERED, text, within=PENDING_LASTS) or "").partition(":")
    return secret if person_id == person.id else ""
