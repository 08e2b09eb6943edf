"""What a door keeps of persons, and how it ends."""

from datetime import timedelta

import pytest
from quart import Quart

from tests.door.making import AtTheDoor, linked
from tests.events.making import NOW
from tests.registrations.making import wanted
from tests.team import Account, somebody
from webapp.database import db
from webapp.door import audit, devices, personal, shredding, writing
from webapp.people import store as people
from webapp.people import ties
from webapp.registrations import store as registrations
from webapp.registrations import taking
from webapp.registrations.registration import Contact
from webapp.ticket_types import store as ticket_types

LONG_AFTER = NOW + timedelta(days=2) + timedelta(hours=3) + personal.NAMES_KEPT


async def who_came(made: AtTheDoor) -> Account:
    """Somebody with an account whose ticket was scanned."""
    ben, offered = await somebody("ben"), await ticket_types.offered(made.event)
    contact = Contact(name="Ben Obst", email="ben@example.org")
    got = await taking.register(offered, wanted(offered, "Ben"), contact, by=ben.id, now=NOW, person_id=ben.id)
    (ticket,) = await registrations.tickets_of(got.id)
    await made.scans(str(ticket["secret"]))
    await db().door_links.update_one({"_id": (await linked(made, name=ben.name)).id}, {"$set": {"by": ben.id}})
    return ben


async def test_somebody_is_told_where_they_were_scanned(app: Quart, at_the_door: AtTheDoor) -> None:
    ben = await who_came(at_the_door)
    told = await ties.everything(ben.id)
    assert [(one["what"], one["result"]) for one in told["scanned"]] == [("entry", "ok")]
    assert told["door_links"] == [{"event": at_the_door.event.id, "name": ben.name}]


async def test_who_deletes_their_account_is_a_number_at_the_door(app: Quart, at_the_door: AtTheDoor) -> None:
    ben = await who_came(at_the_door)
    await people.delete(ben, now=NOW)
    kept = await db().checkins.find_one({})
    assert kept
    assert (kept["name"], kept["result"]) == ("", "ok")
    assert [one.name for one in await devices.links(at_the_door.event)] == ["Somebody who left"]


@pytest.mark.parametrize("batch", [1, 2, 200])
async def test_half_a_year_later_the_names_are_gone_and_the_numbers_stay(
    app: Quart, at_the_door: AtTheDoor, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(shredding, "BATCH", batch)
    ticket = await at_the_door.ticket("Ines Ober")
    await at_the_door.scans(ticket)
    await at_the_door.scans(ticket)
    await at_the_door.leaves(ticket)
    assert await personal.forget_names(LONG_AFTER - timedelta(days=10)) == 0
    assert await personal.forget_names(LONG_AFTER) == 1
    kept = await db().checkins.find({}).to_list(None)
    assert {text for one in kept for text in (one["name"], one["device"], one["standing"]["device"])} == {""}
    standing = (await writing.presence_of([ticket.id]))[ticket.id].on(at_the_door.everybody.id)
    assert (standing.device, standing.is_inside) == ("", False)
    assert await audit.differences(at_the_door.event.id) == []


async def test_names_are_looked_for_once_a_day(app: Quart, at_the_door: AtTheDoor) -> None:
    await at_the_door.scans(await at_the_door.ticket())
    assert await personal.forget_names(LONG_AFTER) == 1
    await db().doors.delete_many({})
    assert await personal.forget_names(LONG_AFTER + timedelta(hours=23)) == 0
    assert await personal.forget_names(LONG_AFTER + timedelta(hours=25)) == 1
