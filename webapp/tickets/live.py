"""The live region of a ticket."""

from typing import Any

from realtime import anyone, region
from webapp.door import codes, lists, tickets
from webapp.events import schedule
from webapp.events import store as events
from webapp.ticket_types import store as ticket_types
from webapp.tickets import store
from webapp.tickets.card import entrances, kind_of, mark_of, passage, path_of, state_of

Context = dict[str, Any]


@region(
    "tickets/card.html",
    watches={
        "tickets": ("_id", "ticket_id"),
        "presence": ("_id", "ticket_id"),
        "events": ("_id", "event_id"),
        "check_in_lists": "event_id",
        "gates": "event_id",
    },
    visible_to=anyone,
)
async def ticket_card(event_id: str, ticket_id: str, mark: str) -> Context | None:
    """A ticket with its code. Whose code is of before it was passed on learns that, and nothing of who has it now."""
    ticket = await tickets.by_id(ticket_id)
    event = await events.if_there(ticket.organiser_id, event_id) if ticket else None
    if ticket is None or event is None or ticket.event_id != event_id:
        return None
    if mark_of(ticket.secret) != mark:
        return {"state": "passed on", "one": schedule.dated(event)}
    gates = [gate.name for gate in await lists.gates(event)]
    return {
        "state": state_of(ticket, event),
        "one": schedule.dated(event),
        "ticket": ticket,
        "kind": kind_of(ticket, await ticket_types.names(event)),
        "entrances": entrances(ticket, await lists.of(event), gates, event.zone),
        "passage": passage(await store.presence_of(ticket.id), event.zone),
        "picture": codes.picture(codes.key_of(event_id).code(ticket)),
        "typed": codes.grouped(ticket.secret),
        "path": path_of(ticket.secret),
    }
