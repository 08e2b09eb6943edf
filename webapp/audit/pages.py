"""The audit in the browser: filtered, live, and as a table to take along."""

import csv
import io
from collections.abc import AsyncIterator

from quart import Blueprint, Response, request

from webapp.access import allowed, manager
from webapp.audit import live, store
from webapp.audit.record import Kind, Record
from webapp.audit.search import Search
from webapp.frequency import heavy
from webapp.organisers import store as organisers
from webapp.responses import page

pages = Blueprint("audit", __name__)

HEAD = ("at", "who", "via", "from", "what", "kind", "id", "before", "after")
KINDS = (Kind.EVENT, Kind.TEAM, Kind.ORGANISER, Kind.IMPORT, Kind.REGISTRATION, Kind.TICKETS, Kind.DOOR, Kind.TOKEN)


@pages.get("/manage/<organiser_slug>/audit")
@allowed(manager)
async def show(organiser_slug: str) -> Response:
    """What was done for an organiser."""
    organiser = await organisers.by_slug(organiser_slug)
    search = Search.of(request.args.to_dict())
    return await page(
        "audit/show.html",
        live.audit_log(organiser.id, search.query),
        organiser=organiser,
        search=search,
        actors=await store.actors(organiser.id),
        kinds=[(str(kind), kind.capitalize()) for kind in KINDS],
        event_title=await store.title_of(organiser.id, search.event) if search.event else "",
    )


@pages.get("/manage/<organiser_slug>/audit.csv")
@allowed(manager)
@heavy
async def export(organiser_slug: str) -> Response:
    """Everything that the search finds, as CSV."""
    organiser = await organisers.by_slug(organiser_slug)
    return table(organiser.id, Search.of(request.args.to_dict()), organiser.slug)


def table(organiser_id: str, search: Search, name: str) -> Response:
    """The records that a search finds, as a file."""
    response = Response(_lines(organiser_id, search), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{name}.csv"'
    response.timeout = None
    return response


async def _lines(organiser_id: str, search: Search) -> AsyncIterator[bytes]:
    yield _line(HEAD)
    async for one in store.every(organiser_id, search):
        yield _line(_cells(one))


def _cells(one: Record) -> tuple[str, ...]:
    before = "; ".join(f"{change.label}: {change.before}" for change in one.changes)
    after = "; ".join(f"{change.label}: {change.after}" for change in one.changes)
    who = one.who, one.actor.via, one.actor.address
    return one.at.isoformat(), *who, one.sentence, one.subject.kind, one.subject.id, before, after


def _line(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([_inert(cell) for cell in cells])
    return line.getvalue().encode("utf-8", "replace")


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
