"""Who may pass: a scan, the rules of a check-in list, and what a scan changes. Rules only."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from webapp.ticket_types.question import LONGEST_TEXT, MOST_QUESTIONS, Question

UNDO_WITHIN = timedelta(minutes=15)
CLOCK_MAY_BE_OFF = timedelta(seconds=30)
NONCE = r"^[A-Za-z0-9_-]{8,64}$"
Typed = Annotated[list[Annotated[str, Field(max_length=LONGEST_TEXT)]], Field(max_length=50)]


class Kind(StrEnum):
    """Which way somebody goes, or that a check-in is taken back."""

    ENTRY = "entry"
    EXIT = "exit"
    UNDO = "undo"


class Entries(StrEnum):
    """How often a ticket opens a door."""

    ONCE = "once"
    AFTER_EXIT = "after_exit"
    MANY = "many"


class Result(StrEnum):
    """What a scan comes to: ok, or the reason why not."""

    OK = "ok"
    INCOMPLETE = "incomplete"
    ALREADY_IN = "already_in"
    NOT_INSIDE = "not_inside"
    NOT_ON_LIST = "not_on_list"
    NOT_YET = "not_yet"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"
    UNAPPROVED = "unapproved"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return WORDS[self]


WORDS: Mapping[Result, str] = {
    Result.OK: "Ok",
    Result.INCOMPLETE: "Ask first",
    Result.ALREADY_IN: "Already in",
    Result.NOT_INSIDE: "Not inside",
    Result.NOT_ON_LIST: "Not on this list",
    Result.NOT_YET: "Not yet",
    Result.TOO_LATE: "Too late",
    Result.CANCELLED: "Cancelled",
    Result.UNAPPROVED: "Not approved yet",
    Result.UNKNOWN: "Unknown code",
}


class Kept(BaseModel):
    """What is read from the database."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    id: str = Field(alias="_id")


class Ticket(Kept):
    """One place for one person, as the door sees it."""

    organiser_id: str
    event_id: str
    ticket_type_id: str
    registration_id: str = ""
    name: str
    state: str
    secret: str = Field(repr=False)


class CheckInList(Kept):
    """Which tickets a door opens to, when, and how often. No ticket types means all of them.

    `trusts_codes`: a phone without network lets in a ticket that is signed, although the phone does not know it.
    """

    organiser_id: str
    event_id: str
    name: str
    ticket_type_ids: tuple[str, ...] = ()
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    entries: Entries = Entries.ONCE
    trusts_codes: bool = False
    takes_walk_ins: bool = False
    question_ids: tuple[str, ...] = ()
    is_area: bool = False
    archived_at: datetime | None = None

    def has(self, ticket: Ticket) -> bool:
        return self.has_type(ticket.ticket_type_id)

    def has_type(self, type_id: str) -> bool:
        return not self.ticket_type_ids or type_id in self.ticket_type_ids


class Standing(BaseModel):
    """How a ticket stands to one list: the last that counted, and where that was."""

    model_config = ConfigDict(frozen=True)

    is_inside: bool = False
    entries: int = 0
    at: datetime | None = None
    gate: str = ""
    device: str = ""
    check_in_id: str = ""


OUTSIDE = Standing()


class Presence(BaseModel):
    """How a ticket stands to all lists. `step` counts what changed it, so that nobody changes what they did not see."""

    model_config = ConfigDict(frozen=True)

    step: int = 0
    lists: Mapping[str, Standing] = {}
    answers: Mapping[str, Any] = {}

    @property
    def is_inside(self) -> bool:
        """Somewhere, whatever list let them in."""
        return any(one.is_inside for one in self.lists.values())

    @property
    def has_come(self) -> bool:
        """Was let in, by whatever list."""
        return any(one.entries > 0 for one in self.lists.values())

    def on(self, list_id: str) -> Standing:
        return self.lists.get(list_id, OUTSIDE)

    def inside_of(self, lists: Iterable[CheckInList]) -> list[str]:
        """On which of these lists it is inside."""
        return [one.id for one in lists if self.on(one.id).is_inside]

    def changed(self, standings: Mapping[str, Standing]) -> "Presence":
        return self.model_copy(update={"step": self.step + 1, "lists": {**self.lists, **standings}})


def _nothing(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


class Scan(BaseModel):
    """What a device asks: somebody's code or ticket, on a list, one way. The same `nonce` is the same scan.

    `answers` are there once the questions of the list were asked, also where nothing was answered.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field("", max_length=400)
    ticket_id: str = Field("", max_length=80)
    list_id: str = Field(min_length=1, max_length=80)
    kind: Kind = Kind.ENTRY
    nonce: str = Field(pattern=NONCE)
    happened_at: Annotated[datetime | None, BeforeValidator(_nothing)] = None
    force: str = Field("", max_length=200)
    answers: Mapping[str, Typed] | None = Field(None, max_length=MOST_QUESTIONS)


class Verdict(BaseModel):
    """What a device is told. `standing` is where the ticket stood before: for who is already in, who let them in."""

    model_config = ConfigDict(frozen=True)

    check_in_id: str
    kind: Kind
    result: Result
    list_id: str
    happened_at: datetime
    ticket_id: str = ""
    name: str = ""
    ticket_type_id: str = ""
    standing: Standing = OUTSIDE
    forced: bool = False
    said_at: datetime | None = None
    questions: tuple[Question, ...] = ()
    wrong: Mapping[str, str] = {}

    @property
    def is_ok(self) -> bool:
        return self.result is Result.OK

    @property
    def headline(self) -> str:
        """The verdict in the fewest words."""
        if not self.is_ok:
            return self.result.words
        return {Kind.ENTRY: "Welcome", Kind.EXIT: "Goodbye", Kind.UNDO: "Taken back"}[self.kind]

    @property
    def about_clock(self) -> str:
        """That the phone's clock is wrong, where it is by more than anybody would overlook."""
        off = self.said_at - self.happened_at if self.said_at else timedelta()
        if abs(off) < CLOCK_MAY_BE_OFF:
            return ""
        return f"The clock of this phone is {_span(abs(off))} {'ahead' if off > timedelta() else 'behind'}."

    def before(self, now: datetime) -> str:
        """Where, when and by whom the ticket was let in: `Gate B, 12 s ago, by Ana's phone`."""
        known = self.standing
        if known.at is None:
            return ""
        by = f"by {known.device}" if known.device else ""
        return ", ".join(part for part in (known.gate, f"{_span(now - known.at)} ago", by) if part)


def happened(scan: Scan, now: datetime, since: datetime | None = None) -> datetime:
    """When a scan happened: what the device says, but not after the server learnt of it, nor before it was a device."""
    said = scan.happened_at
    if said is None or said.tzinfo is None:
        return now
    return min(max(said, since) if since else said, now)


def judge(scan: Scan, asked: CheckInList, ticket: Ticket | None, presence: Presence, at: datetime) -> Result:
    """Ok, or why not."""
    if ticket is None:
        return Result.UNKNOWN
    refused = _refusal(scan.kind, asked, ticket, presence.on(asked.id), at)
    return Result.OK if scan.force or refused is None else refused


def passed(before: Standing, kind: Kind, at: datetime, *, gate: str, device: str, check_in_id: str) -> Standing | None:
    """How somebody stands after passing; None where it changes nothing, as an exit from before the last entry.

    An entry that is learnt of late counts, but whoever went out after it stays outside.
    """
    entries = before.entries + (kind is Kind.ENTRY)
    if before.at is not None and at < before.at:
        return before.model_copy(update={"entries": entries}) if kind is Kind.ENTRY else None
    where = {"gate": gate, "device": device, "check_in_id": check_in_id}
    return Standing(is_inside=kind is Kind.ENTRY, entries=entries, at=at, **where)


def moved(before: Presence, after: Presence) -> dict[str, int]:
    """What a change of presence adds to the counters of an event; nothing where it adds nothing."""
    moves = {"inside": after.is_inside - before.is_inside, "came": after.has_come - before.has_come}
    for list_id, is_now in after.lists.items():
        was = before.on(list_id)
        moves[f"lists.{list_id}.inside"] = is_now.is_inside - was.is_inside
        moves[f"lists.{list_id}.entered"] = (is_now.entries > 0) - (was.entries > 0)
    return {name: count for name, count in moves.items() if count}


def _refusal(kind: Kind, asked: CheckInList, ticket: Ticket, standing: Standing, at: datetime) -> Result | None:
    if kind is Kind.EXIT:
        return None if standing.is_inside else Result.NOT_INSIDE
    return refusal(asked, ticket, at) or _refusal_of_another_entry(asked.entries, standing)


def refusal(asked: CheckInList, ticket: Ticket, at: datetime) -> Result | None:
    """Why a list does not let a ticket in at all, whatever was scanned before."""
    if ticket.state != "valid":
        return Result.UNAPPROVED if ticket.state == "pending" else Result.CANCELLED
    if not asked.has(ticket):
        return Result.NOT_ON_LIST
    if asked.opens_at and at < asked.opens_at:
        return Result.NOT_YET
    return Result.TOO_LATE if asked.closes_at and at >= asked.closes_at else None


def _refusal_of_another_entry(entries: Entries, standing: Standing) -> Result | None:
    is_free = {
        Entries.ONCE: standing.entries == 0,
        Entries.AFTER_EXIT: not standing.is_inside,
        Entries.MANY: True,
    }
    return None if is_free[entries] else Result.ALREADY_IN


def _span(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 6000:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"
