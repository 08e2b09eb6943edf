"""The demo's city: some forty invented events over four weeks, a few of them elsewhere in the world."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from webapp import when
from webapp.demo.venues import VENUES, Venue
from webapp.events.event import Details

PROGRAMME = Path(__file__).with_name("programme.csv")
STUDIO = "Quay Street Studio"
"""The organiser that the demo's first person leads."""


@dataclass(frozen=True)
class Plan:
    """One line of the programme: on which day from today, when, how long, where and what about."""

    title: str
    summary: str
    day: int
    hour: float
    hours: float
    venue: Venue
    tags: str
    organiser: str
    capacity: int | None = None


DESCRIPTION = """## What to expect

{welcome} {practical}

- Doors open half an hour before the start
- {place}
- {extra}

> {quote}
"""
WELCOMES = (
    "Come as you are; newcomers are met at the door.",
    "Half of the people here come alone, and few leave that way.",
    "We start on time and finish on time.",
)
PRACTICAL = (
    "There is a cloakroom, and drinking water at the bar.",
    "Tea and something sweet are included.",
    "Photos are fine, flash is not.",
)
EXTRAS = (
    "Step-free entrance and toilets; write to us if you need anything else",
    "Children are welcome with a grown-up",
    "The house is five minutes from the nearest stop",
)
QUOTES = (
    "The best evening of the month, and I nearly stayed at home.",
    "Small enough to talk to everyone.",
    "I came for an hour and helped to stack the chairs.",
)


def events(now: datetime) -> list[Details]:
    """The programme, counted from the day of `now`; the same day gives the same events."""
    dice = Random(now.toordinal())  # noqa: S311 - which sentence stands where
    return [_details(plan, now, dice) for plan in plans()]


@cache
def plans() -> tuple[Plan, ...]:
    """The programme as it is written in the file beside this one."""
    with PROGRAMME.open(newline="", encoding="utf-8") as lines:
        return tuple(_read(csv.DictReader(lines)))


def _read(lines: "csv.DictReader[str]") -> Iterator[Plan]:
    for line in lines:
        yield Plan(
            line["title"],
            line["summary"],
            int(line["day"]),
            float(line["hour"]),
            float(line["hours"]),
            VENUES[line["venue"]],
            line["tags"],
            line["organiser"],
            int(line["capacity"]) if line["capacity"] else None,
        )


def _details(plan: Plan, now: datetime, dice: Random) -> Details:
    venue = plan.venue
    midnight = when.wall(now, venue.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = midnight + timedelta(days=plan.day, hours=plan.hour)
    return Details(
        title=plan.title,
        summary=plan.summary,
        description=DESCRIPTION.format(
            welcome=dice.choice(WELCOMES),
            practical=dice.choice(PRACTICAL),
            place=f"We meet at {venue.name}, {venue.address}"
            if venue.name
            else "We meet online; the link opens in any browser",
            extra=dice.choice(EXTRAS),
            quote=dice.choice(QUOTES),
        ),
        starts=starts,
        ends=starts + timedelta(hours=plan.hours),
        doors=starts - timedelta(minutes=30) if venue.name else None,
        zone=venue.zone,
        place_name=venue.name,
        place_address=venue.address,
        latitude=venue.latitude if venue.name else None,
        longitude=venue.longitude if venue.name else None,
        online_url="" if venue.name else "https://meet.example/turnout",
        capacity=plan.capacity,
        tags=plan.tags,
        organiser_name=plan.organiser,
    )
