"""Every occurrence of a series within the horizon. A rule that would never end is refused before it is tried."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

from webapp.imports.calendar.entry import Horizon

MOST_OCCURRENCES = 3_000
MOST_STEPS = 100_000

_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_DAY = 86_400
# What the libraries raise over rules and times that contradict each other.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, ArithmeticError)

Moment = dt.date | dt.datetime


class Endless(Exception):
    """This repeats more often than can be imported."""


@dataclass(frozen=True)
class Occurrence:
    """One date of a series: which component it comes from, when it is, and which start it had originally."""

    component: icalendar.Event
    starts: Moment
    ends: Moment
    recurrence: str


def occurrences(components: list[icalendar.Event], horizon: Horizon) -> Iterator[Occurrence]:
    """The occurrences of components that share a UID. Raises Endless, or one of UNREADABLE."""
    for component in components:
        for rule in _rules(component):
            _check(rule, time(component, "DTSTART"), horizon)
    calendar = icalendar.Calendar()
    calendar.subcomponents = list(components)
    is_series = any(name in component for component in components for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
    for series in recurring_ical_events.of(calendar).series:
        found = list(islice(series.between(horizon.start, horizon.end), MOST_OCCURRENCES + 1))
        if len(found) > MOST_OCCURRENCES:
            raise Endless
        for one in found:
            component = one.as_component(keep_recurrence_attributes=False)
            yield Occurrence(component, one.start, one.end, _recurrence(component) if is_series else "")


def _check(rule: icalendar.vRecur, start: Moment, horizon: Horizon) -> None:
    """Refuses a rule by how many steps lie between its start and its end, before a step is made."""
    interval = _number(rule, "INTERVAL", 1)
    if interval < 1:
        raise ValueError("INTERVAL must be 1 or more")
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    until = min([_aware(horizon.end), *(_aware(time) for time in rule.get("UNTIL", []))])
    seconds = max((until - _aware(start)).total_seconds(), 0)
    times = prod(len(rule.get(part, [1])) for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    count = _number(rule, "COUNT", MOST_STEPS + 1)
    if (
        min(seconds / _SECONDS.get(frequency, _DAY) / (interval if frequency in _SECONDS else 1) * times, count)
        > MOST_STEPS
    ):
        raise Endless


def _number(rule: icalendar.vRecur, part: str, otherwise: int) -> int:
    return int(rule.get(part, [otherwise])[0])


def _rules(component: icalendar.Event) -> list[icalendar.vRecur]:
    rules: Any = component.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _aware(time: Moment) -> dt.datetime:
    if not isinstance(time, dt.datetime):
        time = dt.datetime.combine(time, dt.time())
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def _recurrence(component: icalendar.Event) -> str:
    start: Moment = time(component, "RECURRENCE-ID")
    if "RANGE" in component["RECURRENCE-ID"].params:
        start += time(component, "DTSTART") - time(component, "X-TURNOUT-START")
    return identity(start)


def time(component: icalendar.Event, name: str) -> Any:
    """The day, time or length that a property holds; the library's own type allows all of them everywhere."""
    value: Any = component[name]
    return value.dt


def identity(start: Moment) -> str:
    """A start as text that is the same in every zone: an instant in UTC, a floating time or a day."""
    if not isinstance(start, dt.datetime):
        return f"{start:%Y%m%d}"
    return f"{start.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" if start.tzinfo else f"{start:%Y%m%dT%H%M%S}"
