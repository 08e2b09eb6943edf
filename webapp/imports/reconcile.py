"""What an import has to do: the calendar's entries beside the events that came from it before. Rules only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from webapp.events.event import Details
from webapp.imports.calendar import Entry, Horizon, Reading

Key = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """An event that came from this calendar, as far as an import has to know it."""

    id: str
    uid: str
    recurrence: str
    sequence: int
    digest: str
    starts_at: datetime
    ends_at: datetime
    is_live: bool
    made_by_this: bool = False

    @property
    def key(self) -> Key:
        return self.uid, self.recurrence


@dataclass
class Plan:
    """What is to be written, and how much needs no writing."""

    new: list[Entry] = field(default_factory=list)
    changed: list[tuple[Entry, Known]] = field(default_factory=list)
    vanished: list[Known] = field(default_factory=list)
    same: int = 0


def plan(reading: Reading, known: Iterable[Known], now: datetime) -> Plan:
    """Pairs entries with events by UID and original start, what is left over by UID and day."""
    there = {one.key: one for one in known}
    made = Plan()
    unpaired: list[Entry] = []
    for entry in reading.entries:
        before = there.pop((entry.uid, entry.recurrence), None)
        if before:
            _compare(entry, before, made)
        else:
            unpaired.append(entry)
    by_day = {(one.uid, _day(one.recurrence, one.starts_at)): one for one in there.values()}
    for entry in unpaired:
        moved = by_day.pop((entry.uid, _day(entry.recurrence, entry.details.starts_at)), None)
        if moved:
            del there[moved.key]
            made.changed.append((entry, moved))
        else:
            made.new.append(entry)
    made.vanished = [one for one in there.values() if _has_vanished(one, reading, now)]
    return made


def merged(now_there: Details, entry: Entry, said_before: dict[str, str]) -> Details:
    """The details with what the calendar changed since the last import; what people changed besides stays."""
    fields = [name for name, said in entry.said.items() if said_before.get(name) != said]
    changes = {name: getattr(entry.details, name) for name in fields}
    if now_there.doors:
        changes["doors"] = now_there.doors + (changes.get("starts", now_there.starts) - now_there.starts)
    return Details.model_validate(now_there.model_dump() | changes)


def _day(recurrence: str, starts_at: datetime) -> str:
    return recurrence[:8] or f"{starts_at:%Y%m%d}"


def _compare(entry: Entry, before: Known, made: Plan) -> None:
    is_older = entry.sequence < before.sequence and before.digest
    if before.made_by_this or entry.digest == before.digest or is_older:
        made.same += not before.made_by_this
    else:
        made.changed.append((entry, before))


def _has_vanished(one: Known, reading: Reading, now: datetime) -> bool:
    """Only what is still to come, could have been in the file, and was not lost to a problem in it."""
    lost = {problem.uid for problem in reading.problems if problem.skipped}
    horizon = Horizon.around(now)
    return one.is_live and now < one.ends_at and one.starts_at < horizon.end and one.uid not in lost and "" not in lost
