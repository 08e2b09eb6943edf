"""How invitations are kept: each leads one person into a team, once, while its maker could still give the role."""

from datetime import datetime

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.database import IndexModel, Session, db
from webapp.errors import Conflict, NotAllowed, NotFound
from webapp.mail import store as mails
from webapp.organisers import letters, store
from webapp.organisers.organiser import INVITATION_LASTS, Invitation, Inviting, may_give

USED = "This invitation was used, taken back, or is too old. Ask for a new one."
MOST_OPEN = 100

database.keep("invitations", IndexModel("organiser_id"), IndexModel("expires_at", expireAfterSeconds=0), images=True)


async def invite(organiser_id: str, asked: Inviting, *, by: Actor, now: datetime) -> Invitation:
    """A new invitation, mailed where there is an address. Raises NotAllowed for a role above one's own."""
    values = {"organiser_id": organiser_id, "role": asked.role, "email": asked.email or "", "by": by.person_id}
    dates = {"created_at": now, "expires_at": now + INVITATION_LASTS}
    new = Invitation.model_validate({"_id": database.new_id(), **values, **dates})

    async def keep(session: Session) -> None:
        if not may_give(await store.role_of(organiser_id, by.person_id, session), asked.role):
            raise NotAllowed(store.TOO_LOW)
        if await db().invitations.count_documents({"organiser_id": organiser_id}, session=session) >= MOST_OPEN:
            raise Conflict("There are a hundred open invitations. Take some back first.")
        await db().invitations.insert_one(new.model_dump(by_alias=True), session=session)
        made = {"after": {"role": new.role, "by_mail": bool(new.email)}}
        await audit.record(organiser_id, _about(new), "invited", by=by, now=now, session=session, **made)
        if new.email:
            await mails.post(letters.invitation(new), to=new.email, now=now, session=session)

    await database.transaction(keep)
    return new


async def open_ones(organiser_id: str) -> list[Invitation]:
    """Those that nobody has used yet, the latest first."""
    found = await db().invitations.find({"organiser_id": organiser_id}).sort("created_at", -1).to_list(MOST_OPEN)
    return [Invitation.model_validate(one) for one in found]


async def get(organiser_id: str, invitation_id: str, *, now: datetime) -> Invitation:
    """An invitation into this team. Raises NotFound."""
    return await _open(now, _id=invitation_id, organiser_id=organiser_id)


async def by_link(invitation_id: str | None, *, now: datetime) -> Invitation:
    """The invitation that a link carries. Raises NotFound."""
    return await _open(now, _id=str(invitation_id))


async def take_back(organiser_id: str, invitation_id: str, *, by: Actor, now: datetime) -> None:
    """Lets an invitation lead nowhere. Raises NotFound."""

    async def end(session: Session) -> None:
        theirs = {"_id": invitation_id, "organiser_id": organiser_id}
        gone = await db().invitations.find_one_and_delete(theirs, session=session)
        if gone is None:
            raise NotFound(USED)
        was, about = {"role": gone["role"]}, _about(Invitation.model_validate(gone))
        await audit.record(organiser_id, about, "took back", by=by, now=now, session=session, before=was)

    await database.transaction(end)


async def accept(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """Uses an invitation up and takes somebody into the team. Raises NotFound and Conflict."""
    theirs = invitation.organiser_id

    async def enter(session: Session) -> None:
        await store.hold(theirs, session)
        used = await db().invitations.delete_one({"_id": invitation.id, "expires_at": {"$gt": now}}, session=session)
        if not used.deleted_count or not may_give(await store.role_of(theirs, invitation.by, session), invitation.role):
            raise NotFound(USED)
        already = await store.role_of(theirs, by.person_id, session)
        if already:
            raise Conflict(f"You are in this team already, as {already.article}.")
        await store.enter(theirs, by.person_id, invitation.role, now=now, session=session)
        await store.note(
            theirs, by.person_id, "joined", by=by, now=now, session=session, after={"role": invitation.role}
        )

    await database.transaction(enter)


def _about(invitation: Invitation) -> Subject:
    return Subject(Kind.TEAM, invitation.id, "an invitation")


async def _open(now: datetime, **query: str) -> Invitation:
    found = await db().invitations.find_one({**query, "expires_at": {"$gt": now}})
    if found is None:
        raise NotFound(USED)
    return Invitation.model_validate(found)
