"""The demo's crowd: who registered for one event in the last days, and who is at its door. Development only."""

import asyncio
import secrets
from datetime import datetime, timedelta
from random import Random, randint

from webapp.database import db, new_id
from webapp.demo.team import BY
from webapp.door import lists
from webapp.door import store as doors
from webapp.door.checkin import Kind, Scan
from webapp.door.making import GateForm, LimitForm
from webapp.door.store import Door
from webapp.events.event import Event
from webapp.looks import store as looks
from webapp.looks.look import spot
from webapp.registrations import confirming, taking
from webapp.registrations.registration import Contact, Wanted
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.ticket_type import Offering

BUSY = "Riverside Jazz Night"
NAMES = (
    "Ines",
    "Carl",
    "Dora",
    "Emil",
    "Frida",
    "Gus",
    "Hanna",
    "Ilja",
    "Juno",
    "Karim",
    "Lotte",
    "Milo",
    "Noor",
    "Otis",
)
FAMILIES = ("Ober", "Lind", "Sato", "Marsh", "Weber", "Okoro", "Vale", "Roth", "Silva", "Berg", "Novak", "Haddad")
DAYS, MOMENTS, ARRIVALS = 6, 46, 40
LIMIT = 120


async def gather_in(event: Event, now: datetime) -> None:
    """Six days of registrations that grow towards `now`, and the last three quarters of an hour at the door."""
    dice = Random(event.id)  # noqa: S311 - a demo
    pool = await ticket_types.add_pool(event, "Front rows", 12, by=BY, now=now - timedelta(days=DAYS))
    front = Offering(name="Front row", pools=[event.id, pool], needs_approval=True)
    await ticket_types.add(event, front, by=BY, now=now)
    await _look(event, now, dice)
    moments = sorted(now - timedelta(days=DAYS * dice.random() ** 2.2, minutes=2) for _ in range(MOMENTS))
    for at in moments:
        await asyncio.gather(*(registers(event, at, dice) for _ in range(dice.randint(1, 4))))
        if dice.random() < 0.3:
            await _decide(event, at)
    await lists.add_gate(event, GateForm(gate="Quay"), by=BY, now=now)
    await lists.set_limit(event, LimitForm(limit=LIMIT), by=BY, now=now)
    for number in range(ARRIVALS):
        await arrives(event, now - timedelta(minutes=45 * (1 - number / ARRIVALS)))


async def _look(event: Event, now: datetime, dice: Random) -> None:
    hours = range(DAYS * 24)
    await looks.add(
        {
            spot(event.id, event.organiser_id, now - timedelta(hours=ago)): dice.randint(0, 24 // (1 + ago // 24))
            for ago in hours
        }
    )


async def registers(event: Event, now: datetime, dice: Random | None = None) -> str:
    """Somebody gets a ticket or a few, without an address, so that no mails pile up."""
    holds, dice = dice is None, dice or Random()  # noqa: S311 - a demo
    offered = await ticket_types.offered(event)
    kind = dice.choices(offered.types, [8, *(1 for _ in offered.types[1:])])[0]
    name = f"{dice.choice(NAMES)} {dice.choice(FAMILIES)}"
    wanted = Wanted(tickets={kind.id: dice.randint(1, 3)}, key=secrets.token_hex(12), would_wait=True)
    contact = Contact.model_construct(name=name, email="")
    if holds and dice.random() < 0.2:
        await taking.take(offered, wanted, by="visitor", now=now)
        return f"{event.title}: somebody holds places"
    await taking.register(offered, wanted, contact, by="visitor", now=now)
    return f"{event.title}: {name} registered"


async def _decide(event: Event, now: datetime) -> None:
    pending = await db().registrations.find_one({"event_id": event.id, "state": "pending"}, {"_id": 1})
    if pending:
        await confirming.approve(pending["_id"], by="demo", now=now)


async def arrives(event: Event, now: datetime) -> str:
    """Somebody is scanned at the door; some have been already, some go out again."""
    query = {"event_id": event.id, "state": "valid"}
    found = await db().tickets.aggregate([{"$match": query}, {"$sample": {"size": 1}}]).to_list(1)
    if not found:
        return f"{event.title}: nobody at the door"
    everybody, gate = (await lists.of(event))[0], next(iter(await lists.gates(event)), None)
    where = (gate.id, gate.name) if gate else ("", "")
    door = Door(event.organiser_id, event.id, "demo", "Dora's phone", *where)
    kind = Kind.EXIT if randint(1, 8) == 1 else Kind.ENTRY  # noqa: S311
    scan = Scan(ticket_id=found[0]["_id"], list_id=everybody.id, nonce=new_id(), kind=kind)
    verdict = await doors.redeem(door, scan, by="demo", now=now)
    return f"{event.title}: {verdict.name}, {verdict.headline.lower()}"
