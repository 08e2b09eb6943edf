"""Everybody who registered for an event, as its team looks through them: search, count again, add somebody, export."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from quart import Blueprint, Response, request

from webapp import database
from webapp.access import actor, allowed, editor
from webapp.door import store as door
from webapp.errors import Conflict, Invalid
from webapp.events import store as events
from webapp.events.event import Event
from webapp.organisers import store as organisers
from webapp.places import audit as audits
from webapp.registrations import export, filling, listing, live, team
from webapp.registrations.more import counts_in
from webapp.registrations.registration import Contact, Wanted
from webapp.responses import answer, form, now, page, redirect
from webapp.retention import policy
from webapp.ticket_types import store as ticket_types

pages = Blueprint("organising", __name__)

Values = Mapping[str, Any]


@pages.get("/events/<slug>/registrations")
@allowed(editor)
async def show(slug: str) -> Response:
    """Everybody who registered, in numbers and one by one."""
    event = await events.there(slug)
    asked, mine = listing.Filter.of(request.args.to_dict()), (event.organiser_id, event.id)
    regions = live.registration_totals(*mine), live.registration_list(*mine, asked.query)
    return await page("registrations/organising.html", *regions, asked=asked, **await about(event))


@pages.post("/events/<slug>/registrations/audit")
@allowed(editor)
async def audit(slug: str) -> Response:
    """Counts every place again."""
    event = await events.there(slug)
    await ticket_types.open_places(event)
    found = await audits.audit(event.id, now=now())
    told = f"{len(found.findings)} drift." if found.findings else "0 drift: every place is where it was counted."
    region = live.registration_totals(event.organiser_id, event.id)
    return await answer(region, otherwise=f"{event.path}/registrations", notice=told)


@pages.get("/events/<slug>/registrations.csv")
@allowed(editor)
async def as_csv(slug: str) -> Response:
    """What the filter finds, as a table of tickets."""
    event = await events.there(slug)
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}.csv"'}
    lines = export.csv_lines(_rows(event, listing.Filter.of(request.args.to_dict())), await _columns(event))
    return Response(lines, headers=headers, content_type="text/csv; charset=utf-8")


@pages.get("/events/<slug>/registrations.xlsx")
@allowed(editor)
async def as_xlsx(slug: str) -> Response:
    """The same for a spreadsheet."""
    event = await events.there(slug)
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}.xlsx"'}
    parts = export.xlsx_parts(_rows(event, listing.Filter.of(request.args.to_dict())), await _columns(event))
    return Response(parts, headers=headers, content_type=export.XLSX)


@pages.get("/events/<slug>/registrations/new")
@allowed(editor)
async def adding(slug: str) -> Response:
    """An empty form."""
    return await _adding(await events.there(slug), {})


@pages.post("/events/<slug>/registrations/new")
@allowed(editor)
async def add(slug: str) -> Response:
    """Registers somebody by hand."""
    event, typed = await events.there(slug), (await request.form).to_dict()
    offered = await ticket_types.offered(event)
    counts = counts_in(typed)
    try:
        contact = await form(Contact)
        wanted = _wanted(counts)
        beyond = bool(typed.get("beyond"))
        got = await team.add_by_hand(offered, wanted, contact, by=actor(), now=now(), even_beyond=beyond)
    except Invalid as wrong:
        return await _adding(event, typed, wrong.fields)
    except Conflict as full:
        return await _adding(event, typed, {"": f"{full} Tick the box below to register them all the same."})
    return await redirect(f"{event.path}/registrations", f"{got.name} is registered.")


async def about(event: Event) -> dict[str, Any]:
    """What every page of an event's team shows besides."""
    return {"event": event, "organiser": await organisers.get(event.organiser_id)}


async def _adding(event: Event, values: Values, errors: Mapping[str, str] | None = None) -> Response:
    offered = await ticket_types.offered(event)
    labels = filling.CONTACT | {f"n.{kind.id}": kind.name for kind in offered.types}
    shown = {"form": filling.Form(values, errors or {}, labels), "types": offered.types}
    action = f"{event.path}/registrations/new"
    status = 422 if errors else 200
    return await page("registrations/new.html", status=status, action=action, **shown, **await about(event))


def _wanted(counts: dict[str, int]) -> Wanted:
    if not any(counts.values()):
        raise Invalid({"": "Say how many tickets."})
    try:
        return Wanted.model_validate({"tickets": counts, "key": database.new_id()})
    except ValueError:
        raise Invalid({"": "One registration can have twenty tickets."}) from None


async def _columns(event: Event) -> list[str]:
    form = await ticket_types.form(event.id)
    return [*export.COLUMNS, *(question.label for question in form.questions)]


async def _rows(event: Event, asked: listing.Filter) -> AsyncIterator[list[str]]:
    names, form = await ticket_types.names(event), await ticket_types.form(event.id)
    at_the_door, kept_days = await door.answers_at(event.id), await policy.days_of(event.organiser_id)
    async for registration in listing.every(event, asked):
        for ticket in registration.tickets:
            answers = registration.answers | ticket.answers | at_the_door.get(ticket.id, {})
            if not export.shows_answers(registration, ticket, kept_days=kept_days, now=now()):
                answers = {}
            said = [filling.said(answers[one.id]) if one.id in answers else "" for one in form.questions]
            yield [*export.cells(registration, ticket, names), *said]
