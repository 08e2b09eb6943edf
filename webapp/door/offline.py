"""Makes the packs of check-in lists, and keeps them so that only what changed is sealed again."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from webapp.database import db
from webapp.door.checkin import WORDS, CheckInList
from webapp.door.devices import Device
from webapp.door.pack import Pack, packed
from webapp.door.sealed import Known, seal
from webapp.events.event import Event
from webapp.ticket_types import store as ticket_types

MOST = 200_000
"""Tickets in a pack: 236 bytes each, so 47 MB at most."""

FRESH_SECONDS = 10.0
REST = 10
"""A pack is left alone this many times as long as making it took: that never takes a worker more than a tenth."""

MOST_PACKS = 16
AT_ONCE = 200
# The driver decodes a batch in one go, and everybody else waits meanwhile.
READ_AT_ONCE = 2_000
KEPT_AFTER = timedelta(hours=24)
"""How long after the event's end a phone keeps a pack."""

Document = Mapping[str, Any]


@dataclass
class _Kept:
    """A pack that this worker made, and what it is made of. Times are of the monotonic clock."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    made_at: float = 0.0
    took: float = 0.0
    pack: Pack | None = None
    records: dict[str, tuple[Known, bytes]] = field(default_factory=dict)


_kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()


async def pack_of(event: Event, asked: CheckInList, *, public_key: str, max_age: float = FRESH_SECONDS) -> Pack:
    """The pack of a list as it was lately; made once for all phones of a worker."""
    key = event.id, asked.id
    kept = _kept.pop(key, None) or _Kept()
    _kept[key] = kept
    if len(_kept) > MOST_PACKS:
        _kept.popitem(last=False)
    async with kept.turn:
        began = time.monotonic()
        if kept.pack is None or began - kept.made_at > max_age + REST * kept.took:
            kept.pack = await _made(event, asked, public_key, kept)
            kept.made_at, kept.took = began, time.monotonic() - began
        return kept.pack


def until(event: Event, device: Device) -> datetime:
    """When a phone has to forget its pack."""
    return min(device.expires_at, event.ends_at + KEPT_AFTER)


async def _made(event: Event, asked: CheckInList, public_key: str, kept: _Kept) -> Pack:
    kinds = sorted((await ticket_types.names(event)).items())
    places = {type_id: at for at, (type_id, _) in enumerate(kinds)}
    fields = {"secret": 1, "state": 1, "name": 1, "ticket_type_id": 1, "former": 1}
    tickets = db().tickets.find({"event_id": event.id}, fields).sort("_id", -1)
    found = await tickets.batch_size(READ_AT_ONCE).to_list(MOST)
    standings = await _standings(event.id, asked.id)
    fresh: dict[str, tuple[Known, bytes]] = {}
    for number, ticket in enumerate(found):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        kind = places.get(ticket["ticket_type_id"], -1)
        _put(fresh, kept, event.id, ticket["secret"], _known(ticket, kind, standings.get(ticket["_id"], {})))
        for secret in ticket.get("former", ()):
            _put(fresh, kept, event.id, secret, Known("revoked", kind, ""))
    kept.records = fresh
    about = {**_about(event, asked, kinds), "public_key": public_key, "tickets": len(found)}
    about["is_whole"] = len(found) < MOST
    return await asyncio.to_thread(packed, about, [record for _, record in fresh.values()])


def _put(fresh: dict[str, tuple[Known, bytes]], kept: _Kept, event_id: str, secret: str, known: Known) -> None:
    before = kept.records.get(secret)
    fresh[secret] = before if before and before[0] == known else (known, seal(secret, event_id, known))


async def _standings(event_id: str, list_id: str) -> dict[str, Document]:
    standings = db().presence.find({"event_id": event_id}, {f"lists.{list_id}": 1})
    found = await standings.batch_size(READ_AT_ONCE).to_list(None)
    return {one["_id"]: one["lists"][list_id] for one in found if one.get("lists", {}).get(list_id)}


def _known(ticket: Document, kind: int, standing: Document) -> Known:
    at = standing.get("at")
    return Known(
        ticket["state"],
        kind,
        ticket["name"],
        standing.get("entries", 0),
        standing.get("is_inside", False),
        int(at.timestamp()) if at else 0,
        standing.get("gate", ""),
        standing.get("device", ""),
    )


def _about(event: Event, asked: CheckInList, kinds: list[tuple[str, str]]) -> dict[str, Any]:
    """What may be read without any code: the rules of the list and the names of ticket types."""
    return {
        "event_id": event.id,
        "list": {
            "id": asked.id,
            "name": asked.name,
            "entries": asked.entries.value,
            "ticket_type_ids": list(asked.ticket_type_ids),
            "opens_at": asked.opens_at.isoformat() if asked.opens_at else None,
            "closes_at": asked.closes_at.isoformat() if asked.closes_at else None,
            "trusts_codes": asked.trusts_codes,
        },
        "kinds": [list(one) for one in kinds],
        "words": {result.value: words for result, words in WORDS.items()},
    }
