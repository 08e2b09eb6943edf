"""The installation in the browser, for those who look after it; nobody else learns that there is something here."""

from typing import Any

from pydantic import BaseModel
from quart import Blueprint, Response, request

from webapp.access import actor, admin, allowed, revoke
from webapp.admin import live, organisers, people, retention
from webapp.audit import pages as audit
from webapp.audit import store as records
from webapp.audit.record import INSTALLATION, Kind
from webapp.audit.search import Search
from webapp.frequency import heavy
from webapp.organisers import store as known
from webapp.organisers.organiser import Organiser
from webapp.people import store as accounts
from webapp.people.person import Account, Email
from webapp.responses import FormErrors, form, now, page, redirect

pages = Blueprint("admin", __name__)
Shown = dict[str, Any]

LABELS = {
    "email": "E-mail address",
    "audit_days": "Audit",
    "session_days": "Unused sessions",
    "mail_days": "Sent mails",
    "deleted_event_days": "Deleted events",
    "message_days": "Messages",
}
KINDS = (Kind.PERSON, Kind.ORGANISER, Kind.SETTING)


class NewOwner(BaseModel):
    """Who shall own an organiser that nobody can be asked about."""

    email: Email


@pages.get("/admin")
@allowed(admin)
async def health() -> Response:
    """How the installation is."""
    return await page("admin/health.html", live.admin_figures(), live.admin_workers(), live.admin_mails())


@pages.get("/admin/people")
@allowed(admin)
async def everybody() -> Response:
    """Accounts, searched by name or address."""
    text, after = _asked("text"), _asked("after")
    return await page("admin/people.html", found=await people.found(text, after), text=text)


@pages.get("/admin/people/<account_id>")
@allowed(admin)
async def somebody(account_id: str) -> Response:
    """An account, and what can be done with it."""
    person = await people.get(account_id)
    theirs = [(one, person.roles[one.id]) for one in await known.among(person.roles)]
    return await page("admin/person.html", person=person, theirs=theirs)


@pages.post("/admin/people/<account_id>/sign-out")
@allowed(admin)
async def sign_out(account_id: str) -> Response:
    """Ends every session, streams included."""
    person = await people.get(account_id)
    await people.sign_out(person, by=actor(), now=now())
    return await _done(person, "is signed out everywhere")


@pages.post("/admin/people/<account_id>/disable")
@allowed(admin)
async def disable(account_id: str) -> Response:
    """Lets somebody in nowhere."""
    person = await people.get(account_id)
    await people.disable(person, by=actor(), now=now())
    return await _done(person, "is disabled")


@pages.post("/admin/people/<account_id>/enable")
@allowed(admin)
async def enable(account_id: str) -> Response:
    """Lets somebody in again."""
    person = await people.get(account_id)
    await people.enable(person, by=actor(), now=now())
    return await _done(person, "can sign in again")


@pages.get("/admin/people/<account_id>/delete")
@allowed(admin)
async def deleting(account_id: str) -> Response:
    """Asks once more."""
    return await page("admin/deleting.html", person=await people.get(account_id))


@pages.post("/admin/people/<account_id>/delete")
@allowed(admin)
async def delete(account_id: str) -> Response:
    """Takes an account away."""
    person = await people.get(account_id)
    await people.delete(person, by=actor(), now=now())
    await revoke(person.id)
    return await redirect("/admin/people", f"The account of {person.name} is deleted.")


@pages.get("/admin/organisers")
@allowed(admin)
async def all_organisers() -> Response:
    """Organisers, and which of them have nobody left to ask."""
    return await page("admin/organisers.html", found=await organisers.found(_asked("after")))


@pages.get("/admin/organisers/<owned_slug>")
@allowed(admin)
async def organiser(owned_slug: str) -> Response:
    """The team of an organiser."""
    return await _organiser(await known.by_slug(owned_slug), _blank())


@pages.post("/admin/organisers/<owned_slug>/transfer")
@allowed(admin)
async def transfer(owned_slug: str) -> Response:
    """Gives an orphaned organiser another owner."""
    one = await known.by_slug(owned_slug)
    try:
        to = await _owner()
    except FormErrors as wrong:
        return await _organiser(one, _refused(wrong), status=422)
    await organisers.transfer(one, to, by=actor(), now=now())
    await revoke(to.id)
    return await redirect(f"/admin/organisers/{one.slug}", f"{to.name} owns “{one.name}” now.")


@pages.get("/admin/retention")
@allowed(admin)
async def keeping() -> Response:
    """For how long things are kept."""
    kept = await retention.current()
    return await page("admin/retention.html", form=_blank(**{name: str(days) for name, days in kept}))


@pages.post("/admin/retention")
@allowed(admin)
async def keep() -> Response:
    """Keeps other times; they count at once."""
    try:
        asked = await form(retention.Retention)
    except FormErrors as wrong:
        return await page("admin/retention.html", form=_refused(wrong), status=422)
    await retention.change(asked, by=actor(), now=now())
    return await redirect("/admin/retention", "Saved. It counts at once, also for what is there already.")


@pages.get("/admin/audit")
@allowed(admin)
async def log() -> Response:
    """What was done to the installation."""
    search, actors = Search.of(request.args.to_dict()), await records.actors(INSTALLATION)
    region = live.admin_log(search.query)
    return await page(
        "admin/audit.html",
        region,
        search=search,
        actors=actors,
        kinds=[(str(kind), kind.capitalize()) for kind in KINDS],
    )


@pages.get("/admin/audit.csv")
@allowed(admin)
@heavy
async def export() -> Response:
    """The same as a file."""
    return audit.table(INSTALLATION, Search.of(request.args.to_dict()), INSTALLATION)


def _asked(name: str) -> str:
    return request.args.get(name, "")[:254].replace("\0", "")


async def _owner() -> Account:
    """Whom the form names. Raises FormErrors."""
    found = await accounts.by_email((await form(NewOwner)).email)
    if found is None:
        raise FormErrors((await request.form).to_dict(), {"email": "Nobody here has this address."})
    return found


async def _done(person: people.Person, what: str) -> Response:
    await revoke(person.id)
    return await redirect(f"/admin/people/{person.id}", f"{person.name} {what}.")


async def _organiser(one: Organiser, shown: Shown, status: int = 200) -> Response:
    context = {"entry": await organisers.entry(one), "team": await known.team(one.id), "form": shown}
    return await page("admin/organiser.html", status=status, **context)


def _blank(**values: str) -> Shown:
    return {"values": values, "errors": {}, "first_error": None, "labels": LABELS}


def _refused(wrong: FormErrors) -> Shown:
    errors = {"": "Please look at this again:", **wrong.fields}
    return {**_blank(**wrong.values), "errors": errors, "first_error": next(iter(wrong.fields), None)}
