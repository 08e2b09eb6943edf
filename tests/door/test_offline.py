"""The pack that a phone takes along, what a lost phone tells, and what becomes of scans made without network."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import AtTheDoor, linked, phone, text
from tests.door.test_questions import WAIVER, asks
from tests.team import browser, somebody
from webapp.database import db, new_id
from webapp.door import clashes, counts, offline, pack
from webapp.door.checkin import Ticket
from webapp.door.sealed import ID_BYTES, RECORD_BYTES, Known, seal

Told = dict[str, Any]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Packs of now."""
    monkeypatch.setattr(offline, "REST", 0)
    monkeypatch.setattr(offline.pack_of, "__kwdefaults__", {"max_age": -1.0})
    yield
    offline._kept.clear()


def parsed(body: bytes) -> tuple[Told, dict[int, bytes]]:
    """The head of a pack, and its buckets."""
    at = 4 + int.from_bytes(body[:4])
    head, buckets = json.loads(body[4:at]), {}
    for place, size, _ in head["buckets"]:
        buckets[place] = body[at : at + size]
        at += size
    return head, buckets


async def fetched(client: Client) -> tuple[Told, dict[int, bytes]]:
    answer = await client.get("/door/pack")
    assert answer.status_code == 200
    return parsed(await answer.get_data())  # type: ignore[arg-type]


def digests(*heads: Told) -> str:
    """What a phone sends of the pack that it has, of the parts that it got so far."""
    found = bytearray(pack.digests([b""] * heads[0]["spread"]))
    for head in heads:
        for at, _, digest in head["buckets"]:
            found[at * 4 : at * 4 + 4] = bytes.fromhex(digest)
    return b64encode(bytes(found)).decode()


async def in_parts(client: Client) -> tuple[list[Told], dict[int, bytes]]:
    """The heads of all the parts of a pack, and its buckets."""
    head, buckets = await fetched(client)
    heads = [head]
    while heads[-1]["left"]:
        answer = await client.post("/door/pack", form={"etag": heads[-1]["etag"], "have": digests(*heads)})
        head, more = parsed(await answer.get_data())  # type: ignore[arg-type]
        assert not buckets.keys() & more.keys()
        heads, buckets = [*heads, head], buckets | more
    return heads, buckets


def entry(ticket: Ticket, at: AtTheDoor, **more: Any) -> Told:
    """A scan as a phone keeps it."""
    return {"nonce": new_id(), "code": ticket.secret, "list_id": at.everybody.id, "kind": "entry", **more}


async def uploaded(client: Client, *entries: Told) -> list[Told]:
    answer = await client.post("/door/upload", form={"entries": json.dumps(entries)})
    assert answer.status_code == 200
    return list(json.loads(await answer.get_data(as_text=True)))


async def test_a_lost_phone_tells_no_name(app: Quart, at_the_door: AtTheDoor) -> None:
    sold = await at_the_door.sold("Ines Ober", "Benedikt Óscar", "Ana Meier")
    client = await phone(app, await linked(at_the_door))
    body = await (await client.get("/door/pack")).get_data()
    assert isinstance(body, bytes)
    for told in ("Ines", "Ober", "Benedikt", "Óscar", "Meier", "example.org", *(one.secret for one in sold)):
        assert told.casefold().encode() not in body.lower()
        assert told.encode().hex().encode() not in body
    assert b"Everybody" in body  # what is searched for would be found


async def test_every_record_is_equally_long_whatever_it_says() -> None:
    known = [Known("valid", 0, "I"), Known("valid", 0, "Ö" * 80, 99, True, 2**31, "Gate" * 20, "Phone" * 20)]
    known += [Known("valid", 0, '"\\' * 40, 2, True, 2**31, "\\" * 40, '"' * 40), Known("revoked", -1, "")]
    assert {len(seal("a secret of this ticket", "e", one)) for one in known} == {RECORD_BYTES}
    assert all(json.loads(one.text()) for one in known)


async def test_the_same_state_gives_the_same_bytes_and_another_a_new_nonce() -> None:
    before, after = Known("valid", 0, "Ines"), Known("cancelled", 0, "Ines")
    assert seal("secret", "e", before) == seal("secret", "e", before)
    nonces = {seal("secret", "e", one)[ID_BYTES : ID_BYTES + 12] for one in (before, after)}
    assert len(nonces) == 2


async def test_a_phone_that_has_the_pack_is_sent_nothing(app: Quart, at_the_door: AtTheDoor) -> None:
    await at_the_door.sold("Ines Ober", "Benedikt Moor")
    client = await phone(app, await linked(at_the_door))
    answer = await client.get("/door/pack")
    form = {"etag": answer.headers["ETag"].strip('"'), "have": ""}
    again = await client.post("/door/pack", form=form)
    assert (again.status_code, await again.get_data()) == (204, b"")
    assert datetime.fromisoformat(again.headers["Turnout-Now"]).tzinfo


async def test_a_phone_is_sent_what_changed_and_nothing_else(app: Quart, at_the_door: AtTheDoor) -> None:
    sold = await at_the_door.sold(*[f"Guest {number}" for number in range(300)])
    client = await phone(app, await linked(at_the_door))
    head, whole = await fetched(client)
    await at_the_door.scans(sold[7])
    await db().tickets.update_one({"_id": sold[9].id}, {"$set": {"state": "cancelled"}})
    form = {"etag": head["etag"], "have": digests(head)}
    later, changed = parsed(await (await client.post("/door/pack", form=form)).get_data())  # type: ignore[arg-type]
    assert 1 <= len(changed) <= 2
    assert later["etag"] != head["etag"]
    assert {**whole, **changed} == (await fetched(client))[1]


async def test_a_ticket_that_is_gone_leaves_the_pack(app: Quart, at_the_door: AtTheDoor) -> None:
    sold, client = await at_the_door.sold("Ines", "Ben"), await phone(app, await linked(at_the_door))
    head, _ = await fetched(client)
    await db().tickets.delete_one({"_id": sold[0].id})
    form = {"etag": head["etag"], "have": digests(head)}
    _, changed = parsed(await (await client.post("/door/pack", form=form)).get_data())  # type: ignore[arg-type]
    assert list(changed.values()) == [b""]


async def test_a_code_that_was_passed_on_is_in_the_pack_as_such(app: Quart, at_the_door: AtTheDoor) -> None:
    sold, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    await db().tickets.update_one({"_id": sold.id}, {"$set": {"secret": "b" * 28, "former": [sold.secret]}})
    _, buckets = await fetched(client)
    assert seal(sold.secret, sold.event_id, Known("revoked", -1, "")) in b"".join(buckets.values())


async def test_ten_thousand_tickets_are_less_than_two_and_a_half_megabytes(app: Quart, at_the_door: AtTheDoor) -> None:
    sold = await at_the_door.sold(*[f"Guest{number} Number" for number in range(10_000)])
    client = await phone(app, await linked(at_the_door))
    heads, buckets = await in_parts(client)
    assert sum(map(len, buckets.values())) < 2_500_000
    assert [bool(head["etag"]) for head in heads] == [False, False, True]
    assert {head["bytes"] for head in heads} == {len(sold) * RECORD_BYTES}
    assert sum(len(one) for one in buckets.values()) == len(sold) * RECORD_BYTES


async def test_a_part_is_as_large_as_it_may_be_and_one_bucket_at_least(
    app: Quart, at_the_door: AtTheDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_door.sold(*[f"Guest {number}" for number in range(40)])
    client = await phone(app, await linked(at_the_door))
    for most, parts in ((RECORD_BYTES * 10, range(4, 8)), (1, range(30, 41))):
        monkeypatch.setattr(pack, "PART_BYTES", most)
        heads, buckets = await in_parts(client)
        assert len(heads) in parts
        assert len(b"".join(buckets.values())) == 40 * RECORD_BYTES


async def test_what_is_sold_between_two_parts_comes_with_the_next(
    app: Quart, at_the_door: AtTheDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "PART_BYTES", RECORD_BYTES * 10)
    await at_the_door.sold(*[f"Guest {number}" for number in range(20)])
    client = await phone(app, await linked(at_the_door))
    first, buckets = await fetched(client)
    await at_the_door.sold("Late Guest")
    monkeypatch.undo()
    monkeypatch.setattr(offline.pack_of, "__kwdefaults__", {"max_age": -1.0})
    rest, more = parsed(await (await client.post("/door/pack", form={"have": digests(first)})).get_data())  # type: ignore[arg-type]
    assert (rest["left"], rest["tickets"]) == (0, 21)
    assert len(b"".join((buckets | more).values())) == 21 * RECORD_BYTES


def test_a_hundred_thousand_tickets_are_in_more_buckets_so_that_a_scan_stays_small() -> None:
    few, many = (
        pack.packed({}, (number.to_bytes(236, "little") for number in range(count))) for count in (20_480, 100_000)
    )
    assert (len(few.buckets), len(many.buckets)) == (pack.FEW, pack.MANY)
    assert max(map(len, many.buckets)) < 20 * RECORD_BYTES
    assert len(many.part(b"", {})) < 1.2 * pack.PART_BYTES
    # Digests of a pack that had fewer buckets say nothing.
    assert len(many.differing(few.digests)) == pack.MANY


async def test_the_pack_ends_with_the_link(app: Quart, at_the_door: AtTheDoor) -> None:
    link = await linked(at_the_door, hours=2)
    client = await phone(app, link)
    until = (await client.get("/door/pack")).headers["Turnout-Until"]
    assert datetime.fromisoformat(until) - link.expires_at < timedelta(seconds=1)
    assert (await app.test_client().get("/door/pack")).status_code == 404


async def test_what_was_scanned_without_network_is_learnt_once_and_in_order(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    at, began = datetime.now(UTC) - timedelta(minutes=3), datetime.now(UTC) - timedelta(hours=1)
    await db().door_devices.update_many({}, {"$set": {"created_at": began}})
    first = entry(ines, at_the_door, happened_at=at.isoformat())
    back = {"nonce": new_id(), "undoes": first["nonce"]}
    again = entry(ines, at_the_door)
    for _ in range(2):
        told = await uploaded(client, first, back, again)
        assert [one["headline"] for one in told] == ["Welcome", "Taken back", "Welcome"]
        assert not any(one["is_clash"] for one in told)
    kept = await db().checkins.find_one({"nonce": first["nonce"], "kind": "entry"})
    assert kept
    assert abs(kept["happened_at"] - at) < timedelta(milliseconds=2)
    assert kept["learnt_at"] > at + timedelta(minutes=2)
    assert (await counts.numbers(at_the_door.event.id)).inside == 1


async def test_who_could_not_be_asked_is_inside_all_the_same(app: Quart, at_the_door: AtTheDoor) -> None:
    await asks(at_the_door, WAIVER)
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    told = await uploaded(client, entry(ines, at_the_door))
    assert (told[0]["headline"], told[0]["is_clash"]) == ("Welcome", False)
    kept = await db().checkins.find_one({"ticket_id": ines.id})
    assert kept
    assert (kept["forced"], kept["reason"]) == (True, "Scanned without network")


async def test_one_that_is_refused_holds_up_none_and_is_told_to_the_team(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, ben = await at_the_door.sold("Ines Ober", "Ben Moor")
    await at_the_door.scans(ines)
    client = await phone(app, await linked(at_the_door))
    wrong = [{"nonce": "<>"}, {"nonce": new_id(), "happened_at": "never"}]
    elsewhere = entry(ben, at_the_door, list_id="another")
    told = await uploaded(client, *wrong, entry(ines, at_the_door), elsewhere, entry(ben, at_the_door))
    assert [one["is_clash"] for one in told] == [True, True, True, True, False]
    assert told[2]["headline"] == "Already in"
    assert (told[2]["before"], bool(told[2]["before_at"])) == ("Gate B, by Ana's phone", True)
    found = await clashes.unseen(at_the_door.event)
    assert [(one.name, one.device) for one in found if one.name] == [("Ines Ober", "Ana's phone")]
    assert len(found) == 2


async def test_somebody_of_the_team_sees_a_clash_and_it_goes(app: Quart, at_the_door: AtTheDoor) -> None:
    ines = await at_the_door.ticket("Ines Ober")
    await at_the_door.scans(ines)
    await uploaded(await phone(app, await linked(at_the_door)), entry(ines, at_the_door))
    owner, board = await browser(app, await somebody("olive")), f"{at_the_door.event.path}/door"
    assert "Let in without network, refused since" in await text(await owner.get(board))
    (clash,) = await clashes.unseen(at_the_door.event)
    assert (await owner.post(f"{board}/clashes/{clash.id}/seen")).status_code == 303
    assert "refused since" not in await text(await owner.get(board))
    assert await db().records.count_documents({"action": "settled"}) == 1
    assert (await owner.post(f"{board}/clashes/other/seen")).status_code == 404


async def test_what_is_sent_twice_clashes_once_and_stays_seen(app: Quart, at_the_door: AtTheDoor) -> None:
    ines, client = await at_the_door.ticket(), await phone(app, await linked(at_the_door))
    await at_the_door.scans(ines)
    late = entry(ines, at_the_door)
    await uploaded(client, late)
    (clash,) = await clashes.unseen(at_the_door.event)
    owner = await browser(app, await somebody("olive"))
    await owner.post(f"{at_the_door.event.path}/door/clashes/{clash.id}/seen")
    assert (await uploaded(client, late))[0]["is_clash"]
    assert await clashes.unseen(at_the_door.event) == []


@pytest.mark.parametrize("entries", ["", "{}", "[1]", "nonsense", json.dumps([{}] * 51)])
async def test_what_is_no_list_of_scans_is_refused(app: Quart, at_the_door: AtTheDoor, entries: str) -> None:
    client = await phone(app, await linked(at_the_door))
    assert (await client.post("/door/upload", form={"entries": entries})).status_code == 422


async def test_the_worker_sees_the_scanning_pages_alone(visitor: Client) -> None:
    answer = await visitor.get("/door/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/door"
    assert answer.headers["Cache-Control"] == "no-cache"
