"""One VEVENT, read line by line: a bad line is named, and what is not needed is never parsed."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import icalendar

from webapp.imports.calendar.lines import Block, Line
from webapp.imports.calendar.occurrences import UNREADABLE, time
from webapp.imports.calendar.zones import Zones

# Without these an entry would be wrong; without any other it is only poorer.
NEEDED = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "SUMMARY", "STATUS"}
REPEATED = {"CATEGORIES", "RRULE", "RDATE", "EXDATE", "CONFERENCE"}
USED = (
    NEEDED
    | REPEATED
    | {
        *("DESCRIPTION", "LOCATION", "GEO", "CLASS", "SEQUENCE", "LAST-MODIFIED", "ORGANIZER", "URL"),
        *("X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"),
    }
)
LONGEST_LINE = 100_000

_TZID = re.compile(r';TZID=("[^"]*"|[^;:"]*)', re.IGNORECASE)
_TIMES = {"DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID"}


class Unreadable(Exception):
    """This line makes the whole entry unusable."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass
class Parsed:
    """A component, where it came from, and what was left out of it."""

    event: icalendar.Event
    block: Block
    zones: Zones
    notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def uid(self) -> str:
        return str(self.event["UID"]).strip()


def parse(block: Block, zones: Zones) -> Parsed:
    """The component of a block. Raises Unreadable."""
    if block.fault:
        raise Unreadable(block.line, block.fault)
    parsed = Parsed(icalendar.Event(), block, zones)
    used = dict(_used(parsed))
    whole = _read(*used.values())
    if whole is not None:
        parsed.event = whole
    else:
        for line, text in used.items():
            with _excused(line, parsed):
                _take(line, text, parsed.event)
    _complete(parsed)
    return parsed


def _used(parsed: Parsed) -> Iterator[tuple[Line, str]]:
    """The lines that an event is made of, each as the library is to read it."""
    seen: set[str] = set()
    for line in parsed.block.lines:
        name = line.name
        if not name:
            parsed.notes.append((line.number, "This line is no calendar property and was left out."))
        elif name in seen - REPEATED and name in NEEDED:
            parsed.notes.append((line.number, f"{name} appears more than once; the first one is used."))
        elif name in USED and name not in seen - REPEATED:
            with _excused(line, parsed):
                yield line, _checked(line, parsed.zones)
        seen.add(name)


@contextmanager
def _excused(line: Line, parsed: Parsed) -> Iterator[None]:
    """Turns the fault of a line that is not needed into a note."""
    try:
        yield
    except Unreadable as fault:
        if line.name in NEEDED:
            raise
        parsed.notes.append((line.number, f"{fault.reason} It was left out."))


def _checked(line: Line, zones: Zones) -> str:
    if not line.is_readable:
        raise Unreadable(line.number, f"{line.name} has characters that are not text in UTF-8.")
    if len(line.text) > LONGEST_LINE:
        raise Unreadable(line.number, f"{line.name} is longer than {LONGEST_LINE:,} characters.")
    return _in_known_zone(line, zones) if line.name in _TIMES else line.text


def _read(*texts: str) -> icalendar.Event | None:
    """The event of these lines, or None when the library stumbles over one of them."""
    try:
        read = icalendar.Event.from_ical("\r\n".join(["BEGIN:VEVENT", *texts, "END:VEVENT", ""]))
    except UNREADABLE:
        return None
    return read if isinstance(read, icalendar.Event) and not read.errors else None


def _take(line: Line, text: str, event: icalendar.Event) -> None:
    read = _read(text)
    if read is None or line.name not in read:
        raise Unreadable(line.number, _unclear(line))
    _keep(event, line.name, read[line.name])


def _keep(event: icalendar.Event, name: str, value: object) -> None:
    if name in event:
        before = event[name]
        event[name] = [*before, value] if isinstance(before, list) else [before, value]
    else:
        event[name] = value


def _in_known_zone(line: Line, zones: Zones) -> str:
    found = _TZID.search(line.text)
    if not found:
        return line.text
    name = zones.iana(found[1])
    if name is None:
        raise Unreadable(line.number, f"Nobody knows the time zone {found[1]}, and the file does not explain it.")
    return f"{line.text[: found.start()]};TZID={name}{line.text[found.end() :]}"


def _unclear(line: Line) -> str:
    shown = line.text if len(line.text) <= 80 else f"{line.text[:79]}…"
    return f"“{shown}” cannot be understood."


def _complete(parsed: Parsed) -> None:
    line = parsed.block.line
    if "DTSTART" not in parsed.event:
        raise Unreadable(line, "This entry has no start (DTSTART).")
    if not str(parsed.event.get("SUMMARY", "")).strip():
        raise Unreadable(line, "This entry has no title (SUMMARY).")
    if str(parsed.event.get("CLASS", "")).upper() in ("PRIVATE", "CONFIDENTIAL"):
        raise Unreadable(line, "This entry is marked as private in its calendar, so it is not made public here.")
    _order(parsed)
    _mark(parsed)


def _mark(parsed: Parsed) -> None:
    """Notes on the component what its copies, one for each occurrence, have to know of it."""
    event = parsed.event
    event["X-TURNOUT-START"], event["X-TURNOUT-LINE"] = event["DTSTART"], str(parsed.block.line)
    if not str(event.get("UID", "")).strip():
        said = f"{event['DTSTART'].to_ical()!r} {event['SUMMARY']}"
        event["UID"] = icalendar.vText(f"unnamed-{hashlib.sha256(said.encode()).hexdigest()[:24]}")


def _order(parsed: Parsed) -> None:
    event, line = parsed.event, parsed.block.line
    start = time(event, "DTSTART")
    if "DURATION" in event and time(event, "DURATION").total_seconds() < 0:
        raise Unreadable(line, "This entry ends before it starts.")
    if "DTEND" not in event:
        return
    end = time(event, "DTEND")
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise Unreadable(line, "This entry starts on a day and ends at a time, or the other way round.")
    if isinstance(start, datetime) and (start.tzinfo is None) != (end.tzinfo is None):
        end = end.replace(tzinfo=start.tzinfo)
        event["DTEND"] = icalendar.vDDDTypes(end)
    if end < start:
        raise Unreadable(line, "This entry ends before it starts.")
