"""An organiser, the roles in its team, and who may give which. Rules only."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from slugify import slugify

from webapp.people.person import Email, Name

INVITATION_LASTS = timedelta(days=7)
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")
# What stands in an address where a slug would.
NOT_A_SLUG = {"new"}


class Role(StrEnum):
    """What somebody may do for an organiser; each includes those before it."""

    DOOR = "door"
    EDITOR = "editor"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return tuple(Role).index(self)

    @property
    def article(self) -> str:
        """What somebody with the role is: `an editor`."""
        return ARTICLE[self]

    @property
    def about(self) -> str:
        return ABOUT[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Role(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Role(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Role(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Role(other).rank


ARTICLE: Mapping[Role, str] = {
    Role.DOOR: "a door keeper",
    Role.EDITOR: "an editor",
    Role.MANAGER: "a manager",
    Role.OWNER: "an owner",
}
ABOUT: Mapping[Role, str] = {
    Role.DOOR: "Lets people in at the door.",
    Role.EDITOR: "Creates, changes and publishes events, and imports calendars.",
    Role.MANAGER: "Edits events, changes what the organiser says of itself, and leads the team.",
    Role.OWNER: "Does everything: makes other owners, and deletes the organiser.",
}


class Organiser(BaseModel):
    """Who runs events. The slug stays when the name changes, so that addresses do too."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    name: str
    slug: str
    about: str = ""
    email: str = ""
    created_at: datetime

    @property
    def path(self) -> str:
        return f"/organisers/{self.slug}"

    @property
    def manage_path(self) -> str:
        return f"/manage/{self.slug}"


class Member(BaseModel):
    """Somebody in a team."""

    model_config = ConfigDict(frozen=True)

    organiser_id: str
    person_id: str
    role: Role
    since: datetime


class Teammate(Member):
    """A member with what the team sees of the person."""

    name: str


class Invitation(BaseModel):
    """A way into a team that works once. Its id opens nothing; the link has it signed."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    organiser_id: str
    role: Role
    email: str = ""
    by: str
    created_at: datetime
    expires_at: datetime


def _one_paragraph(text: object) -> object:
    return text.strip().replace("\r\n", "\n") if isinstance(text, str) else text


def _readable(text: str) -> str:
    if _UNREADABLE.search(text):
        raise PydanticCustomError("turnout", "This has characters that cannot be shown; please type it again.")
    return text


def _trimmed(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _nothing(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class Founding(BaseModel):
    """What makes an organiser."""

    name: Name


class Profile(BaseModel):
    """What an organiser says of itself, and where answers to its mails go."""

    name: Name
    about: Annotated[str, Field(max_length=500), BeforeValidator(_one_paragraph), AfterValidator(_readable)] = ""
    email: Annotated[Email | Literal[""], BeforeValidator(_trimmed)] = ""


class Inviting(BaseModel):
    """Whom to invite as what; without an address there is only a link to hand on."""

    role: Role
    email: Annotated[Email | None, BeforeValidator(_nothing)] = None


class Appointment(BaseModel):
    """Another role for somebody in the team."""

    role: Role


def may_give(by: Role | None, *roles: Role) -> bool:
    """Whether somebody with the role `by` may decide about people who have, or shall have, these roles."""
    return by is not None and by >= Role.MANAGER and all(role <= by for role in roles)


def gives(by: Role | None) -> list[Role]:
    """The roles that somebody may give, the lowest first."""
    return [role for role in Role if may_give(by, role)]


def slug_of(name: str) -> str:
    """A name as it can stand in an address; never empty."""
    slug = slugify(name, max_length=60, word_boundary=True) or "organiser"
    return f"{slug}-organiser" if slug in NOT_A_SLUG else slug
