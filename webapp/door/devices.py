"""How door links and the devices that scan are kept. A device is known by a secret in its cookie, kept as a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from webapp import database, due, together
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind as About
from webapp.audit.record import Subject
from webapp.belonging import belongs
from webapp.database import IndexModel, Session, db
from webapp.door import lists
from webapp.door.checkin import CheckInList, Kept, Kind
from webapp.door.lists import Gate
from webapp.door.making import DeviceForm, LinkForm, PlaceForm
from webapp.errors import Conflict, NotAllowed, NotFound
from webapp.events.event import Event
from webapp.walls import signing

LINK = "door link"
ENROLLED_AGAIN = timedelta(days=1)
SEEN_EVERY = timedelta(seconds=20)
SILENT_AFTER = timedelta(minutes=2)
MOST_LINKS, MOST_DEVICES = 200, 500
GONE = "This door link was taken back or is too old. Ask whoever gave it to you for a new one."

database.keep("door_links", IndexModel("event_id"), IndexModel("expires_at", expireAfterSeconds=0), images=True)
database.keep(
    "door_devices",
    IndexModel("key", unique=True),
    IndexModel([("event_id", 1), ("created_at", 1)]),
    IndexModel("link_id"),
    IndexModel([("is_silent", 1), ("seen_at", 1)]),
    IndexModel("expires_at", expireAfterSeconds=86_400),
    images=True,
)
for name in ("door_links", "door_devices"):
    belongs(name)
_by_key = together.documents("door_devices", "key")


class Link(Kept):
    """A way for helpers to scan without an account. Its id opens nothing; the address has it signed."""

    organiser_id: str
    event_id: str
    name: str
    list_ids: tuple[str, ...] = ()
    gate_ids: tuple[str, ...] = ()
    may_force: bool = False
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def path(self) -> str:
        return f"/door/{signing.sign_for_good(LINK, self.id)}"


class Device(Kept):
    """A phone at the door."""

    organiser_id: str
    event_id: str
    link_id: str
    name: str
    list_ids: tuple[str, ...] = ()
    gate_ids: tuple[str, ...] = ()
    may_force: bool = False
    list_id: str = ""
    gate_id: str = ""
    kind: Kind = Kind.ENTRY
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_silent: bool = False

    @property
    def since(self) -> datetime:
        """Before this it scanned nothing: what it kept without network may be older than its opening a link again."""
        return self.created_at - ENROLLED_AGAIN

    @property
    def by(self) -> str:
        """Who acts, in a record."""
        return f"device {self.id}"

    def lists_among(self, lists: list[CheckInList]) -> list[CheckInList]:
        """Those that its link is good for."""
        return [one for one in lists if not self.list_ids or one.id in self.list_ids]

    def gates_among(self, gates: list[Gate]) -> list[Gate]:
        """Those that its link is good for."""
        return [one for one in gates if not self.gate_ids or one.id in self.gate_ids]


async def add_link(event: Event, given: LinkForm, *, by: Actor, now: datetime) -> Link:
    """A new door link. Raises Conflict when there are too many."""
    if len(await links(event)) >= MOST_LINKS:
        raise Conflict("There are two hundred door links; take some back first.")
    values = {"_id": database.new_id(), "organiser_id": event.organiser_id, "event_id": event.id, "revoked_at": None}
    given_values = given.model_dump(include={"name", "list_ids", "gate_ids", "may_force"})
    link = Link.model_validate({**values, **given_values, "expires_at": now + given.lasts})
    kept = {**link.model_dump(by_alias=True), "created_at": now, "by": by.person_id}
    shown = {
        "lists": [one.name for one in await lists.of(event) if one.id in link.list_ids],
        "gates": [one.name for one in await lists.gates(event) if one.id in link.gate_ids],
        "may_force": link.may_force,
        "expires_at": link.expires_at,
    }

    async def keep(session: Session) -> None:
        await db().door_links.insert_one(kept, session=session)
        await audit.record(event.organiser_id, _about(link), "admitted", after=shown, by=by, now=now, session=session)

    await database.transaction(keep)
    return link


async def links(event: Event) -> list[Link]:
    """The door links of an event that were not taken back, the latest first."""
    query = {"event_id": event.id, "organiser_id": event.organiser_id, "revoked_at": None}
    found = await db().door_links.find(query).sort([("created_at", -1), ("_id", 1)]).to_list(MOST_LINKS)
    return [Link.model_validate(one) for one in found]


async def revoke(event: Event, link_id: str, *, by: Actor, now: datetime) -> list[str]:
    """Takes a link back; its devices are shut out at once, and their ids answered. Raises NotFound."""

    async def end(session: Session) -> None:
        query = {"_id": link_id, "event_id": event.id, "organiser_id": event.organiser_id}
        change = {"$set": {"revoked_at": now, "revoked_by": by.person_id}}
        found = await db().door_links.find_one_and_update(query, change, session=session)
        if found is None:
            raise NotFound("There is no such door link.")
        if found["revoked_at"] is None:
            gone = _about(Link.model_validate(found))
            await audit.record(event.organiser_id, gone, "shut out", by=by, now=now, session=session)
        await db().door_devices.update_many({"link_id": link_id}, {"$set": _ended(now)}, session=session)

    await database.transaction(end)
    return [one["_id"] for one in await db().door_devices.find({"link_id": link_id}, {"_id": 1}).to_list(None)]


async def by_link(text: str, *, now: datetime) -> Link:
    """The link behind an address. Raises NotFound when it was taken back or is too old."""
    link_id = signing.read_for_good(LINK, text)
    query = {"_id": link_id, "revoked_at": None, "expires_at": {"$gt": now}}
    found = await db().door_links.find_one(query) if link_id else None
    if found is None:
        raise NotFound(GONE)
    return Link.model_validate(found)


async def enrol(link: Link, given: DeviceForm, *, now: datetime) -> tuple[str, Device]:
    """A new device by a link; answers the secret for its cookie, 160 random bits that exist nowhere else."""
    if await db().door_devices.count_documents({"event_id": link.event_id}) >= MOST_DEVICES:
        raise NotAllowed("There are five hundred devices at this door already.")
    secret = secrets.token_urlsafe(20)
    of_link = link.model_dump(include={"organiser_id", "event_id", "list_ids", "gate_ids", "may_force", "expires_at"})
    values = {"_id": database.new_id(), **of_link, "link_id": link.id, "name": given.name}
    values |= {"created_at": now, "seen_at": now}
    device = Device.model_validate(values)
    document = {**device.model_dump(by_alias=True), "key": _key(secret)}

    async def enter(session: Session) -> None:
        # Written to, so that a link that is taken back meanwhile leaves no device behind.
        query = {"_id": link.id, "revoked_at": None}
        if not (await db().door_links.update_one(query, {"$set": {"used_at": now}}, session=session)).matched_count:
            raise NotFound(GONE)
        await db().door_devices.insert_one(document, session=session)

    await database.transaction(enter)
    return secret, device


async def recognise(secret: str, *, now: datetime) -> Device | None:
    """The device with this secret, while its link is good; notes now and then that it was seen."""
    found = await _by_key.ask(_key(secret))
    if found is None or found["expires_at"] <= now:
        return None
    device = Device.model_validate(found)
    if device.is_silent or now - device.seen_at > SEEN_EVERY:
        await db().door_devices.update_one({"_id": device.id}, {"$set": {"seen_at": now, "is_silent": False}})
    return device


async def is_still(device_id: str, *, now: datetime) -> bool:
    """Whether a device may still scan."""
    return await db().door_devices.find_one({"_id": device_id, "expires_at": {"$gt": now}}, {"_id": 1}) is not None


async def move(device: Device, given: PlaceForm) -> None:
    """Puts a device to another list, gate or direction."""
    change: dict[str, Any] = {"$set": given.model_dump()}
    await db().door_devices.update_one({"_id": device.id}, change)


async def leave(device: Device, *, now: datetime) -> None:
    """Ends a device."""
    await db().door_devices.update_one({"_id": device.id}, {"$set": _ended(now)})


async def at(event_id: str) -> list[Device]:
    """The devices of an event that were not ended, in the order they came."""
    query = {"event_id": event_id, "has_ended": None}
    found = await db().door_devices.find(query).sort([("created_at", 1), ("_id", 1)]).to_list(MOST_DEVICES)
    return [Device.model_validate(one) for one in found]


@due.job(due.When("door_devices", "seen_at", after=SILENT_AFTER, among={"is_silent": False}))
async def fall_silent(now: datetime) -> int:
    """Marks devices that nobody has heard of for a while; says how many. Safe to run on every worker."""
    query = {"is_silent": False, "seen_at": {"$lte": now - SILENT_AFTER}}
    return (await db().door_devices.update_many(query, {"$set": {"is_silent": True}})).modified_count


def _about(link: Link) -> Subject:
    return Subject(About.DOOR, link.id, link.name, link.event_id)


def _ended(now: datetime) -> dict[str, Any]:
    return {"expires_at": now, "is_silent": True, "has_ended": True}


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
