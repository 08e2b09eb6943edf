"""What each part of the dashboard needs to be drawn, for now or for a minute that is over."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from webapp import when
from webapp.dashboard import chart, feed, numbers
from webapp.dashboard.attention import Around, concerns
from webapp.dashboard.funnel import funnel
from webapp.door import devices
from webapp.events.event import Event
from webapp.looks import store as looks
from webapp.places import audit
from webapp.ticket_types import store as ticket_types

Context = dict[str, Any]
MINUTE = timedelta(minutes=1)


async def attention(event: Event, until: datetime | None = None) -> Context:
    """What needs somebody."""
    places, inside, names, around = await asyncio.gather(
        numbers.places(event, until), numbers.inside(event, until), ticket_types.names(event), _around(event)
    )
    return {"concerns": concerns(event, places, inside, names, None if until else around)}


async def places(event: Event, until: datetime | None = None) -> Context:
    """What eats the capacity, how far people came, and how the line moved."""
    now, inside, looked = await asyncio.gather(
        numbers.places(event, until), numbers.inside(event, until), looks.total(event.id, until)
    )
    return {"event": event, "places": now, "funnel": funnel(now, inside, looked)}


async def sales(event: Event, until: datetime | None = None) -> Context:
    """Registrations by the minute and over time."""
    mark = (await numbers.places(event, until)).mark
    if mark is None or not mark.tally.get(numbers.CURVE):
        return {"event": event, "by_minute": None, "over_time": None, "last": None}
    by_minute, over_time = await asyncio.gather(
        numbers.registered_by_minute(event, mark), numbers.registered_over_time(event, mark)
    )
    last = mark.begins_at
    bars = chart.bars(by_minute, until=last, count=60, step=MINUTE, shown=_clock(event))
    line = chart.steps(over_time, shown=_moment(event, over_time[-1][0] - over_time[0][0]))
    return {"event": event, "by_minute": bars, "over_time": line, "last": when.wall(last, event.zone)}


async def door(event: Event, until: datetime | None = None) -> Context:
    """Who is inside, who came, and who did not."""
    now = await numbers.inside(event, until)
    shown: Context = {"event": event, "door": now, "by_minute": None, "over_time": None}
    if now.last_at is None:
        return shown
    by_minute, over_time = await asyncio.gather(
        numbers.came_by_minute(event, now.last_at), numbers.inside_over_time(event, now.last_at, now.inside)
    )
    span = over_time[-1][0] - over_time[0][0]
    return shown | {
        "by_minute": chart.bars(by_minute, until=now.last_at, count=60, step=MINUTE, shown=_clock(event)),
        "over_time": chart.steps(over_time, shown=_moment(event, span)),
    }


async def happenings(event: Event, until: datetime | None = None) -> Context:
    """What happened last."""
    found = await feed.latest(event, await numbers.places(event, until), until)
    return {"happenings": [(when.wall(one.at, event.zone), one) for one in found]}


async def _around(event: Event) -> Around:
    silent = [one.name for one in await devices.at(event.id) if one.is_silent]
    last, form = await audit.last(event.id), await ticket_types.form(event.id)
    return Around(form.is_open, silent, len(last.findings) if last else 0)


def _clock(event: Event) -> Callable[[datetime], str]:
    return lambda at: f"{when.wall(at, event.zone):%H:%M}"


def _moment(event: Event, span: timedelta) -> Callable[[datetime], str]:
    """The time alone within a day, the day alone over weeks."""

    def shown(at: datetime) -> str:
        wall = when.wall(at, event.zone)
        day = f"{wall.day} {wall:%b}"
        if span <= timedelta(hours=20):
            return f"{wall:%H:%M}"
        return day if span > timedelta(days=3) else f"{day}, {wall:%H:%M}"

    return shown
