"""Two-step sign-in: turned on with a code from the phone, and off."""

from quart import Blueprint, Response, request

from webapp.access import allowed, signed_in, who
from webapp.errors import Invalid
from webapp.people import forms, second, store
from webapp.people.confirming import confirmed
from webapp.people.person import Account, StepOn
from webapp.people.signing_in import PENDING_LASTS, WRONG_CODE
from webapp.responses import form, now, page, redirect
from webapp.walls import signing

pages = Blueprint("two_step", __name__)

OFFERED = "second step offered"


async def _offering(shown: forms.Shown) -> Response:
    person = await store.get(who().id)
    secret = await _offered(person) or second.new_secret()
    picture = second.picture(second.address(secret, person.email))
    offered = signing.sign(OFFERED, f"{person.id}:{secret}")
    return await forms.shown(
        "people/two_step.html", shown, person=person, secret=secret, picture=picture, offered=offered
    )


@pages.get("/me/two-step")
@allowed(signed_in)
@confirmed("/me/two-step")
async def second_step() -> Response:
    """Offers the second step, or to turn it off."""
    return await _offering(forms.blank())


@pages.post("/me/two-step")
@allowed(signed_in)
@confirmed("/me/two-step")
@forms.or_again(_offering)
async def turn_on() -> Response:
    """Turns it on once a code shows that the app has it, and shows the recovery codes this one time."""
    person = await store.get(who().id)
    secret = await _offered(person)
    if not secret or person.has_second_step:
        return await redirect("/me/two-step", "That took too long; please begin again.")
    step = second.step_of(secret, (await form(StepOn)).code, after=0, now=now())
    if step is None:
        raise Invalid({"code": WRONG_CODE})
    codes = second.recovery_codes()
    await store.turn_second_step_on(person, secret, step, [second.kept(code) for code in codes], now=now())
    return await page("people/recovery.html", codes=codes)


@pages.post("/me/two-step/off")
@allowed(signed_in)
@confirmed("/me/two-step")
async def turn_off() -> Response:
    """Turns it off."""
    await store.turn_second_step_off(await store.get(who().id), now=now())
    return await redirect("/me", "Two-step sign-in is off.")


async def _offered(person: Account) -> str:
    text = (await request.form).get("offered", "")
    person_id, _, secret = (signing.read(OFFERED, text, within=PENDING_LASTS) or "").partition(":")
    return secret if person_id == person.id else ""
