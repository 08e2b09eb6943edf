"""A whole file: every entry that fits an event, and a sentence for everything that does not."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from webapp import when
from webapp.errors import Invalid
from webapp.events.event import Details
from webapp.imports.calendar.component import Parsed, Unreadable, parse
from webapp.imports.calendar.entry import Entry, Horizon, Problem, Reading
from webapp.imports.calendar.facts import facts, is_cancelled
from webapp.imports.calendar.lines import Block, Calendar, calendars
from webapp.imports.calendar.occurrences import MOST_OCCURRENCES, UNREADABLE, Endless, Moment, Occurrence, occurrences
from webapp.imports.calendar.zones import Zones

LARGEST = 5 * 1024 * 1024
MOST_ENTRIES = 20_000
MOST_TEXT = 32 * 1024 * 1024
WITHOUT_END = dt.timedelta(hours=1)


def read(data: bytes, *, now: dt.datetime, name: str = "") -> Reading:
    """The entries of a file within the horizon around `now`; `name` says where it came from.

    Raises Invalid, with one sentence, for what is no calendar or is too large.
    """
    if len(data) > LARGEST:
        raise Invalid({"": f"This file is larger than {LARGEST // 1024**2} MiB; import it in parts."})
    found = calendars(data)
    count = sum(len(calendar.events) for calendar in found)
    if not count:
        raise Invalid({"": "This calendar has no events (VEVENT) in it."})
    if count > MOST_ENTRIES:
        raise _too_many(count)
    reader = _Reader(Horizon.around(now))
    reader.take(found)
    return Reading(
        calendar=_identity(found[0], name),
        name=found[0].said("X-WR-CALNAME")[:120] or name[:120],
        entries=sorted(reader.entries, key=lambda entry: (entry.details.starts, entry.line)),
        problems=sorted(reader.problems, key=lambda problem: problem.line),
        outside=reader.outside,
    )


def _identity(calendar: Calendar, name: str) -> str:
    """An address stays itself; a file is known by what is written in it, since people rename files."""
    if name.startswith(("http://", "https://")):
        return name
    said = next((value for key in ("UID", "X-WR-RELCALID", "X-WR-CALNAME") if (value := calendar.said(key))), "")
    return f"calendar:{said[:200]}" if said else f"file:{name[:200]}"


def _too_many(count: int) -> Invalid:
    return Invalid({"": f"This calendar has {count:,} entries; {MOST_ENTRIES:,} is the most. Import it in parts."})


class _Reader:
    def __init__(self, horizon: Horizon) -> None:
        self.horizon = horizon
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.outside = 0
        self.text = 0

    def take(self, found: list[Calendar]) -> None:
        for components in self._by_uid(found).values():
            before = len(self.entries) + len(self.problems)
            self._take_series(components)
            self.outside += len(self.entries) + len(self.problems) == before

    def _by_uid(self, found: list[Calendar]) -> dict[str, list[Parsed]]:
        groups: dict[str, list[Parsed]] = {}
        for parsed in self._components(found):
            groups.setdefault(parsed.uid, []).append(parsed)
        return {uid: list(self._without_twins(group)) for uid, group in groups.items()}

    def _components(self, found: list[Calendar]) -> Iterator[Parsed]:
        for calendar in found:
            zones = Zones(calendar, self.horizon)
            calls_off = calendar.said("METHOD").upper() == "CANCEL"
            for block in calendar.events:
                try:
                    parsed = parse(block, zones)
                except Unreadable as fault:
                    self._skip(fault.line, fault.reason, block)
                    continue
                if calls_off:
                    parsed.event["STATUS"] = "CANCELLED"
                yield parsed

    def _without_twins(self, group: list[Parsed]) -> Iterator[Parsed]:
        """Of two entries that claim to be the same, the later revision; the other is named."""
        latest: dict[object, Parsed] = {}
        for parsed in group:
            of = parsed.event.get("RECURRENCE-ID")
            key = of and of.dt
            other = latest.get(key)
            older = parsed if other and _revision(parsed) < _revision(other) else other
            if older:
                self._note(older, older.block.line, "Another entry has the same UID; the later revision is used.")
            if older is not parsed:
                latest[key] = parsed
        yield from latest.values()

    def _take_series(self, components: list[Parsed]) -> None:
        first = components[0]
        by_line = {str(parsed.block.line): (parsed, facts(parsed)) for parsed in components}
        for parsed in components:
            for line, reason in parsed.notes:
                self._note(parsed, line, reason)
        try:
            found = list(occurrences([parsed.event for parsed in components], self.horizon))
        except Endless:
            reason = f"This repeats too often: more than {MOST_OCCURRENCES:,} times, or from too long ago."
            self._skip(first.block.line, reason, first.block)
            return
        except UNREADABLE:
            self._skip(first.block.line, "Its repetition (RRULE, RDATE, EXDATE) contradicts itself.", first.block)
            return
        for one in found:
            parsed, said = by_line[str(one.component["X-TURNOUT-LINE"])]
            self._take_occurrence(one, parsed, said)

    def _take_occurrence(self, one: Occurrence, parsed: Parsed, said: dict[str, object]) -> None:
        try:
            details = Details.model_validate(said | _times(one, parsed))
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            self._skip(parsed.block.line, f"On {one.starts:%Y-%m-%d}: {reason}", parsed.block)
            return
        self.text += len(details.description)
        modified = parsed.event.get("LAST-MODIFIED")
        self.entries.append(
            Entry(
                details=details,
                cancelled=is_cancelled(one.component),
                uid=parsed.uid,
                recurrence=one.recurrence,
                sequence=_revision(parsed)[0],
                last_modified=modified.dt if modified else None,
                line=parsed.block.line,
            )
        )
        if len(self.entries) > MOST_ENTRIES:
            raise Invalid({"": f"This calendar repeats into more than {MOST_ENTRIES:,} events; import it in parts."})
        if self.text > MOST_TEXT:
            raise Invalid({"": "The descriptions in this calendar are too long for so many events."})

    def _skip(self, line: int, reason: str, block: Block) -> None:
        self.problems.append(Problem(line=line, reason=reason, what=_value(block, "SUMMARY"), uid=_value(block, "UID")))

    def _note(self, parsed: Parsed, line: int, reason: str) -> None:
        what = str(parsed.event["SUMMARY"])[:120]
        self.problems.append(Problem(line=line, reason=reason, what=what, skipped=False, uid=parsed.uid))


def _times(one: Occurrence, parsed: Parsed) -> dict[str, object]:
    zone = _zone(one.starts, parsed.zones)
    starts, ends = _wall(one.starts, zone), _wall(one.ends, zone)
    if ends == starts:
        ends += WITHOUT_END
    return {"starts": starts, "ends": ends, "zone": zone, "all_day": not isinstance(one.starts, dt.datetime)}


def _zone(start: Moment, zones: Zones) -> str:
    """A time's own zone; the calendar's for a day, a floating time and an instant in UTC."""
    key = getattr(getattr(start, "tzinfo", None), "key", "UTC")
    if key != "UTC":
        return str(key)
    if (
        isinstance(start, dt.datetime)
        and start.tzinfo
        and when.instant(_wall(start, zones.default), zones.default) != start
    ):
        return "UTC"  # the second of two equal hours in autumn has no wall time of its own
    return zones.default


def _wall(moment: Moment, zone: str) -> dt.datetime:
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is None:
        return moment
    if getattr(moment.tzinfo, "key", "") == zone:
        return moment.replace(tzinfo=None)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _revision(parsed: Parsed) -> tuple[int, dt.datetime]:
    modified = parsed.event.get("LAST-MODIFIED")
    at = modified.dt if modified and isinstance(modified.dt, dt.datetime) else dt.datetime(1, 1, 1, tzinfo=dt.UTC)
    return max(0, int(parsed.event.get("SEQUENCE", 0))), at.replace(tzinfo=dt.UTC)


def _value(block: Block, name: str) -> str:
    line = next((line for line in block.lines if line.name == name and line.is_readable), None)
    return line.text.partition(":")[2].strip()[:120] if line else ""
