"""Makes things happen to events at random, as a busy evening would. Development only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import choice, randint, uniform

from webapp.demo import crowd
from webapp.demo.team import BY
from webapp.errors import TurnoutError
from webapp.events import finding, store
from webapp.events.event import Details, Event, Listed, State, slug_of
from webapp.events.search import Search

Happening = Callable[[Event, datetime], Awaitable[str]]
BETWEEN_SECONDS = (0.6, 2.0)
NEWS = (
    "Moved to the big room, so there is space for everyone.",
    "The second act is confirmed.",
    "Rain is likely; we will be inside.",
    "Doors open a little earlier than planned.",
    "A few places have come back.",
)
SURPRISES = ("Pop-up Concert", "Impromptu Lecture", "Street Food Corner", "Late Film", "Open Rehearsal")


async def happenings(seconds: float | None = None) -> AsyncIterator[str]:
    """Does one thing after another, for `seconds` or until stopped, and says what each was."""
    until = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    while until is None or datetime.now(UTC) < until:
        events = (await finding.upcoming(Search())).events
        for happening in (choice(HAPPENINGS), choice(CROWD)):  # noqa: S311 - a demo
            try:
                yield await _to_one_of(events, happening)
            except TurnoutError as error:
                yield str(error)
        await asyncio.sleep(uniform(*BETWEEN_SECONDS))  # noqa: S311


async def _to_one_of(events: Sequence[Listed], happening: Happening) -> str:
    if not events:
        return "nothing to happen to"
    return await happening(await store.by_slug(choice(events).slug), datetime.now(UTC))  # noqa: S311


async def _news(event: Event, now: datetime) -> str:
    await _change(event, now, summary=choice(NEWS))  # noqa: S311
    return f"{event.title}: news"


async def _capacity(event: Event, now: datetime) -> str:
    places = max(5, (event.capacity or 100) + randint(-20, 20))  # noqa: S311
    await _change(event, now, capacity=places)
    return f"{event.title}: now {places} places"


async def _later(event: Event, now: datetime) -> str:
    minutes = timedelta(minutes=choice((15, 30, -15, -30)))  # noqa: S311
    await _change(event, now, starts=event.starts + minutes, ends=event.ends + minutes, doors=None)
    return f"{event.title}: now at {event.starts + minutes:%H:%M}"


async def _cancel(event: Event, now: datetime) -> str:
    called_off = event.state is State.PUBLISHED
    await (store.cancel if called_off else store.publish)(event, by=BY, now=now)
    return f"{event.title}: {'called off' if called_off else 'on again'}"


async def _surprise(event: Event, now: datetime) -> str:
    details = Details.model_validate(event.model_dump() | {"title": choice(SURPRISES), "tags": "pop-up"})  # noqa: S311
    new = await store.create(event.organiser_id, details, now=now, by=BY)
    await store.publish(new, by=BY, now=now)
    return f"{new.title}: new"


async def _registers(_: Event, now: datetime) -> str:
    return await crowd.registers(await _busy(), now)


async def _arrives(_: Event, now: datetime) -> str:
    return await crowd.arrives(await _busy(), now)


async def _busy() -> Event:
    """The event that people come to just now; where the demo was never filled, there is none."""
    return await store.by_slug(slug_of(crowd.BUSY))


async def _change(event: Event, now: datetime, **changes: object) -> None:
    details = Details.model_validate(event.model_dump() | changes)
    await store.edit(event, details, version=event.version, by=BY, now=now)


HAPPENINGS: tuple[Happening, ...] = (
    _news,
    _news,
    _capacity,
    _capacity,
    _later,
    _cancel,
    _surprise,
)
CROWD: tuple[Happening, ...] = (_registers, _arrives, _arrives)
