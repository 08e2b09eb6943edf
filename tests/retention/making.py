"""An event with everything that people leave behind at one, for the tests of how that goes."""

from datetime import datetime, timedelta

from tests.door.making import AtTheDoor, linked
from tests.events.making import ANA, NOW
from tests.registrations.making import EVE, comes, event_with, wanted
from tests.team import somebody
from webapp.database import db
from webapp.door import audit as doors
from webapp.door import clashes, devices, lists
from webapp.door.checkin import Scan
from webapp.door.making import DeviceForm, GateForm, LimitForm
from webapp.door.wishes import Door
from webapp.looks import store as looks
from webapp.looks.look import spot
from webapp.messages import store as messages
from webapp.messages.message import Writing
from webapp.places import audit as places
from webapp.registrations import confirming, taking, team, waiting
from webapp.registrations import store as registrations
from webapp.registrations.registration import Attendee, Contact
from webapp.retention import store
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Question
from webapp.ticket_types.store import Offered

AFTER = NOW + timedelta(days=4)
TRACES = ("Quillon", "quillon@example.org", "Pemberly", "Rosewater", "Thistle")
"""Words that only stand where somebody is named: who registers, who comes, what they say, who waits, whose phone."""

# Teams have accounts, which end by themselves; mails are on their way for an hour at most.
NOT_OURS = {"people", "sessions", "members", "mails", "organisers"}


async def visited(*, places_: int = 2) -> Offered:
    """An event at which somebody registered, waited, was written to, came in and was refused."""
    offered, quillon = await event_with(places_), await somebody("quillon")
    form = Form(questions=[Question(id="food", label="Food")])
    await ticket_types.save_form(offered.event, form, by=ANA, now=NOW)
    held = await taking.take(offered, wanted(offered, "q", 2), by=quillon.id, now=NOW, person_id=quillon.id)
    contact = Contact(name="Quillon Ost", email="quillon@example.org")
    mine = await confirming.confirm(held.id, contact, answers={"food": "Rosewater"}, by=quillon.id, now=NOW)
    await team.change(mine, contact, {mine.tickets[1].id: Attendee(name="Pemberly")}, by=EVE, now=NOW)
    line = await comes(offered, "w")
    await db().entries.update_one({"_id": line.id}, {"$set": {"name": "Thistle", "email": "thistle@example.org"}})
    gone = await comes(offered, "x")
    await waiting.leave(gone.id, by="x", now=NOW)
    said = {"subject": "Dear Quillon", "text": "Bring Rosewater.", "key": "a key of ours"}
    await messages.write(offered.event, Writing.model_validate(said), by=EVE, now=NOW)
    await _at_the_door(offered, mine.id)
    await looks.add({spot(offered.event.id, offered.event.organiser_id, NOW): 1})
    return offered


async def _at_the_door(offered: Offered, registration_id: str) -> None:
    made = AtTheDoor(offered.event, (await lists.of(offered.event))[0])
    await lists.add_gate(offered.event, GateForm(name="North"), by=ANA, now=NOW)
    await lists.set_limit(offered.event, LimitForm(limit=80), by=ANA, now=NOW)
    link = await linked(made, name="Thistle's shift")
    await devices.enrol(link, DeviceForm(name="Thistle's phone"), now=NOW)
    phone = Door(offered.event.organiser_id, offered.event.id, "phone-1", "Thistle's phone", "north", "North")
    for ticket in await registrations.tickets_of(registration_id):
        verdict = await made.scans(str(ticket["secret"]), door=phone)
        await made.scans(str(ticket["secret"]), door=phone)
    await made.takes_back(verdict, door=phone)
    await clashes.note(
        phone, Scan(list_id=made.everybody.id, nonce="12345678"), "In already.", happened_at=NOW, now=NOW
    )
    await places.audit(offered.event.id, now=NOW)
    await db().presence.update_many({"event_id": offered.event.id}, {"$set": {"answers": {"food": "Rosewater"}}})


async def everything() -> dict[str, str]:
    """All that is kept, as text, by its collection."""
    names = [name for name in await db().list_collection_names() if name not in NOT_OURS]
    return {name: str(await db()[name].find().to_list(None)) for name in sorted(names)}


async def traces(*words: str) -> dict[str, list[str]]:
    """Where any of these words still stands."""
    found = {name: [word for word in words or TRACES if word in kept] for name, kept in (await everything()).items()}
    return {name: some for name, some in found.items() if some}


async def drift() -> list[str]:
    """What `python -m webapp audit` would print."""
    audits = [finding for one in await places.audit_all(NOW) for finding in one.findings]
    return audits + [said for event_id in await doors.events() for said in await doors.differences(event_id)]


async def carried_out(now: datetime = AFTER) -> int:
    """Does all batches; says how many there were."""
    batches = 0
    while await store.go_on(now):
        batches += 1
    return batches
