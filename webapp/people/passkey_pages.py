"""A person's passkeys: added, named, removed."""

from quart import Blueprint, Response, request

from webapp.access import allowed, signed_in, who
from webapp.people import ceremony, cookies, entering, forms, passkey_store, recognition, sessions, store
from webapp.people.confirming import confirmed
from webapp.people.devices import device
from webapp.people.person import Label
from webapp.responses import form, now, redirect

pages = Blueprint("passkeys", __name__)


async def _adding(shown: forms.Shown) -> Response:
    here = {"takes_passkeys": ceremony.site() is not None, "by_name": ceremony.address_by_name()}
    return await forms.shown("people/new_passkey.html", shown, **here)


async def _one(shown: forms.Shown, passkey_id: str) -> Response:
    passkey = await passkey_store.get(passkey_id, person_id=who().id)
    return await forms.shown("people/passkey.html", shown, passkey=passkey)


@pages.get("/me/passkeys/new")
@allowed(signed_in)
@confirmed("/me/passkeys/new")
async def new() -> Response:
    """Asks for a name, and then for a passkey."""
    return await _adding(forms.blank(name=device(request.headers.get("User-Agent", ""))))


@pages.get("/me/passkeys/offer")
@allowed(signed_in)
@confirmed("/me/passkeys/new")
async def offer() -> Response:
    """What the browser asks its device for, as JSON."""
    return await ceremony.offer_to_add(await store.get(who().id))


@pages.post("/me/passkeys")
@allowed(signed_in)
@confirmed("/me/passkeys/new")
@forms.or_again(_adding)
async def add() -> Response:
    """Keeps a passkey that the device has just made."""
    given = await form(Label)
    made = await ceremony.made((await request.form).get("credential", ""))
    await passkey_store.add(await store.get(who().id), made, name=given.name, now=now())
    return await redirect("/me", "The passkey is added. You can sign in with it from now on.")


@pages.get("/me/passkeys/<passkey_id>")
@allowed(signed_in)
async def passkey(passkey_id: str) -> Response:
    """One passkey, to name or remove."""
    found = await passkey_store.get(passkey_id, person_id=who().id)
    return await _one(forms.blank(name=found.name), passkey_id)


@pages.post("/me/passkeys/<passkey_id>")
@allowed(signed_in)
@forms.or_again(_one)
async def rename(passkey_id: str) -> Response:
    """Another name."""
    found = await passkey_store.get(passkey_id, person_id=who().id)
    await passkey_store.rename(found, (await form(Label)).name)
    return await redirect("/me", "The passkey's name is kept.")


@pages.post("/me/passkeys/<passkey_id>/remove")
@allowed(signed_in)
@confirmed("/me/passkeys/{passkey_id}")
async def remove(passkey_id: str) -> Response:
    """Forgets a passkey."""
    found = await passkey_store.get(passkey_id, person_id=who().id)
    here = await sessions.find(cookies.secret() or "", now=now())
    ended = await passkey_store.remove(await store.get(who().id), found, here=here[0].id if here else "", now=now())
    for session_id in ended:
        await entering.end_streams(recognition.session_subject(session_id))
    also = " The devices that it had signed in are signed out." if ended else ""
    return await redirect("/me", f"“{found.name}” is removed and signs in no more.{also}")
