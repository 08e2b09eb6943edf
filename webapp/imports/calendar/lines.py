"""A calendar file as blocks of unfolded lines that remember their place, whatever is wrong inside one of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from webapp.errors import Invalid

EMPTY = "This file is empty; choose an iCalendar file (.ics)."
_BREAK = re.compile(rb"\r\n|\n|\r")
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)\s*[;:]")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded line and the number of its first part in the file."""

    number: int
    text: str

    @property
    def name(self) -> str:
        """The property's name in capitals; empty when this is no property at all."""
        found = _PROPERTY.match(self.text)
        return found[1].upper() if found else ""

    @property
    def is_readable(self) -> bool:
        """Whether it is UTF-8 without control characters."""
        return not _UNREADABLE.search(self.text)


@dataclass(slots=True)
class Block:
    """What stands between a BEGIN and its END, without the blocks inside it."""

    name: str
    line: int
    lines: list[Line] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    fault: str = ""


@dataclass(slots=True)
class Calendar:
    """One VCALENDAR: its own properties, the zones it defines and its events, in any order."""

    lines: list[Line] = field(default_factory=list)
    zones: list[Block] = field(default_factory=list)
    events: list[Block] = field(default_factory=list)

    def said(self, name: str) -> str:
        """The value of a property of the calendar itself, or nothing."""
        values = (line.text.partition(":")[2].strip() for line in self.lines if line.name == name and line.is_readable)
        return next(values, "")


def unfold(data: bytes) -> Iterator[Line]:
    """Lines as they were before folding. Bytes are joined first: folding may split a letter (RFC 5545, 3.1)."""
    number, parts = 0, [b""]
    for at, raw in enumerate(_BREAK.split(data.removeprefix(b"\xef\xbb\xbf")), 1):
        if not raw:
            continue
        if raw[:1] in b" \t" and number:
            parts.append(raw[1:])
        else:
            yield from _line(number, parts)
            number, parts = at, [raw]
    yield from _line(number, parts)


def _line(number: int, parts: list[bytes]) -> Iterator[Line]:
    text = b"".join(parts).decode("utf-8", "surrogateescape")
    if text.strip():
        yield Line(number, text)


def check_beginning(data: bytes) -> None:
    """Raises Invalid for what is clearly no calendar, without reading further than its first line."""
    line = next(unfold(data[:2_000]), None)
    if line is None:
        raise Invalid({"": EMPTY})
    if line.text.strip().upper() != "BEGIN:VCALENDAR":
        raise Invalid({"": _no_calendar(line)})


def calendars(data: bytes) -> list[Calendar]:
    """The calendars of a file. Raises Invalid for a file that is none."""
    check_beginning(data)
    found: list[Calendar] = []
    reader = _Reader(found)
    for line in unfold(data):
        reader.take(line)
    reader.finish()
    return found


def _no_calendar(line: Line) -> str:
    begins = "".join(letter for letter in line.text[:40] if letter.isprintable())
    return f"This is not a calendar: an iCalendar file begins with BEGIN:VCALENDAR, this one with “{begins}”."


class _Reader:
    """Keeps only the calendar's, a zone's or an event's block open; everything deeper is counted, not kept."""

    def __init__(self, found: list[Calendar]) -> None:
        self.found = found
        self.open: Block | None = None
        self.inside: list[str] = []

    def take(self, line: Line) -> None:
        verb, _, name = line.text.strip().upper().partition(":")
        if verb == "BEGIN":
            self._begin(name.strip(), line)
        elif verb == "END":
            self._end(name.strip(), line)
        elif self.open and (not self.inside or self.open.name == "VTIMEZONE"):
            self.open.lines.append(line)
        elif not self.open and self.found and not self.inside:
            self.found[-1].lines.append(line)
        if self.open and self.open.name == "VTIMEZONE":
            self.open.text.append(line.text)

    def _begin(self, name: str, line: Line) -> None:
        if name == "VCALENDAR":
            self.finish()
            self.found.append(Calendar())
        elif self.open is None and not self.inside and name in ("VEVENT", "VTIMEZONE"):
            self.open = Block(name, line.number)
        else:
            self._inside(name)

    def _inside(self, name: str) -> None:
        if self.open and name == self.open.name:
            self.open.fault = f"Inside this {name} another one begins."
        self.inside.append(name)

    def _end(self, name: str, line: Line) -> None:
        if name == "VCALENDAR":
            self.finish()
        elif self.inside and name == self.inside[-1]:
            self.inside.pop()
        elif self.open and name == self.open.name:
            if self.inside:
                self.open.fault = f"END:{name} on line {line.number} comes before END:{self.inside[-1]}."
            self._close()

    def finish(self) -> None:
        if self.open:
            self.open.fault = self.open.fault or f"This {self.open.name} has no END."
            self._close()
        self.inside.clear()

    def _close(self) -> None:
        if self.open and self.found:
            kind = self.found[-1].zones if self.open.name == "VTIMEZONE" else self.found[-1].events
            if self.open.name == "VTIMEZONE":
                self.open.text.append("END:VTIMEZONE")
            kind.append(self.open)
        self.open = None
        self.inside.clear()
