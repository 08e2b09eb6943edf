"""Clashes: somebody whom a phone without network let pass, and whom the server refused when it learnt of it.

They stay on the team's board until somebody there has seen them. Written again, a clash stays as it is, so that a phone
whose answer was lost can send once more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind as About
from webapp.audit.record import Subject
from webapp.belonging import belongs
from webapp.database import IndexModel, Session, db
from webapp.door.checkin import Kind, Scan, Standing
from webapp.door.wishes import Door
from webapp.errors import NotFound
from webapp.events.event import Event

SHOWN = 50
Document = Mapping[str, Any]

database.keep(
    "door_clashes",
    IndexModel(
        [("event_id", 1), ("happened_at", 1)], partialFilterExpression={"is_seen": False}, name="not_seen_by_the_team"
    ),
    images=True,
)
belongs("door_clashes")


class Clash(BaseModel):
    """Whom a phone let pass: why the server would not have, and who let them in before, where that is the reason."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    id: str = Field(alias="_id")
    name: str = ""
    reason: str
    before: str = ""
    before_at: datetime | None = None
    kind: Kind
    gate: str
    device: str = ""
    happened_at: datetime


async def note(door: Door, scan: Scan, reason: str, *, happened_at: datetime, now: datetime) -> None:
    """Keeps a clash. Names are not in it: they are those of the check-in with the same id."""
    values: dict[str, Any] = {
        "organiser_id": door.organiser_id,
        "event_id": door.event_id,
        "device_id": door.device_id,
        "gate": door.gate,
        "kind": scan.kind.value,
        "reason": reason,
        "happened_at": happened_at,
        "learnt_at": now,
        "is_seen": False,
    }
    query = {"_id": f"{door.device_id}:{scan.nonce}"}
    await db().door_clashes.update_one(query, {"$setOnInsert": values}, upsert=True)


async def unseen(event: Event) -> list[Clash]:
    """Those that nobody of the team has seen yet, the oldest first."""
    query = {"event_id": event.id, "organiser_id": event.organiser_id, "is_seen": False}
    found = await db().door_clashes.find(query).sort("happened_at", 1).limit(SHOWN).to_list(SHOWN)
    records = await _by_id("checkins", [one["_id"] for one in found])
    phones = await _by_id("door_devices", [one["device_id"] for one in found])
    return [Clash.model_validate({**one, **_names(one, records, phones)}) for one in found]


async def see(event: Event, clash_id: str, *, by: Actor, now: datetime) -> None:
    """Somebody of the team has seen it. Raises NotFound."""
    query = {"_id": clash_id, "event_id": event.id, "organiser_id": event.organiser_id}
    change = {"$set": {"is_seen": True, "seen_at": now, "seen_by": by.person_id}}

    async def keep(session: Session) -> None:
        found = await db().door_clashes.find_one_and_update(query, change, session=session)
        if found is None:
            raise NotFound("There is no such clash.")
        if not found["is_seen"]:
            subject = Subject(About.DOOR, clash_id, event.title, event.id)
            await audit.record(event.organiser_id, subject, "settled", by=by, now=now, session=session)

    await database.transaction(keep)


def before(known: Standing) -> str:
    """Where and by whom a ticket was let in before."""
    return ", ".join(part for part in (known.gate, f"by {known.device}" if known.device else "") if part)


async def _by_id(collection: str, ids: list[str]) -> dict[str, Document]:
    fields = {"name": 1, "device": 1, "standing": 1}
    return {one["_id"]: one async for one in db()[collection].find({"_id": {"$in": ids}}, fields)}


def _names(clash: Document, records: Mapping[str, Document], phones: Mapping[str, Document]) -> dict[str, Any]:
    """Of the check-in; where the server made none, of the phone alone."""
    record = records.get(clash["_id"])
    if record is None:
        return {"device": phones.get(clash["device_id"], {}).get("name", "")}
    known = Standing.model_validate(record["standing"])
    return {"name": record["name"], "device": record["device"], "before": before(known), "before_at": known.at}
