"""Importing a calendar in the browser: the form for a file or an address, and the page that shows the progress."""

from quart import Blueprint, Response, request

from webapp.access import actor, allowed, editor
from webapp.errors import Invalid
from webapp.frequency import heavy
from webapp.imports import live, store, work
from webapp.imports.calendar import LARGEST, check_beginning
from webapp.imports.fetch import fetch
from webapp.imports.record import Import
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser
from webapp.responses import answer, now, page, redirect

pages = Blueprint("imports", __name__)


@pages.get("/manage/<organiser_slug>/import")
@allowed(editor)
async def form(organiser_slug: str) -> Response:
    """An empty form, and what was imported lately."""
    return await _form(await organisers.by_slug(organiser_slug), {})


@pages.post("/manage/<organiser_slug>/import")
@allowed(editor)
@heavy
async def start(organiser_slug: str) -> Response:
    """Takes the file or fetches the address, and shows the progress."""
    organiser = await organisers.by_slug(organiser_slug)
    address = str((await request.form).get("address", "")).strip()
    try:
        data, origin = (await fetch(address), address) if address else await _file()
        check_beginning(data)
    except Invalid as wrong:
        field = "address" if address else "file"
        return await _form(organiser, {field: str(wrong)}, address=address, status=Invalid.status)
    one = await store.add(organiser.id, data, origin=origin, by=actor(), now=now())
    await work.start_due(now())
    return await redirect(f"{organiser.manage_path}/import/{one.id}")


@pages.get("/manage/<organiser_slug>/import/<import_id>")
@allowed(editor)
async def progress(organiser_slug: str, import_id: str) -> Response:
    """How far an import is, and what it did."""
    organiser = await organisers.by_slug(organiser_slug)
    one = await store.get(organiser.id, import_id)
    return await page("imports/show.html", live.import_progress(organiser.id, one.id), organiser=organiser, one=one)


@pages.post("/manage/<organiser_slug>/import/<import_id>/go-on")
@allowed(editor)
async def go_on(organiser_slug: str, import_id: str) -> Response:
    """Says yes to an import that concerns people; with `quiet` without mails about other times and places."""
    one, is_quiet = await _asking(organiser_slug, import_id), "quiet" in await request.form
    await store.go_on(one, by=actor(), now=now(), is_quiet=is_quiet)
    await work.start_due(now())
    return await _answered(organiser_slug, one)


@pages.post("/manage/<organiser_slug>/import/<import_id>/drop")
@allowed(editor)
async def drop(organiser_slug: str, import_id: str) -> Response:
    """Says no to it."""
    one = await _asking(organiser_slug, import_id)
    await store.drop(one, by=actor(), now=now())
    return await _answered(organiser_slug, one)


async def _asking(organiser_slug: str, import_id: str) -> Import:
    organiser = await organisers.by_slug(organiser_slug)
    return await store.get(organiser.id, import_id)


async def _answered(organiser_slug: str, one: Import) -> Response:
    region = live.import_progress(one.organiser_id, one.id)
    return await answer(region, otherwise=f"/manage/{organiser_slug}/import/{one.id}")


async def _file() -> tuple[bytes, str]:
    chosen = (await request.files).get("file")
    if chosen is None or not chosen.filename:
        raise Invalid({"file": "Choose an iCalendar file (.ics), or write the address of a calendar."})
    data = chosen.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Invalid({"file": f"This file is larger than {LARGEST // 2**20} MiB; import it in parts."})
    return data, chosen.filename.replace("\\", "/").rpartition("/")[2][:200]


async def _form(organiser: Organiser, errors: dict[str, str], *, address: str = "", status: int = 200) -> Response:
    asked = {"values": {"address": address}, "errors": errors, "first_error": next(iter(errors), None)}
    context = {"organiser": organiser, "form": asked, "latest": await store.latest(organiser.id)}
    return await page("imports/new.html", status=status, **context)
