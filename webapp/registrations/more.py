"""What somebody does to have other tickets: another number while they are held, more of them later."""

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, request

from webapp import database
from webapp.access import allowed, anyone
from webapp.errors import Conflict, Invalid, NotAllowed, NotFound
from webapp.events import store as events
from webapp.registrations import amending, filling, store
from webapp.registrations.pages import COUNT, shown, whom
from webapp.registrations.registration import Registration, State, Ticket
from webapp.responses import fragment, is_htmx, now, page, redirect
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Per
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import MOST_TICKETS

pages = Blueprint("more_tickets", __name__)


@pages.post("/registrations/<token>/count")
@allowed(anyone)
async def recount(token: str) -> Response:
    """Another number of tickets while they are held; what was typed already stays."""
    held, typed = await store.get(store.id_in(token)), await request.form
    if held.state is not State.HELD:
        return await redirect(store.path_of(held.id))
    offered = await _offered(held)
    values = filling.values_in(typed, offered.form)
    try:
        after = await amending.recount(offered, held, counts_in(typed), by=whom(), now=now())
    except (Invalid, Conflict, NotAllowed) as refused:
        return await shown(held.id, values, {"": str(refused)})
    return await shown(held.id, filling.renumbered(values, held.live_tickets, after.live_tickets), {})


@pages.get("/registrations/<token>/more")
@allowed(anyone)
async def choose(token: str) -> Response:
    """Asks who comes with further tickets."""
    mine = await store.get(store.id_in(token))
    picked = counts_in(request.args)
    if not picked or not amending.more(await _offered(mine), mine, now()):
        return await redirect(store.path_of(mine.id), "Choose how many tickets more you want.")
    return await _form(mine, picked, {"key": database.new_id()})


@pages.post("/registrations/<token>/more")
@allowed(anyone)
async def add(token: str) -> Response:
    """Takes further tickets, all of them or none."""
    mine, typed = await store.get(store.id_in(token)), await request.form
    picked, offered = counts_in(typed), await _offered(mine)
    values = filling.values_in(typed, offered.form)
    attendees, errors = filling.read_attendees(blank(picked), offered.form, typed)
    if not picked or errors:
        return await _form(mine, picked, values, errors or {"": "Choose how many tickets more you want."})
    how: dict[str, Any] = {"key": typed.get("key", ""), "by": whom(), "now": now()}
    try:
        await amending.add(offered, mine, picked, list(attendees.values()), **how)
    except (Invalid, Conflict, NotAllowed) as refused:
        return await _form(mine, picked, values, {"": str(refused)})
    told = "The ticket is yours." if sum(picked.values()) == 1 else "The tickets are yours."
    return await redirect(store.path_of(mine.id), told)


def counts_in(typed: Mapping[str, str]) -> dict[str, int]:
    """How many of which ticket type were chosen; what is no number, or too large for any registration, is left out."""
    counts = {name.removeprefix(COUNT): typed[name] for name in typed if name.startswith(COUNT)}
    chosen = {key: int(text) for key, text in counts.items() if text.isdecimal() and len(text) < 4}
    return {key: min(count, MOST_TICKETS + 1) for key, count in chosen.items() if count}


async def _offered(mine: Registration) -> Offered:
    event = await events.get(mine.organiser_id, mine.event_id)
    if event.is_deleted:
        raise NotFound("This event is not there any more.")
    return await ticket_types.offered(event)


def blank(picked: Mapping[str, int]) -> list[Ticket]:
    """The tickets that were chosen, before there are any; by their number."""
    kinds = [type_id for type_id, count in picked.items() for _ in range(count)][:MOST_TICKETS]
    return [Ticket(id=str(number), ticket_type_id=type_id, pools=[]) for number, type_id in enumerate(kinds, 1)]


async def _form(
    mine: Registration, picked: Mapping[str, int], values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> Response:
    offered, tickets = await _offered(mine), blank(picked)
    context = {
        "mine": mine,
        "event": offered.event,
        "path": store.path_of(mine.id),
        "picked": picked,
        "tickets": tickets,
        "names": await ticket_types.names(offered.event),
        "ticket_questions": offered.form.asked(Per.TICKET),
        "form": filling.Form(values, errors or {}, filling.labels(offered.form, len(tickets))),
    }
    status = 422 if errors else 200
    if is_htmx() and errors:
        return await fragment("registrations/more.html", status=status, **context)
    return await page("registrations/adding.html", status=status, **context)
