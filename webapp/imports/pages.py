"""Importing a calendar in the browser: the form for a file or an address, and the page that shows the progress."""

from quart import Blueprint, Response, request

from webapp.access import allowed, organiser, who
from webapp.errors import Invalid
from webapp.frequency import heavy
from webapp.imports import live, store, work
from webapp.imports.calendar import LARGEST, check_beginning
from webapp.imports.fetch import fetch
from webapp.responses import now, page, redirect

pages = Blueprint("imports", __name__)


@pages.get("/import")
@allowed(organiser)
async def form() -> Response:
    """An empty form, and what was imported lately."""
    return await _form({})


@pages.post("/import")
@allowed(organiser)
@heavy
async def start() -> Response:
    """Takes the file or fetches the address, and shows the progress."""
    address = str((await request.form).get("address", "")).strip()
    try:
        data, origin = (await fetch(address), address) if address else await _file()
        check_beginning(data)
    except Invalid as wrong:
        field = "address" if address else "file"
        return await _form({field: str(wrong)}, address=address, status=Invalid.status)
    one = await store.add(data, origin=origin, by=who().id, now=now())
    await work.start_due(now())
    return await redirect(one.path)


@pages.get("/import/<import_id>")
@allowed(organiser)
async def progress(import_id: str) -> Response:
    """How far an import is, and what it did."""
    one = await store.get(import_id)
    return await page("imports/show.html", live.import_progress(import_id), one=one)


async def _file() -> tuple[bytes, str]:
    chosen = (await request.files).get("file")
    if chosen is None or not chosen.filename:
        raise Invalid({"file": "Choose an iCalendar file (.ics), or write the address of a calendar."})
    data = chosen.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Invalid({"file": f"This file is larger than {LARGEST // 2**20} MiB; import it in parts."})
    return data, chosen.filename.replace("\\", "/").rpartition("/")[2][:200]


async def _form(errors: dict[str, str], *, address: str = "", status: int = 200) -> Response:
    asked = {"values": {"address": address}, "errors": errors, "first_error": next(iter(errors), None)}
    return await page("imports/new.html", form=asked, latest=await store.latest(), status=status)
