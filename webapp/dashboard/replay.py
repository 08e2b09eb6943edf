"""Which moment of an event is asked for, and which there are."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webapp import when
from webapp.door import marks as door_marks
from webapp.events.event import Event
from webapp.places import marks

LAST_MINUTE = 24 * 60 - 1


@dataclass(frozen=True)
class Moment:
    """A minute on the event's clock; `first` and `last` are the days of which something is known."""

    wall: datetime
    until: datetime
    first: date
    last: date

    @property
    def day(self) -> date:
        return self.wall.date()

    @property
    def minute(self) -> int:
        """The minute of the day, as the slider has it."""
        return self.wall.hour * 60 + self.wall.minute


async def moment(event: Event, *, day: str, clock: str, minute: str) -> Moment:
    """The moment that was asked for, as well as it can be read; else the last in which something happened."""
    bounds = [
        *(await marks.first(event.id), await door_marks.first(event.id)),
        *(mark.begins_at if (mark := await marks.last(event.id)) else None, await door_marks.last(event.id)),
    ]
    walls = sorted(when.wall(at, event.zone) for at in bounds if at) or [event.starts]
    first, last = walls[0], walls[-1]
    wall = datetime.combine(_day(day, last.date()), _time(clock, minute, last.time()))
    return Moment(wall, when.instant(wall, event.zone), first.date(), last.date())


def _day(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    # Zones turn the first and the last days there are into days that there are not.
    return found if date.min + timedelta(days=2) < found < date.max - timedelta(days=2) else otherwise


def _time(clock: str, minute: str, otherwise: time) -> time:
    if minute.isascii() and minute.isdigit() and len(minute) < 6:
        return time(*divmod(min(int(minute), LAST_MINUTE), 60))
    try:
        return time.fromisoformat(clock).replace(second=0, microsecond=0, tzinfo=None) if clock else otherwise
    except ValueError:
        return otherwise
