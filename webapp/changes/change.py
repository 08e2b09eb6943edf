"""A change as programs are told of it, made of what a journal was given. Rules only.

Journals are collections that are only ever added to, each entry in the transaction of what it tells: the audit's
records, the ledger of places, the check-ins of doors. So nothing more is written when something changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from webapp.organisers.organiser import Role

Document = Mapping[str, Any]

INSTALLATION = "installation"
"""In place of an organiser's id, for what concerns the whole installation; its admins are told."""

NEEDS = {
    "check_in": Role.DOOR,
    "event": Role.EDITOR,
    "tickets": Role.EDITOR,
    "door": Role.EDITOR,
    "import": Role.EDITOR,
    "registration": Role.EDITOR,
    "waiting_list": Role.EDITOR,
    "waiting_list_entry": Role.EDITOR,
}
"""The role that it takes to be told; a manager's for everything else."""

TITLED = {"event", "tickets", "import", "organiser"}
IN_A_LINE = {"waiting", "offered", "accepted", "left", "removed"}
OF_POOLS = {"opened", "resized"}
MOVED_A_LINE = {"paused", "resumed"}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened. `key` is its place in the order: of two changes the later has the greater one."""

    key: str
    kind: str
    organiser_id: str
    event_id: str
    subject_id: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return id_of(self.key)

    @property
    def family(self) -> str:
        """What kind of thing changed: the part of the kind before the dot."""
        return self.kind.partition(".")[0]

    @property
    def needs(self) -> Role:
        return needed(self.family)

    def told(self) -> dict[str, Any]:
        """As programs read it."""
        about = {"organiser_id": self.organiser_id, "event_id": self.event_id or None, "subject_id": self.subject_id}
        return {"id": self.id, "kind": self.kind, **about, "at": rfc3339(self.at), "data": dict(self.data)}

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        about = {"organiser_id": self.organiser_id, "event_id": self.event_id, "subject_id": self.subject_id}
        return {"_id": self.key, "kind": self.kind, "family": self.family, **about, "at": self.at, "data": self.data}


def kept(document: Document) -> Change:
    """A change as it was kept."""
    names = ("kind", "organiser_id", "event_id", "subject_id", "at", "data")
    return Change(document["_id"], *(document[name] for name in names))


def key_of(change_id: str) -> str:
    """The place in the order that an id names: a log's id, with zeros so that texts sort. Raises ValueError."""
    time, dash, part = change_id.partition("-")
    if not (dash and time.isdecimal() and part.isdecimal() and change_id.isascii() and len(change_id) <= 27):
        raise ValueError(f"{change_id[:40]!r} is no id of a change")
    return f"{int(time):020}-{int(part):06}"


def id_of(key: str) -> str:
    """The id at a place in the order: `time-part`, as in the log."""
    time, _, part = key.partition("-")
    return f"{int(time)}-{int(part)}"


def needed(family: str) -> Role:
    """The role in an organiser's team that it takes to be told of such changes."""
    return NEEDS.get(family, Role.MANAGER)


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def noted(key: str, journal: str, entry: Document) -> Change | None:
    """What an entry of a journal tells; None where another entry of the same transaction tells it."""
    return JOURNALS[journal](key, entry)


def _of_record(key: str, record: Document) -> Change | None:
    subject = record["subject"]
    family = subject["kind"]
    if family == "registration":  # the ledger tells of these, also where no team had a hand in it
        return None
    fields = list(dict.fromkeys([*record["before"], *record["after"]]))
    data = {"fields": fields} if fields else {}
    if family in TITLED:
        data["title"] = subject["title"]
    event_id = subject["id"] if family == "event" else subject["event_id"]
    kind = f"{family}.{record['action'].replace(' ', '_')}"
    return Change(key, kind, record["organiser_id"], event_id, subject["id"], record["at"], data)


def _of_note(key: str, note: Document) -> Change | None:
    what = note["what"]
    if what in OF_POOLS:  # of which the audit tells
        return None
    if what in IN_A_LINE:
        family = "waiting_list_entry"
    elif what in MOVED_A_LINE:
        family = "waiting_list"
    else:
        family = "registration"
    places = {one["pool_id"]: one["places"] for one in note["moved"]}
    data = {"number": note["number"], "places": places}
    about = note["organiser_id"], note["event_id"], note["subject"]
    return Change(key, f"{family}.{what}", *about, note["at"], data)


def _of_check_in(key: str, check_in: Document) -> Change:
    names = ("ticket_id", "list_id", "gate_id", "result", "happened_at")
    data = {name: check_in[name] for name in names if check_in.get(name)}
    if "happened_at" in data:
        data["happened_at"] = rfc3339(data["happened_at"])
    kind = f"check_in.{'refused' if check_in['is_refusal'] else check_in['kind']}"
    at = check_in["learnt_at"]
    return Change(key, kind, check_in["organiser_id"], check_in["event_id"], check_in["_id"], at, data)


JOURNALS = {"records": _of_record, "ledger": _of_note, "checkins": _of_check_in}
