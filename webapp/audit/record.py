"""A record of the audit, and what may stand in it: fields that differ, long texts cut honestly, never a secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp.audit.actor import Actor

INSTALLATION = "installation"
"""In place of an organiser's id, for what concerns the whole installation."""

SHOWN, AROUND = 300, 60
_SECRET = re.compile(r"password|secret|token|totp|recovery|cookie|letter")
PHRASES = {
    "edited": "changed {}",
    "joined": "joined the team",
    "left": "left the team",
    "appointed": "gave {} another role",
    "removed": "took {} out of the team",
    "invited": "made an invitation",
    "took back": "took an invitation back",
    "founded": "founded {}",
    "described": "changed what {} says of itself",
    "began": "began to import {}",
    "agreed": "had the import of {} go on",
    "signed out": "signed {} out everywhere",
    "transferred": "gave {} another owner",
    "wrote again to": "wrote once more to those of {} whom a mail had not reached",
    "enlarged": "added tickets to the registration of {}",
    "reduced": "gave a ticket of {} back",
    "resent": "sent the mail of {} again",
    "offered": "offered places to {} before others",
    "taken out": "took {} out of the line",
    "paused": "stopped the line for {}",
    "resumed": "let the line for {} move on",
    "asked": "changed how people register for {}",
    "taken off": "took {} out of the offer",
    "resized": "changed how many places {} has",
    "limited": "changed how many may be inside at {}",
    "admitted": "made the door link {}",
    "turned on": "turned {} on again",
    "rotated": "gave {} another secret",
    "walked in": "registered {} at the door",
    "shut out": "took the door link {} back",
    "had shredded": "had the personal data of {} destroyed",
    "shredded": "destroyed the personal data of {}",
    "let go": "let go of {} and all that belonged to it",
    "settled": "saw whom a phone without network let in at {}",
}


class Kind(StrEnum):
    """What a record is about."""

    EVENT = "event"
    TEAM = "team"
    ORGANISER = "organiser"
    IMPORT = "import"
    REGISTRATION = "registration"
    TICKETS = "tickets"
    DOOR = "door"
    WEBHOOK = "webhook"
    TOKEN = "token"  # noqa: S105 - the word, not one
    PERSON = "person"
    SETTING = "setting"


@dataclass(frozen=True)
class Subject:
    """What was changed: its kind, its id, what people call it, and the event that it belongs to."""

    kind: Kind
    id: str
    title: str = ""
    event_id: str = ""


@dataclass(frozen=True)
class Change:
    """A field that differs, as text."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        return self.field.replace("_", " ").capitalize()


class Record(BaseModel):
    """One act. It is written once and never changed."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    organiser_id: str
    subject: Subject
    action: str
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    actor: Actor
    at: datetime

    @property
    def who(self) -> str:
        return self.actor.name or "Somebody whose account is deleted"

    @property
    def sentence(self) -> str:
        """What was done, to follow the name of who did it: `published “Jazz”`."""
        title = f"“{self.subject.title}”" if self.subject.title else f"a nameless {self.subject.kind}"
        return PHRASES.get(self.action, self.action + " {}").replace("{}", title)

    @property
    def changes(self) -> list[Change]:
        names = list(dict.fromkeys([*self.before, *self.after]))
        return [Change(name, self.before.get(name, ""), self.after.get(name, "")) for name in names]

    @property
    def event_id(self) -> str:
        return self.subject.id if self.subject.kind is Kind.EVENT else self.subject.event_id


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields that differ, as text, before and after. Raises ValueError for a field that may hold a secret."""
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    secret = [name for name in names if _SECRET.search(name)]
    if secret:
        raise ValueError(f"The audit must not hold {', '.join(secret)}")
    pairs = {name: _cut(_text(before.get(name)), _text(after.get(name))) for name in names}
    return (
        {name: pairs[name][0] for name in names if name in before},
        {name: pairs[name][1] for name in names if name in after},
    )


def _cut(before: str, after: str) -> tuple[str, str]:
    """Long texts from a little before where they begin to differ, with their length."""
    pairs = zip(before, after, strict=False)
    same = next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(before), len(after)))
    start = max(0, same - AROUND)
    return _from(before, start), _from(after, start)


def _from(text: str, start: int) -> str:
    if len(text) <= SHOWN:
        return text
    part = text[start : start + SHOWN]
    begins, ends = "…" if start else "", "…" if start + SHOWN < len(text) else ""
    return f"{begins}{part}{ends} ({len(text):,} characters in all)"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(" ", timespec="minutes")
        case list() | tuple() | set():
            return ", ".join(map(str, value))
    return str(value)
