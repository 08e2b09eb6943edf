"""Events as entries of a calendar: iCalendar (RFC 5545), published, not invitations."""

import datetime as dt
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import icalendar

from webapp import when
from webapp.events.event import Event, State

DAY = dt.timedelta(days=1)
AGAIN = dt.timedelta(hours=1)
"""How often a program should look again."""

Entry = tuple[Event, str]


def calendar(entries: Sequence[Entry], *, name: str = "", url: str = "") -> bytes:
    """The events, each with the address of its page, and the time zones that they need.

    `name` and `url` are those of a calendar to subscribe to (RFC 7986).
    """
    made = icalendar.Calendar()
    made.add("prodid", "-//Turnout//Turnout//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    if name:
        made.add("name", name)
        made.add("x-wr-calname", name)
        made.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", AGAIN)
        made.add("source", url, parameters={"VALUE": "URI"})
    for zone in _zones(event for event, _ in entries):
        made.add_component(zone)
    for event, path in entries:
        made.add_component(entry(event, path))
    return bytes(made.to_ical())


def entry(event: Event, url: str) -> icalendar.Event:
    """One event; an edit is the same entry with a higher sequence."""
    made = icalendar.Event()
    made.add("uid", f"{event.id}@turnout")
    made.add("sequence", sequence(event))
    made.add("dtstamp", event.changed_at)
    made.add("last-modified", event.changed_at)
    made.add("summary", event.title)
    made.add("status", "CANCELLED" if event.state is State.CANCELLED else "CONFIRMED")
    made.add("url", url)
    said = "\n\n".join(part for part in (event.summary, event.online_url, url) if part)
    made.add("description", said)
    place = ", ".join(part for part in (event.place_name, event.place_address) if part)
    if place or event.online_url:
        made.add("location", place or event.online_url)
    starts, ends = times(event)
    made.add("dtstart", starts)
    made.add("dtend", ends)
    return made


def sequence(event: Event) -> int:
    """Higher after every change, also after one that is no edit: being called off, or being on again."""
    return event.version + int((event.changed_at - event.created_at).total_seconds())


def times(event: Event) -> tuple[dt.date, dt.date]:
    """When it is, on its own clock; of an event that fills days the first, and the one after the last."""
    if not event.all_day:
        zone = dt.UTC if event.zone == "UTC" else ZoneInfo(event.zone)
        # By way of the instants, so that a time that the clock skips is one that it shows.
        return event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    last = when.wall(event.ends_at - dt.timedelta(minutes=1), event.zone).date()
    return event.starts.date(), last + DAY


def _zones(events: Iterable[Event]) -> Iterable[icalendar.Timezone]:
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for event in events:
        if not event.all_day and event.zone != "UTC":
            first, last = event.starts.date() - DAY, event.ends.date() + 2 * DAY
            before = spans.get(event.zone, (first, last))
            spans[event.zone] = min(before[0], first), max(before[1], last)
    for zone in sorted(spans):
        yield icalendar.Timezone.from_tzinfo(ZoneInfo(zone), zone, *spans[zone])
