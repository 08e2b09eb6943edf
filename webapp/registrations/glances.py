"""How the events of a list stand: whether little or nothing can be had of them."""

from collections.abc import Sequence

from webapp.events.event import Listed, Phase, State
from webapp.registrations.seats import FEW, Glance, Seats, glance, seats
from webapp.ticket_types.scarce import Scarce, scarce
from webapp.ticket_types.ticket_type import TicketType

WATCHED = {"books": "*", "forms": "*", "ticket_types": "*"}
"""Whatever changes how an event stands changes one of these."""

PACE = 1.0
"""Every registration anywhere changes a book, and each search that somebody looks at is a list of its own."""

Glances = dict[str, Glance]


async def glances(events: Sequence[Listed]) -> Glances:
    """By event, those of which something has to be said."""
    sold = {one.id: one for one in events if one.state is State.PUBLISHED and one.phase is not Phase.OVER}
    if not sold:
        return {}
    found = await scarce({one.id: one.capacity for one in sold.values()}, FEW)
    told = {event_id: glance(_seats(sold[event_id], one)) for event_id, one in found.items() if one.is_open}
    return {event_id: one for event_id, one in told.items() if one}


def _seats(event: Listed, one: Scarce) -> list[Seats]:
    types = one.types or [TicketType(id=event.id, event_id=event.id, name="Ticket", pools=[event.id])]
    return seats(types, one.pools, one.lines, event.zone)
