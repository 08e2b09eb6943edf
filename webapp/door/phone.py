"""The phone behind a request, and where it stands."""

from typing import cast

from quart import g

from webapp.access import who
from webapp.door import arrangement
from webapp.door.arrangement import Arrangement
from webapp.door.checkin import CheckInList
from webapp.door.devices import Device
from webapp.door.lists import Gate
from webapp.door.wishes import Door
from webapp.errors import NotFound


def here_now() -> Device:
    """The phone behind the current request. Raises NotFound."""
    device = who().device
    if device is None:
        raise NotFound("This phone is not at a door.")
    return device


async def arranged() -> Arrangement:
    """How the door is set up at which the phone stands, read once in a request."""
    if "arrangement" not in g:
        device = here_now()
        g.arrangement = await arrangement.of(device.organiser_id, device.event_id)
    return cast(Arrangement, g.arrangement)


async def standing_at(device: Device) -> tuple[CheckInList, Gate | None, Door]:
    """Where the phone is: what it was put to, as far as its link is good for that, else the first list."""
    around = await arranged()
    mine = device.lists_among(around.lists)
    if not mine:
        raise NotFound("The check-in lists of this door link are gone. Ask for a new one.")
    asked = next((one for one in mine if one.id == device.list_id), mine[0])
    gate = next((one for one in device.gates_among(around.gates) if one.id == device.gate_id), None)
    where = {"gate_id": gate.id, "gate": gate.name} if gate else {}
    return (
        asked,
        gate,
        Door(device.organiser_id, device.event_id, device.id, device.name, **where, since=device.since),
    )
