"""What an admin sees of organisers, and the one thing to do: giving one an owner when nobody can be asked any more."""

from dataclasses import dataclass
from datetime import datetime

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import INSTALLATION, Kind, Subject
from webapp.database import Session, db
from webapp.errors import Conflict
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser, Role
from webapp.people.person import Account

PAGE = 50


@dataclass(frozen=True)
class Entry:
    """An organiser with how many are in its team, and whether it has an owner who can sign in."""

    organiser: Organiser
    members: int
    is_orphaned: bool


@dataclass(frozen=True)
class Page:
    """A run of organisers by address; `after` is where the next one begins."""

    entries: list[Entry]
    after: str | None


async def found(after: str) -> Page:
    """Every organiser, in the order of the addresses."""
    query = {"deleted_at": None, "slug": {"$gt": after}}
    kept = await db().organisers.find(query).sort("slug", 1).limit(PAGE + 1).to_list(PAGE + 1)
    these = [Organiser.model_validate(one) for one in kept[:PAGE]]
    return Page([await entry(one) for one in these], these[-1].slug if len(kept) > PAGE else None)


async def entry(organiser: Organiser, session: Session | None = None) -> Entry:
    """An organiser as it stands now."""
    members = await db().members.find({"organiser_id": organiser.id}, session=session).to_list(None)
    owners = [one["person_id"] for one in members if one["role"] == Role.OWNER]
    able = {"_id": {"$in": owners}, "disabled_at": None}
    return Entry(organiser, len(members), await db().people.find_one(able, {"_id": 1}, session=session) is None)


async def transfer(organiser: Organiser, to: Account, *, by: Actor, now: datetime) -> None:
    """Makes somebody an owner. Raises Conflict while there is an owner who could do that."""

    async def keep(session: Session) -> None:
        await organisers.hold(organiser.id, session)
        if not (await entry(organiser, session)).is_orphaned:
            raise Conflict("This organiser has an owner who can sign in. Only an owner makes other owners.")
        await organisers.enter(organiser.id, to.id, Role.OWNER, now=now, session=session)
        about = Subject(Kind.ORGANISER, organiser.id, organiser.name)
        for log in (organiser.id, INSTALLATION):
            made = {"after": {"owner": to.name}}
            await audit.record(log, about, "transferred", by=by, now=now, session=session, **made)

    await database.transaction(keep)
