"""Many phones at one moment: each is told its own, none is let in with another, and all cost a few looks together."""

import asyncio

import pytest
from quart import Quart

from tests.door.making import AtTheDoor, linked, phone, text
from webapp.database import db, new_id
from webapp.door import devices
from webapp.observing import metrics
from webapp.responses import now
from webapp.together import Together

NAMES = [f"Guest {number:02}" for number in range(12)]


def looks(command: str, collection: str) -> float:
    """How often MongoDB was asked this so far."""
    for metric in metrics.mongodb_seconds.collect():
        for one in metric.samples:
            if one.name.endswith("_count") and one.labels == {"command": command, "collection": collection}:
                return float(one.value)
    return 0


async def test_each_phone_is_told_its_own(app: Quart, at_the_door: AtTheDoor) -> None:
    link, sold = await linked(at_the_door), await at_the_door.sold(*NAMES)
    clients = [await phone(app, link, f"Phone {name}") for name in NAMES]
    forms = [{"code": ticket.secret, "nonce": new_id()} for ticket in sold]
    told = await asyncio.gather(
        *[client.post("/door/scan", form=form) for client, form in zip(clients, forms, strict=True)]
    )
    said = [await text(one) for one in told]
    assert all(f"Welcome {name}" in page for name, page in zip(NAMES, said, strict=True))
    by = [one["device"] async for one in db().checkins.find({}).sort("name", 1)]
    assert by == [f"Phone {name}" for name in NAMES]


async def test_one_that_was_shut_out_gets_in_with_nobody(app: Quart, at_the_door: AtTheDoor) -> None:
    link = await linked(at_the_door)
    clients = [await phone(app, link, f"Phone {name}") for name in NAMES]
    out = next(one for one in await devices.at(at_the_door.event.id) if one.name == f"Phone {NAMES[5]}")
    await devices.leave(out, now=now())
    told = await asyncio.gather(*[client.get("/door/here") for client in clients])
    assert [one.status_code for one in told] == [204] * 5 + [404] + [204] * 6


async def looked(app: Quart, at_the_door: AtTheDoor) -> float:
    """How often the phones were looked for while all of them asked at once."""
    link = await linked(at_the_door)
    clients = [await phone(app, link, f"Phone {name}") for name in NAMES]
    before = looks("find", "door_devices")
    await asyncio.gather(*[client.get("/door/here") for client in clients])
    return looks("find", "door_devices") - before


async def test_they_are_looked_for_together(app: Quart, at_the_door: AtTheDoor) -> None:
    assert await looked(app, at_the_door) <= len(NAMES) / 2


async def test_each_alone_would_be_as_many_looks(
    app: Quart, at_the_door: AtTheDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def alone(one: Together[object, object], question: object) -> object:
        return (await one._answers_to([question]))[0]

    monkeypatch.setattr(Together, "ask", alone)
    assert await looked(app, at_the_door) >= len(NAMES)
