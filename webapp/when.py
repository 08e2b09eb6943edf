"""Wall time and time zones: what a clock on the wall shows becomes an instant, by one explicit rule.

A wall time that a zone skips (the gap of spring) is read as if the clocks had not been turned, so 02:30 becomes 03:30.
One that a zone has twice (the fold of autumn) means the first. Both are said to the person who typed it.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def zones() -> list[str]:
    """Every IANA zone that names a place, and UTC, in order."""
    regions = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return sorted(name for name in available_timezones() if name == "UTC" or name.split("/")[0] in regions)


@cache
def is_zone(name: str) -> bool:
    """Whether the IANA database knows this name."""
    return name in available_timezones()


def instant(wall: datetime, zone: str) -> datetime:
    """The UTC instant of a naive wall time, by the rule of this module."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def wall(at: datetime, zone: str) -> datetime:
    """What a clock in `zone` shows at an instant, naive."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def note(time: datetime, zone: str) -> str | None:
    """A sentence when a wall time falls into a gap or a fold, otherwise None."""
    first = time.replace(tzinfo=ZoneInfo(zone), fold=0)
    if first.utcoffset() == first.replace(fold=1).utcoffset():
        return None
    shown, day = f"{time:%H:%M}", f"{time.day} {time:%B %Y}"
    read_back = wall(instant(time, zone), zone)
    if read_back != time:
        return (
            f"{shown} does not exist on {day} in {zone}, clocks are turned forward: it was read as {read_back:%H:%M}."
        )
    return f"{shown} happens twice on {day} in {zone}, clocks are turned back: the first one is meant."


def offset(at: datetime, zone: str) -> str:
    """The zone's distance from UTC at an instant, as people write it: `UTC+2`, `UTC-3:30`, `UTC`."""
    minutes = int((at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def month_of(text: str) -> date:
    """The first day of a month written `2026-05`. Raises ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()


def next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
