"""How organisers and their teams are kept. Whatever changes a team holds the organiser's document first.

A person's document has a copy of their roles, written in the same transaction: recognising somebody finds both at once.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from webapp import database, due, together
from webapp.audit import store as audit
from webapp.audit.actor import CLOCK, Actor
from webapp.audit.record import INSTALLATION, Kind, Subject
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, EditedMeanwhile, NotAllowed, NotFound
from webapp.organisers.organiser import Founding, Member, Organiser, Profile, Role, Teammate, may_give, slug_of
from webapp.people import ties

TOO_LOW = "Only somebody with a higher role in the team may do this; ask an owner."
LAST_OWNER = "There is no other owner. Make somebody else an owner first."

Clear = Callable[[str, datetime], Awaitable[None]]
_clearing: list[Clear] = []

database.keep("organisers", IndexModel("slug", unique=True), IndexModel("deleted_at", sparse=True))
database.keep("members", IndexModel([("organiser_id", 1), ("role", 1)]), IndexModel("person_id"), images=True)
_by_slug, _by_id = together.documents("organisers", "slug"), together.documents("organisers")


async def found(founding: Founding, *, by: Actor, now: datetime) -> Organiser:
    """A new organiser, whose owner is whoever founds it."""
    slug = slug_of(founding.name)
    for attempt in range(6):
        free = slug if not attempt else f"{slug}-{database.new_id()[: 2 + attempt]}"
        new = Organiser.model_validate(
            {"_id": database.new_id(), "name": founding.name, "slug": free, "created_at": now}
        )
        try:
            await database.transaction(lambda session, new=new: _insert(new, by, now, session))  # type: ignore[misc]
        except DuplicateKeyError:
            continue
        return new
    raise Conflict("That name is taken by too many organisers; change it a little.")


async def get(organiser_id: str) -> Organiser:
    """Raises NotFound."""
    return _or_not_found(await _by_id.ask(organiser_id))


async def by_slug(slug: str) -> Organiser:
    """The organiser at an address. Raises NotFound."""
    return _or_not_found(await _by_slug.ask(slug))


async def among(organiser_ids: Iterable[str]) -> list[Organiser]:
    """Those of these organisers that there are, by name."""
    query = {"_id": {"$in": list(organiser_ids)}, "deleted_at": None}
    found = await db().organisers.find(query).sort([("name", 1), ("_id", 1)]).to_list(None)
    return [Organiser.model_validate(one) for one in found]


async def every() -> list[Organiser]:
    """All organisers, by name."""
    found = await db().organisers.find({"deleted_at": None}).sort([("name", 1), ("_id", 1)]).to_list(None)
    return [Organiser.model_validate(one) for one in found]


async def describe(
    organiser_id: str, profile: Profile, *, seen: Organiser | None = None, by: Actor, now: datetime
) -> Organiser:
    """Other words about an organiser; its address stays. Raises EditedMeanwhile where it is not as it was `seen`."""
    change = {"$set": {**profile.model_dump(), "changed_at": now, "changed_by": by.person_id}}
    query = {"_id": organiser_id, "deleted_at": None}

    async def keep(session: Session) -> Organiser:
        was = _or_not_found(await db().organisers.find_one_and_update(query, change, session=session))
        before = said(was)
        if seen and before != said(seen):
            raise EditedMeanwhile
        sides = {"before": before, "after": profile.model_dump()}
        await audit.record(organiser_id, _about(was), "described", by=by, now=now, session=session, **sides)
        return was.model_copy(update=profile.model_dump())

    return await database.transaction(keep)


def said(of: Organiser) -> dict[str, Any]:
    """What an organiser says of itself."""
    return of.model_dump(include=set(Profile.model_fields))


async def answers_go_to(organiser_id: str) -> str:
    """Where people may answer to what an organiser wrote; "" where it did not say."""
    found = await db().organisers.find_one({"_id": organiser_id}, {"email": 1})
    return str(found.get("email", "")) if found else ""


async def delete(organiser_id: str, *, by: Actor, now: datetime) -> None:
    """Ends an organiser and its team; its events follow. Raises Conflict while it has published events to come."""

    async def end(session: Session) -> None:
        await hold(organiser_id, session)
        coming = {"organiser_id": organiser_id, "state": "published", "phase": {"$ne": "over"}, "deleted_at": None}
        if await db().events.find_one(coming, {"_id": 1}, session=session):
            raise Conflict("It has published events to come. Cancel or delete them first: people may count on them.")
        ended = {"$set": {"deleted_at": now, "deleted_by": by.person_id}}
        found = await db().organisers.find_one_and_update({"_id": organiser_id}, ended, session=session)
        about = _about(_or_not_found(found))
        for log in (organiser_id, INSTALLATION):
            await audit.record(log, about, "deleted", by=by, now=now, session=session)
        await db().invitations.delete_many({"organiser_id": organiser_id}, session=session)
        await db().members.delete_many({"organiser_id": organiser_id}, session=session)
        copies = f"roles.{organiser_id}"
        await db().people.update_many({copies: {"$exists": True}}, {"$unset": {copies: ""}}, session=session)

    await database.transaction(end)


def clears(work: Clear) -> Clear:
    """Registers `work(organiser_id, now)`, which takes away what is left of a deleted organiser; it may run twice."""
    _clearing.append(work)
    return work


@due.job(due.When("organisers", "deleted_at"))
async def clear_up(now: datetime) -> int:
    """Takes away what deleted organisers leave: as many events as there may be do not fit into one transaction."""
    gone = await db().organisers.find({"deleted_at": {"$type": "date"}}, {"name": 1}).to_list(20)
    for one in gone:
        for work in _clearing:
            await work(one["_id"], now)
        await _forget(one["_id"], one["name"], now)
    return len(gone)


async def team(organiser_id: str) -> list[Teammate]:
    """Everybody in a team, the highest role first."""
    members = await db().members.find({"organiser_id": organiser_id}).to_list(None)
    people = db().people.find({"_id": {"$in": [one["person_id"] for one in members]}}, {"name": 1})
    names = {one["_id"]: one["name"] async for one in people}
    found = [Teammate.model_validate({**one, "name": names.get(one["person_id"], "")}) for one in members]
    return sorted(found, key=lambda one: (-one.role.rank, one.name.casefold(), one.person_id))


async def teammate(organiser_id: str, person_id: str) -> Teammate:
    """Raises NotFound."""
    for one in await team(organiser_id):
        if one.person_id == person_id:
            return one
    raise NotFound("This person is not in the team; they may have left.")


async def memberships(person_id: str) -> list[Member]:
    """Every team that somebody is in."""
    found = await db().members.find({"person_id": person_id}).sort("since", 1).to_list(None)
    return [Member.model_validate(one) for one in found]


async def role_of(organiser_id: str, person_id: str, session: Session | None = None) -> Role | None:
    """The role of somebody in a team."""
    found = await db().members.find_one({"_id": _key(organiser_id, person_id)}, {"role": 1}, session=session)
    return Role(found["role"]) if found else None


async def appoint(
    organiser_id: str, person_id: str, role: Role, *, seen: Role | None = None, by: Actor, now: datetime
) -> None:
    """Another role for somebody in the team.

    Raises NotAllowed, Conflict where no owner would be left, and EditedMeanwhile where it is not the one `seen`.
    """

    async def keep(session: Session) -> None:
        was = await _check(organiser_id, person_id, by, session, role)
        if seen not in (None, was):
            raise EditedMeanwhile
        if role is not Role.OWNER:
            await _spare_the_last_owner(organiser_id, person_id, session)
        await enter(organiser_id, person_id, role, now=now, session=session)
        sides = {"before": {"role": was}, "after": {"role": role}}
        await note(organiser_id, person_id, "appointed", by=by, now=now, session=session, **sides)

    await database.transaction(keep)


async def remove(organiser_id: str, person_id: str, *, by: Actor, now: datetime) -> None:
    """Takes somebody out of the team. Raises NotAllowed, and Conflict where no owner would be left."""

    async def keep(session: Session) -> None:
        was = await _check(organiser_id, person_id, by, session)
        await _take_out(organiser_id, person_id, session)
        await note(organiser_id, person_id, "removed", by=by, now=now, session=session, before={"role": was})

    await database.transaction(keep)


async def leave(organiser_id: str, *, by: Actor, now: datetime) -> None:
    """Takes oneself out of the team. Raises Conflict for the last owner."""

    async def keep(session: Session) -> None:
        await hold(organiser_id, session)
        was = {"role": await role_of(organiser_id, by.person_id, session)}
        await _take_out(organiser_id, by.person_id, session)
        await note(organiser_id, by.person_id, "left", by=by, now=now, session=session, before=was)

    await database.transaction(keep)


async def enter(organiser_id: str, person_id: str, role: Role, *, now: datetime, session: Session) -> None:
    """Writes a role where it is kept and where it is read. The caller has checked that it may be so."""
    there = {"organiser_id": organiser_id, "person_id": person_id, "role": role}
    change = {"$set": there, "$setOnInsert": {"since": now}}
    await db().members.update_one({"_id": _key(organiser_id, person_id)}, change, upsert=True, session=session)
    copy = {"$set": {f"roles.{organiser_id}": role}}
    await db().people.update_one({"_id": person_id}, copy, session=session)


@ties.told
async def tell(person_id: str) -> dict[str, Any]:
    """The teams of a person, for the person."""
    mine = {one.organiser_id: one for one in await memberships(person_id)}
    return {
        "organisers": [
            {"name": one.name, "address": one.path, "role": mine[one.id].role, "since": mine[one.id].since.isoformat()}
            for one in await among(mine)
        ]
    }


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Takes a person out of every team. Raises Conflict for the last owner of an organiser."""
    for one in await db().members.find({"person_id": person_id}, session=session).to_list(None):
        organiser = await get(one["organiser_id"])
        await hold(organiser.id, session)
        try:
            await _take_out(organiser.id, person_id, session)
            gone, about = Actor(person_id, ""), Subject(Kind.TEAM, person_id)
            now = datetime.now(UTC)
            await audit.record(organiser.id, about, "left", by=gone, now=now, session=session)
        except Conflict:
            raise Conflict(
                f"You are the only owner of “{organiser.name}”. Make somebody else an owner, or delete that organiser; "
                "then you can delete your account."
            ) from None


async def note(
    organiser_id: str,
    person_id: str,
    action: str,
    *,
    by: Actor,
    now: datetime,
    session: Session,
    **sides: Mapping[str, Any],
) -> None:
    """Records what happened to somebody's place in a team."""
    person = await db().people.find_one({"_id": person_id}, {"name": 1}, session=session)
    about = Subject(Kind.TEAM, person_id, person["name"] if person else "")
    await audit.record(organiser_id, about, action, by=by, now=now, session=session, **sides)


async def _insert(new: Organiser, by: Actor, now: datetime, session: Session) -> None:
    await db().organisers.insert_one(new.model_dump(by_alias=True), session=session)
    await enter(new.id, by.person_id, Role.OWNER, now=now, session=session)
    for log in (new.id, INSTALLATION):
        await audit.record(log, _about(new), "founded", by=by, now=now, session=session)


async def _forget(organiser_id: str, name: str, now: datetime) -> None:
    async def end(session: Session) -> None:
        # Two workers may clear up the same one; whoever takes it away says so.
        if not (await db().organisers.delete_one({"_id": organiser_id}, session=session)).deleted_count:
            return
        about = Subject(Kind.ORGANISER, organiser_id, name)
        await audit.record(INSTALLATION, about, "cleared up", by=CLOCK, now=now, session=session)

    await database.transaction(end)


def _about(organiser: Organiser) -> Subject:
    return Subject(Kind.ORGANISER, organiser.id, organiser.name)


async def hold(organiser_id: str, session: Session) -> None:
    """Lets nobody else change this team until the transaction ends; a second one is repeated and sees what is then.

    Raises NotFound.
    """
    held = await db().organisers.update_one(
        {"_id": organiser_id, "deleted_at": None}, {"$inc": {"team_version": 1}}, session=session
    )
    if not held.matched_count:
        _or_not_found(None)


async def _check(organiser_id: str, person_id: str, by: Actor, session: Session, *roles: Role) -> Role:
    await hold(organiser_id, session)
    theirs = await role_of(organiser_id, person_id, session)
    if theirs is None:
        raise NotFound("This person is not in the team any more.")
    if not may_give(await role_of(organiser_id, by.person_id, session), theirs, *roles):
        raise NotAllowed(TOO_LOW)
    return theirs


async def _take_out(organiser_id: str, person_id: str, session: Session) -> None:
    await _spare_the_last_owner(organiser_id, person_id, session)
    await db().members.delete_one({"_id": _key(organiser_id, person_id)}, session=session)
    await db().people.update_one({"_id": person_id}, {"$unset": {f"roles.{organiser_id}": ""}}, session=session)


async def _spare_the_last_owner(organiser_id: str, person_id: str, session: Session) -> None:
    owners = await db().members.find({"organiser_id": organiser_id, "role": Role.OWNER}, session=session).to_list(2)
    if [one["person_id"] for one in owners] == [person_id]:
        raise Conflict(LAST_OWNER)


def _key(organiser_id: str, person_id: str) -> str:
    return f"{organiser_id}:{person_id}"


def _or_not_found(document: Mapping[str, Any] | None) -> Organiser:
    if document is None or document.get("deleted_at"):
        raise NotFound("There is no such organiser; it may have been deleted.")
    return Organiser.model_validate(document)
