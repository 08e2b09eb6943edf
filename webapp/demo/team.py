"""The demo's organisers and the people in their teams, all with one password that is this installation's own.

Development only.
"""

import hashlib
import hmac
from datetime import datetime

from webapp.audit.actor import Actor, Via, command
from webapp.database import db
from webapp.demo.city import STUDIO, plans
from webapp.organisers import invitations, store
from webapp.organisers.organiser import Founding, Inviting, Organiser, Role
from webapp.people import passwords
from webapp.people import store as people
from webapp.people.person import Account

BY = command("The demo")
OWNER, NEIGHBOUR = "owner@example.org", "neighbour@example.org"
NAMES = {Role.MANAGER: "Mira", Role.EDITOR: "Eddy", Role.DOOR: "Dora"}
WORDS = (
    *("amber", "anchor", "autumn", "basket", "beacon", "birch", "bramble", "candle", "canvas", "cedar", "clover"),
    *("comet", "copper", "coral", "crane", "drizzle", "ember", "fable", "ferry", "fiddle", "garnet", "gravel"),
    *("harbour", "hazel", "heron", "indigo", "island", "juniper", "kettle", "lantern", "linen", "lobster", "maple"),
    *("marble", "meadow", "mosaic", "nettle", "nutmeg", "orchard", "otter", "paddle", "pebble", "pepper", "pigeon"),
    *("quartz", "quince", "raven", "ribbon", "river", "saddle", "saffron", "silver", "sparrow", "thimble", "thunder"),
    *("timber", "turnip", "velvet", "violet", "walnut", "willow", "window", "winter", "yarrow"),
)


def password_of(secret: str) -> str:
    """The same words for the same installation, and others for every other one."""
    digest = hmac.new(secret.encode(), b"the demo's people", hashlib.sha256).digest()
    return "-".join(WORDS[byte % len(WORDS)] for byte in digest[:5])


async def is_there() -> bool:
    """Whether the demo's people have been made."""
    return await people.by_email(OWNER) is not None


async def settle(password: str, now: datetime) -> dict[str, Organiser]:
    """Makes the people and the organisers; answers the organisers by name."""
    hashed = await passwords.hashed(password)
    owner = await people.add(name="Olive Owner", email=OWNER, password=hashed, now=now)
    neighbour = await people.add(name="Nell Neighbour", email=NEIGHBOUR, password=hashed, now=now)
    studio = await store.found(Founding(name=STUDIO), by=_acting(owner), now=now)
    for role in (Role.MANAGER, Role.EDITOR, Role.DOOR):
        member = await people.add(
            name=f"{NAMES[role]} {role.capitalize()}", email=f"{role}@example.org", password=hashed, now=now
        )
        await _join(studio, member, role, by=owner, now=now)
    names = sorted({plan.organiser for plan in plans()} - {STUDIO})
    others = [await store.found(Founding(name=name), by=_acting(neighbour), now=now) for name in names]
    return {one.name: one for one in (studio, *others)}


async def adopt(password: str, now: datetime) -> None:
    """Gives what belongs to no organiser yet to one of the demo's."""
    ownerless = {"organiser_id": {"$exists": False}}
    if not await db().events.find_one(ownerless, {"_id": 1}):
        return
    studio = (await settle(password, now))[STUDIO]
    for name in ("events", "revisions", "imports"):
        await db()[name].update_many(ownerless, {"$set": {"organiser_id": studio.id}})


async def let_in(password: str) -> bool:
    """Sees to it that this password is right; says whether the demo's people are there at all."""
    owner = await people.by_email(OWNER)
    if owner is None:
        return False
    if not await passwords.is_right(password, owner.password):
        emails = [NEIGHBOUR, *(f"{role}@example.org" for role in Role)]
        hashed = await passwords.hashed(password)
        await db().people.update_many({"email_key": {"$in": emails}}, {"$set": {"password": hashed}})
    return True


async def _join(organiser: Organiser, member: Account, role: Role, *, by: Account, now: datetime) -> None:
    invitation = await invitations.invite(organiser.id, Inviting(role=role), by=_acting(by), now=now)
    await invitations.accept(invitation, by=_acting(member), now=now)


def _acting(person: Account) -> Actor:
    return Actor(person.id, person.name, via=Via.COMMAND)
