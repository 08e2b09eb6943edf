"""A person's own account: what is kept, where it is signed in, and the way out. Holds all pages about accounts."""

import json

from quart import Blueprint, Response

from webapp.access import allowed, signed_in, who
from webapp.people import (
    address,
    confirming,
    cookies,
    entering,
    forms,
    joining,
    live,
    passkey_pages,
    passwords,
    recognition,
    regaining,
    sessions,
    signing_in,
    store,
    ties,
    two_step,
)
from webapp.people.confirming import check_password, confirmed
from webapp.people.person import Change, Renaming
from webapp.responses import answer, form, now, page, redirect

pages = Blueprint("people", __name__)
for part in (joining, signing_in, regaining, confirming, address, two_step, passkey_pages):
    pages.register_blueprint(part.pages)


@pages.after_request
async def never_kept(response: Response) -> Response:
    """Keeps pages about an account out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


async def _account(shown: forms.Shown) -> Response:
    person = await store.get(who().id)
    return await forms.shown("people/me.html", shown, _my_sessions(), live.my_passkeys(person.id), person=person)


async def _changing_password(shown: forms.Shown) -> Response:
    return await forms.shown("people/password.html", shown, person=await store.get(who().id))


@pages.get("/me")
@allowed(signed_in)
async def me() -> Response:
    """The account at a glance, and where it is signed in."""
    return await _account(forms.blank(name=who().name))


@pages.post("/me/name")
@allowed(signed_in)
@forms.or_again(_account)
async def rename() -> Response:
    """Another name."""
    await store.rename(who().id, (await form(Renaming)).name)
    return await redirect("/me", "Your name is kept.")


@pages.get("/me/password")
@allowed(signed_in)
async def password() -> Response:
    """Asks for the old and a new password."""
    return await _changing_password(forms.blank())


@pages.post("/me/password")
@allowed(signed_in)
@forms.or_again(_changing_password)
async def change_password() -> Response:
    """Keeps it, signs out every other device and gives this one a new session."""
    given = await form(Change)
    await check_password(given.password)
    person = await store.get(who().id)
    await store.change_password(person, await passwords.hashed(given.new_password), now=now())
    await entering.end_streams(recognition.person_subject(person.id))
    await entering.begin(person.id)
    return await redirect("/me", "Your password is changed, and every other device is signed out.")


@pages.post("/me/devices/<session_id>/end")
@allowed(signed_in)
async def end_session(session_id: str) -> Response:
    """Signs out one of this person's devices, at once."""
    await sessions.end(session_id, person_id=who().id)
    await entering.end_streams(recognition.session_subject(session_id))
    return await answer(_my_sessions(), otherwise="/me", notice="That device is signed out.")


@pages.get("/me/data.json")
@allowed(signed_in)
async def data() -> Response:
    """Everything that is kept of this person, to take along."""
    kept = await store.everything(await store.get(who().id), now=now())
    response = Response(json.dumps(kept, indent=2), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="turnout-account.json"'
    return response


@pages.get("/me/delete")
@allowed(signed_in)
@confirmed("/me/delete")
async def leaving() -> Response:
    """Asks once more."""
    return await page("people/delete.html", losses=await ties.losses(who().id, now()))


@pages.post("/me/delete")
@allowed(signed_in)
@confirmed("/me/delete")
async def delete() -> Response:
    """Takes the account away and signs out everywhere."""
    person = await store.get(who().id)
    await store.delete(person, now=now())
    await entering.end_streams(recognition.person_subject(person.id))
    cookies.take_away()
    return await redirect("/", "Your account is deleted.")


def _my_sessions() -> live.Bound:
    known = who().known
    return live.my_sessions(who().id, known.session_id if known else "")
