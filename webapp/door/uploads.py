"""What a phone kept while it had no network, and what becomes of it: every entry gets an answer of its own."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from webapp.door import clashes, store
from webapp.door.checkin import NONCE, Kind, Result, Scan, Verdict, happened
from webapp.door.devices import Device
from webapp.door.lists import Gate
from webapp.door.wishes import Door
from webapp.errors import Invalid, TurnoutError, Unavailable

AT_ONCE = 50
UNREADABLE = "This scan could not be read."
TAKEN_BACK = "Taken back"
UNASKED = "Scanned without network"


class Entry(BaseModel):
    """A scan that a phone let pass, or (with `undoes`, the nonce of a scan) one that it took back."""

    model_config = ConfigDict(frozen=True)

    nonce: str = Field(pattern=NONCE)
    code: str = Field("", max_length=400)
    ticket_id: str = Field("", max_length=80)
    list_id: str = Field("", max_length=80)
    gate_id: str = Field("", max_length=80)
    kind: Kind = Kind.ENTRY
    happened_at: Annotated[datetime | None, BeforeValidator(lambda value: value or None)] = None
    undoes: str = Field("", pattern=rf"^$|{NONCE}")
    reason: str = Field("", max_length=200)


class Told(BaseModel):
    """What the phone hears of one entry. `is_kept` says that the server knows it now, so the phone may forget it."""

    nonce: str
    is_kept: bool = True
    is_clash: bool = False
    headline: str = ""
    name: str = ""
    before: str = ""
    before_at: datetime | None = None


_several = TypeAdapter(list[dict[str, Any]])


async def learn(device: Device, gates: list[Gate], list_ids: set[str], text: str, *, now: datetime) -> list[Told]:
    """Learns of what a phone kept, in its order. `text` is JSON. Raises Invalid when it is no list of entries."""
    try:
        given = _several.validate_json(text)
    except ValidationError:
        raise Invalid({"entries": "This is no list of scans."}) from None
    if len(given) > AT_ONCE:
        raise Invalid({"entries": f"Send {AT_ONCE} at once at most."})
    named = {one.id: one for one in gates}
    # Begun in their order: what waits for one transaction is granted in the order in which it came.
    return await asyncio.gather(*(_learn(device, named, list_ids, one, now) for one in given))


async def _learn(
    device: Device, gates: dict[str, Gate], list_ids: set[str], given: dict[str, Any], now: datetime
) -> Told:
    nonce = str(given.get("nonce", ""))[:64]
    try:
        entry = Entry.model_validate(given)
    except ValidationError:
        return Told(nonce=nonce, is_clash=True, headline=UNREADABLE)
    gate = gates.get(entry.gate_id)
    where = (gate.id, gate.name) if gate else ("", "")
    door = Door(device.organiser_id, device.event_id, device.id, device.name, *where, since=device.since)
    if entry.undoes:
        return await _take_back(door, entry, device.by, now)
    return await _redeem(door, entry, list_ids, device.by, now)


async def _redeem(door: Door, entry: Entry, list_ids: set[str], by: str, now: datetime) -> Told:
    told: Verdict | TurnoutError
    values = entry.model_dump(include={"code", "ticket_id", "nonce", "happened_at", "kind"})
    scan = Scan.model_validate({**values, "list_id": entry.list_id or "none"})
    try:
        if scan.list_id not in list_ids:
            raise Invalid({"": "This phone's link is not good for that check-in list any more."})
        told = await store.redeem(door, scan, by=by, now=now)
        if told.result is Result.INCOMPLETE:
            # They are inside; nothing was written yet, so the same scan is told that it was not asked.
            told = await store.redeem(door, scan.model_copy(update={"force": UNASKED}), by=by, now=now)
    except Unavailable as away:
        return Told(nonce=entry.nonce, is_kept=False, headline=str(away))
    except TurnoutError as refused:
        told = refused
    if isinstance(told, Verdict) and told.is_ok:
        return Told(nonce=entry.nonce, headline=told.headline, name=told.name)
    reason = told.headline if isinstance(told, Verdict) else str(told)
    await clashes.note(door, scan, reason, happened_at=happened(scan, now, door.since), now=now)
    clash = Told(nonce=entry.nonce, is_clash=True, headline=reason)
    return clash.model_copy(update=_of_before(told)) if isinstance(told, Verdict) else clash


def _of_before(told: Verdict) -> dict[str, Any]:
    """Who was let in before, and where, where that is the reason."""
    if told.result is not Result.ALREADY_IN:
        return {"name": told.name}
    return {"name": told.name, "before": clashes.before(told.standing), "before_at": told.standing.at}


async def _take_back(door: Door, entry: Entry, by: str, now: datetime) -> Told:
    check_in_id = f"{door.device_id}:{entry.undoes}"
    try:
        told = await store.undo(door, check_in_id, reason=entry.reason, by=by, now=now)
    except Unavailable as away:
        return Told(nonce=entry.nonce, is_kept=False, headline=str(away))
    except TurnoutError as refused:
        return Told(nonce=entry.nonce, is_clash=True, headline=str(refused))
    return Told(nonce=entry.nonce, headline=TAKEN_BACK, name=told.name)
