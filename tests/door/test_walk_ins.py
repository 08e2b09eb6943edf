"""Whoever comes without a ticket: registered while there is room, and let in at once."""

import asyncio
import re
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, door, linked, phone, text
from tests.events.making import ANA, NOW
from tests.registrations.making import comes
from webapp.audit.search import Search
from webapp.audit.store import found
from webapp.database import Database, db, new_id
from webapp.door import counts, lists, walk_ins
from webapp.door.checkin import Result
from webapp.door.making import ListForm
from webapp.errors import NotAllowed
from webapp.places import audit
from webapp.registrations import ending, listing
from webapp.registrations.store import SoldOut
from webapp.ticket_types import store as ticket_types


async def open_door(places: int | None = 2, **rules: Any) -> AtTheDoor:
    """A door that takes walk-ins, of an event with so many places."""
    made = await door(capacity=places)
    given = ListForm.model_validate({"name": "Everybody", "takes_walk_ins": "true", **rules})
    made.everybody = await lists.change(made.event, made.everybody.id, given, by=ANA, now=NOW)
    return made


async def asks(made: AtTheDoor, label: str, **more: Any) -> None:
    question = {"id": "q1", "label": label, "kind": "text", "per": "registration", "is_required": True, **more}
    await db().forms.update_one({"_id": made.event.id}, {"$set": {"questions": [question]}}, upsert=True)


async def form_of(client: Client) -> dict[str, str]:
    page = await (await client.get("/door/walk-in")).get_data(as_text=True)
    nonce, kind = re.search(r'name="nonce" value="(\w+)"', page), re.search(r'<option value="(\w+)"', page)
    assert nonce
    assert kind
    return {"nonce": nonce[1], "ticket_type_id": kind[1]}


async def no_drift(made: AtTheDoor) -> None:
    await made.is_counted_right()
    assert (await audit.audit(made.event.id, now=NOW)).findings == []


async def test_somebody_without_a_ticket_is_registered_and_let_in(db: Database, app: Quart) -> None:
    made = await open_door()
    verdict = await made.comes_without("Ina Obst")
    assert (verdict.result, verdict.headline, verdict.name) == (Result.OK, "Welcome", "Ina Obst")
    (registration,) = (await listing.page(made.event, listing.Filter())).found
    assert (registration.state, registration.name) == ("confirmed", "Ina Obst")
    assert (await counts.numbers(made.event.id)).inside == 1
    assert (await made.scans(await the_ticket(made))).result is Result.ALREADY_IN
    await no_drift(made)


async def the_ticket(made: AtTheDoor) -> str:
    ticket = await db().tickets.find_one({"event_id": made.event.id})
    assert ticket
    return str(ticket["secret"])


async def test_nobody_is_let_in_beyond_what_there_is(db: Database, app: Quart) -> None:
    made = await open_door(3)
    asked = [made.comes_without(f"Guest {number}") for number in range(8)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["SoldOut"] * 5 + ["Verdict"] * 3
    assert (await counts.numbers(made.event.id)).inside == 3
    await no_drift(made)


async def test_whoever_waits_comes_before_a_walk_in(db: Database, app: Quart) -> None:
    made = await open_door(1)
    offered = await ticket_types.offered(made.event)
    held = await comes(offered, "Ana")
    await comes(offered, "Ben")
    with pytest.raises(SoldOut, match="1 waiting"):
        await made.comes_without()
    await ending.cancel(held.id, by="Ana", now=NOW)
    with pytest.raises(SoldOut):
        await made.comes_without()


async def test_the_same_form_sent_again_is_the_same_person(db: Database, app: Quart) -> None:
    made = await open_door()
    twice = [made.comes_without("Ina Obst", nonce="sent-twice") for _ in range(2)]
    first, second = await asyncio.gather(*twice)
    assert first == second
    assert (await counts.numbers(made.event.id)).inside == 1
    assert (await ticket_types.pools(made.event.id))[0].taken == 1


async def test_what_was_cut_off_between_the_two_steps_goes_on(
    db: Database, app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await open_door()

    async def gone(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as while_cut:
        while_cut.setattr(walk_ins.store, "redeem", gone)
        with pytest.raises(ConnectionError):
            await made.comes_without(nonce="the-same-one")
    assert (await made.comes_without(nonce="the-same-one")).is_ok
    assert (await ticket_types.pools(made.event.id))[0].taken == 1
    await no_drift(made)


async def test_a_list_takes_walk_ins_only_where_it_says_so(at_the_door: AtTheDoor) -> None:
    with pytest.raises(NotAllowed, match="without a ticket"):
        await at_the_door.comes_without()
    assert await db().registrations.count_documents({}) == 0


async def test_a_list_that_lets_nobody_in_registers_nobody(db: Database, app: Quart) -> None:
    made = await open_door(opens="2199-01-01T20:00")
    with pytest.raises(NotAllowed, match="yet"):
        await made.comes_without()
    assert await db.registrations.count_documents({}) == 0


async def test_a_walk_in_is_in_the_ledger_and_the_audit(db: Database, app: Quart) -> None:
    made = await open_door()
    await made.comes_without("Ina Obst")
    (registration,) = (await listing.page(made.event, listing.Filter())).found
    (line,) = await listing.history(registration)
    assert (line.who, line.what) == ("A phone at the door", "confirmed")
    records = (await found(made.event.organiser_id, Search())).records
    (record,) = [one for one in records if one.action == "walked in"]
    assert (record.who, record.sentence) == ("Ana's phone", "registered “Ina Obst, 1 ticket” at the door")


async def test_a_helper_registers_somebody_on_a_phone(db: Database, app: Quart) -> None:
    made = await open_door()
    await asks(made, "Diet")
    client = await phone(app, await linked(made))
    assert "Somebody without a ticket" in await text(await client.get("/door"))
    form = await form_of(client)
    missing = await client.post("/door/walk-in", form={**form, "email": "not one"})
    assert (missing.status_code, (await text(missing)).count("Please fill this in.")) == (422, 4)
    assert 'value="not one"' in await missing.get_data(as_text=True)
    answer = await client.post("/door/walk-in", form={**form, "name": "Ina Obst", "q.q1": "None"})
    assert "Welcome Ina Obst" in await text(answer)
    (registration,) = (await listing.page(made.event, listing.Filter())).found
    assert registration.answers == {"q1": "None"}


async def test_a_phone_says_when_there_is_no_room(db: Database, app: Quart) -> None:
    made = await open_door(1)
    client = await phone(app, await linked(made))
    await made.comes_without()
    full = await client.post("/door/walk-in", form={**await form_of(client), "name": "Ben"})
    assert (full.status_code, "Sold out." in await text(full)) == (422, True)
    assert 'value="Ben"' in await full.get_data(as_text=True)


async def test_a_list_without_walk_ins_has_no_form(app: Quart, at_the_door: AtTheDoor) -> None:
    client = await phone(app, await linked(at_the_door))
    assert "Somebody without a ticket" not in await text(await client.get("/door"))
    assert (await client.get("/door/walk-in")).status_code == 403
    form = {"nonce": new_id(), "name": "Ben", "ticket_type_id": at_the_door.event.id}
    assert (await client.post("/door/walk-in", form=form)).status_code in {403, 422}
