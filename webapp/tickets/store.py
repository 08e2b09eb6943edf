"""What is read for a ticket, for whoever holds it. Registrations write tickets, the door marks who came."""

from collections.abc import Sequence

from webapp.database import db
from webapp.door import lists
from webapp.door import store as door
from webapp.door.checkin import Presence, Ticket
from webapp.door.codes import grouped, key_of
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.registrations import store as registrations
from webapp.registrations.posting import when_of
from webapp.registrations.registration import State
from webapp.ticket_types import store as ticket_types
from webapp.tickets.card import Card, doors_of, entrances, kind_of, path_of, state_of

OFF = "There is nothing to print: this ticket does not open a door."
PASSED_ON = "There are no tickets here to print: they were passed on, or are not confirmed."


async def cards(event: Event, tickets: Sequence[Ticket]) -> list[Card]:
    """What stands on these tickets of an event."""
    names, key, when = await ticket_types.names(event), key_of(event.id), when_of(event)
    found, gates = await lists.of(event), [gate.name for gate in await lists.gates(event)]
    return [
        Card(
            title=event.title,
            name=one.name,
            kind=kind_of(one, names),
            when=when,
            doors=doors_of(event),
            place=event.place_name,
            address=event.place_address,
            entrances=entrances(one, found, gates, event.zone),
            code=key.code(one),
            typed=grouped(one.secret),
            path=path_of(one.secret),
            language=event.language,
        )
        for one in tickets
    ]


async def presence_of(ticket_id: str) -> Presence:
    """Whether and where a ticket was shown at the door."""
    return (await door.presence_of([ticket_id])).get(ticket_id, Presence())


async def printable(ticket: Ticket) -> tuple[Event, list[Card]]:
    """A ticket as it is printed. Raises NotFound for one that opens nothing."""
    event = await events.get(ticket.organiser_id, ticket.event_id)
    if event.is_deleted or state_of(ticket, event) != "valid":
        raise NotFound(OFF)
    return event, await cards(event, [ticket])


async def kept_by_contact(registration_id: str) -> tuple[Event, list[Card]]:
    """The tickets of a confirmed registration that whoever registered still holds. Raises NotFound."""
    mine = await registrations.get(registration_id)
    event = await events.get(mine.organiser_id, mine.event_id)
    rows = await registrations.tickets_of(mine.id)
    held = [Ticket.model_validate(one) for one in rows if one["email"].casefold() == mine.email.casefold()]
    if mine.state is not State.CONFIRMED or event.is_deleted or event.state == "cancelled" or not held:
        raise NotFound(PASSED_ON)
    return event, await cards(event, held)


async def held_by(ticket_id: str, email: str) -> tuple[Event, list[Card]]:
    """A ticket that was passed on to this address and was not taken back since. Raises NotFound."""
    query = {"_id": ticket_id, "state": "valid", "email": email}
    found = await db().tickets.find_one(query)
    if found is None:
        raise NotFound(OFF)
    return await printable(Ticket.model_validate(found))
