"""Which IANA zone a calendar means by a name: its own, Windows's, a vendor's path, or one it defines itself."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from webapp import when
from webapp.imports.calendar.entry import Horizon
from webapp.imports.calendar.lines import Block, Calendar

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", re.IGNORECASE)
_NOT_YEARLY = re.compile(r"^RRULE[^:]*:.*FREQ=(?!YEARLY)", re.IGNORECASE)
# Where several zones show the same clock, the one that most people know it by.
FAMILIAR = (
    *("Europe/London", "Europe/Berlin", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"),
)
MOST_RULES = 200
STEP = timedelta(hours=1)


class Zones:
    """The zones of one calendar. Where a definition follows its use makes no difference."""

    def __init__(self, calendar: Calendar, horizon: Horizon) -> None:
        self.horizon = horizon
        self.defined = {_value(block, "TZID").strip('"'): block for block in calendar.zones if not block.fault}
        self.known: dict[str, str | None] = {}
        self.default = self._of_calendar(calendar)

    def iana(self, tzid: str) -> str | None:
        """The IANA name that shows the same clock as `tzid`, or None when nobody can know."""
        tzid = tzid.strip().strip('"')
        if tzid not in self.known:
            self.known[tzid] = _named(tzid) or self._defined(tzid) or _fixed(tzid)
        return self.known[tzid]

    def _of_calendar(self, calendar: Calendar) -> str:
        names = [calendar.said("X-WR-TIMEZONE"), *self.defined]
        return next((zone for name in names if name and (zone := self.iana(name))), "UTC")

    def _defined(self, tzid: str) -> str | None:
        block = self.defined.get(tzid)
        if block is None:
            return _inside(tzid)
        location = _value(block, "X-LIC-LOCATION")
        return (location and _named(location)) or self._same_clock(block, tzid)

    def _same_clock(self, block: Block, tzid: str) -> str | None:
        clock = _clock(block)
        if clock is None:
            return _inside(tzid)
        offsets = [(at, clock.utcoffset(at.replace(tzinfo=clock))) for at in _samples(self.horizon)]
        if len({offset for _, offset in offsets}) == 1 and offsets[0][1] is not None:
            return _etc(offsets[0][1])
        candidates = dict.fromkeys(name for name in [_inside(tzid), *self.known.values(), *_well_known()] if name)
        return next((name for name in candidates if _shows(name, offsets)), None)


def _named(tzid: str) -> str | None:
    """By name alone, also behind a vendor's prefix such as /freeassociation.sourceforge.net/Europe/Berlin."""
    if tzid in WINDOWS_TO_OLSON:
        return WINDOWS_TO_OLSON[tzid]
    parts = tzid.split("/")
    tails = ("/".join(parts[start:]) for start in range(min(len(parts), 8)))
    return next((_names()[tail.lower()] for tail in tails if tail.lower() in _names()), None)


def _inside(tzid: str) -> str | None:
    """The longest zone that a made-up name mentions: custom_America/New_York_2."""
    mentioned = [name for name in _names().values() if "/" in name and name in tzid]
    return max(mentioned, key=len, default=None)


def _fixed(tzid: str) -> str | None:
    found = _OFFSET.fullmatch(tzid.replace(" ", ""))
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return _etc(offset if found[1] == "+" else -offset)


def _etc(offset: timedelta) -> str | None:
    """The zone of a fixed offset, where one exists. Their signs are turned round: Etc/GMT-2 is two hours ahead."""
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    name = f"Etc/GMT{-hours:+d}" if hours else "UTC"
    return name if not rest and when.is_zone(name) else None


def _clock(block: Block) -> tzinfo | None:
    """The clock that a VTIMEZONE describes. Rules that turn it more than yearly are not believed: they never end."""
    if len(block.lines) > MOST_RULES or any(_NOT_YEARLY.match(line.text) for line in block.lines):
        return None
    try:
        zone: Any = Timezone.from_ical("\r\n".join(block.text))
        clock: tzinfo = zone.to_tz(lookup_tzid=False)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        return None
    return clock


def _samples(horizon: Horizon) -> list[datetime]:
    count = int((horizon.end - horizon.start) / STEP)
    start = horizon.start.astimezone(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    return [start + n * STEP for n in range(count)]


def _shows(name: str, offsets: list[tuple[datetime, timedelta | None]]) -> bool:
    """Whether a zone agrees at every sample, but for the hours that it skips or repeats: those have no one offset."""
    zone = ZoneInfo(name)
    return all(
        zone.utcoffset(at.replace(tzinfo=zone)) == offset
        or zone.utcoffset(at.replace(tzinfo=zone)) != zone.utcoffset(at.replace(tzinfo=zone, fold=1))
        for at, offset in offsets
    )


def _value(block: Block, name: str) -> str:
    return next((line.text.partition(":")[2].strip() for line in block.lines if line.name == name), "")


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in [*when.zones(), *_others()]} | {"gmt": "UTC", "z": "UTC", "etc/utc": "UTC"}


def _others() -> list[str]:
    return [name for name in (f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours) if when.is_zone(name)]


@cache
def _well_known() -> list[str]:
    return [name for name in dict.fromkeys((*FAMILIAR, *WINDOWS_TO_OLSON.values())) if when.is_zone(name)]
