"""For how long an organiser keeps personal data of past events: its own choice, or the installation's."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind, Subject
from webapp.database import IndexModel, Session, db
from webapp.errors import EditedMeanwhile, NotFound
from webapp.organisers.organiser import Organiser
from webapp.settings import Settings

LEAST, MOST = 1, 3650
_installation = [0]

database.keep("organisers", IndexModel("personal_days", sparse=True))


def _nothing(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class Keeping(BaseModel):
    """What an organiser says: as the installation has it, for ever, or so many days after an event's end."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    keeping: Literal["default", "forever", "days"]
    personal_days: Annotated[int | None, BeforeValidator(_nothing)] = Field(None, ge=LEAST, le=MOST)

    @property
    def days(self) -> int | None:
        """As it is kept: None where the installation decides, 0 for ever."""
        return {"default": None, "forever": 0}.get(self.keeping, self.personal_days)


def use(settings: Settings) -> None:
    """The installation's own choice, for organisers that make none."""
    _installation[:] = [settings.keep_personal_days]


def of_installation() -> int:
    """So many days, 0 for ever."""
    return _installation[0]


async def chosen(organiser_id: str) -> int | None:
    """What an organiser said; None where it leaves that to the installation."""
    found = await db().organisers.find_one({"_id": organiser_id}, {"personal_days": 1})
    days = (found or {}).get("personal_days")
    return None if days is None else int(days)


async def days_of(organiser_id: str) -> int:
    """For how many days after an event's end its personal data is kept; 0 for ever."""
    days = await chosen(organiser_id)
    return of_installation() if days is None else days


async def keeping_of(organiser_id: str) -> Keeping:
    """The same as an organiser says it."""
    return _as_said(await chosen(organiser_id))


async def choose(
    organiser: Organiser, keeping: Keeping, *, seen: Keeping | None = None, by: Actor, now: datetime
) -> None:
    """Keeps another choice; it counts for past events too.

    Raises NotFound, and EditedMeanwhile where the choice is not the one `seen`.
    """
    query, field = {"_id": organiser.id, "deleted_at": None}, "personal_days"
    change = {"$unset": {field: ""}} if keeping.days is None else {"$set": {field: keeping.days}}

    async def keep(session: Session) -> None:
        found = await db().organisers.find_one_and_update(query, change, session=session)
        if found is None:
            raise NotFound("There is no such organiser; it may have been deleted.")
        if seen and seen.days != found.get(field):
            raise EditedMeanwhile
        sides = {
            "before": {"personal_data": said(found.get("personal_days"))},
            "after": {"personal_data": said(keeping.days)},
        }
        if sides["before"] != sides["after"]:
            subject = Subject(Kind.ORGANISER, organiser.id, organiser.name)
            await audit.record(organiser.id, subject, "edited", by=by, now=now, session=session, **sides)

    await database.transaction(keep)


def _as_said(days: int | None) -> Keeping:
    if days is None:
        return Keeping(keeping="default")
    return Keeping(keeping="days", personal_days=days) if days else Keeping(keeping="forever")


def said(days: int | None) -> str:
    """A choice in words."""
    if days is None:
        return "as the installation has it"
    return f"kept for {days} days" if days else "kept for ever"
