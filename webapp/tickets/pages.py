"""The page of a ticket, and tickets on paper."""

from quart import Blueprint, Response, current_app

from webapp.access import allowed, anyone
from webapp.door import tickets
from webapp.events import store as events
from webapp.feeds.calendar import calendar
from webapp.frequency import heavy
from webapp.registrations import store as registrations
from webapp.responses import page
from webapp.tickets import live, paper, store
from webapp.tickets.card import Card, mark_of

pages = Blueprint("tickets", __name__)


@pages.get("/tickets/<secret>")
@allowed(anyone)
async def show(secret: str) -> Response:
    """A ticket with its code, for whoever has its address; it can be printed."""
    found = await tickets.by_secret(secret)
    event = await events.get(found.organiser_id, found.event_id)
    region = live.ticket_card(found.event_id, found.id, mark_of(found.secret))
    return await page("tickets/show.html", region, event=event)


@pages.get("/tickets/<secret>/ticket.pdf")
@allowed(anyone)
@heavy
async def one_on_paper(secret: str) -> Response:
    """A ticket as a PDF."""
    event, cards = await store.printable(await tickets.by_secret(secret))
    return await _paper(cards, event.slug)


@pages.get("/registrations/<token>/tickets.pdf")
@allowed(anyone)
@heavy
async def all_on_paper(token: str) -> Response:
    """The tickets of a registration as a PDF, a page for each."""
    event, cards = await store.kept_by_contact(registrations.id_in(token))
    return await _paper(cards, event.slug)


@pages.get("/tickets/<secret>/calendar.ics")
@allowed(anyone)
async def as_calendar(secret: str) -> Response:
    """The event for the calendar of whoever has the ticket."""
    ticket = await tickets.by_secret(secret)
    event, (card,) = await store.printable(ticket)
    content = calendar([(event, f"{_address()}{card.path}")])
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return Response(content, headers=headers, content_type="text/calendar; charset=utf-8; method=PUBLISH")


async def _paper(cards: list[Card], name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(await paper.made(cards, _address()), headers=headers, content_type="application/pdf")


def _address() -> str:
    return str(current_app.extensions["settings"].address)
