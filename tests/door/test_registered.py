"""From a registration to the door: the same ticket."""

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, text
from tests.registrations.making import event_with, registers
from webapp.database import Database
from webapp.door import lists, tickets
from webapp.door.checkin import Result
from webapp.registrations import ending, store


async def test_who_registered_is_let_in_once(db: Database, app: Quart) -> None:
    offered = await event_with(5)
    registration = await registers(offered, "Ines")
    (found,) = await tickets.named(offered.event.id, "ine")
    at_the_door = AtTheDoor(offered.event, (await lists.of(offered.event))[0])
    assert [(await at_the_door.scans(found)).result for _ in range(2)] == [Result.OK, Result.ALREADY_IN]
    await ending.cancel(registration.id, by="Ines", now=registration.created_at)
    assert (await at_the_door.scans(found)).result is Result.CANCELLED
    await at_the_door.is_counted_right()


async def test_a_registration_leads_to_its_tickets(visitor: Client) -> None:
    offered = await event_with(5)
    registration = await registers(offered, "Ines")
    (found,) = await tickets.named(offered.event.id, "ine")
    page = await (await visitor.get(store.path_of(registration.id))).get_data(as_text=True)
    assert f"/tickets/{found.secret}" in page
    told = await text(await visitor.get(f"/tickets/{found.secret}"))
    assert "For Ines Ticket" in told
