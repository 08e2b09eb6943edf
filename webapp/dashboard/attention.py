"""What needs somebody's attention, the worst first. Rules only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from webapp.dashboard.numbers import Inside, Places
from webapp.events.event import Event, Phase, State

NEARLY = 0.9


class Level(IntEnum):
    """How bad it is."""

    ALARM = 0
    WARNING = 1
    NOTE = 2


@dataclass(frozen=True)
class Concern:
    """One sentence, and where something can be done about it."""

    level: Level
    text: str
    href: str = ""
    action: str = ""


@dataclass(frozen=True)
class Around:
    """What is known beside the numbers, of now only."""

    is_open: bool = True
    silent: Sequence[str] = ()
    findings: int = 0


def concerns(
    event: Event, places: Places, inside: Inside, names: Mapping[str, str], around: Around | None
) -> list[Concern]:
    """Everything, the worst first; `around` is None for a moment that is over."""
    found = [*_of_door(event, inside), *_of_places(event, places, names), *_of_now(event, around or Around())]
    return sorted(found, key=lambda one: one.level)


def _of_door(event: Event, inside: Inside) -> Iterator[Concern]:
    there = (f"{event.path}/door", "See the door")
    if inside.limit is None:
        return
    if inside.is_full:
        text = f"{inside.inside:,} are inside and {inside.limit:,} may be. Let nobody in before somebody leaves."
        yield Concern(Level.ALARM, text, *there)
    elif inside.inside >= NEARLY * inside.limit:
        left = inside.limit - inside.inside
        yield Concern(
            Level.WARNING, f"Only {left:,} more may come inside: {inside.inside:,} of {inside.limit:,}.", *there
        )


def _of_places(event: Event, places: Places, names: Mapping[str, str]) -> Iterator[Concern]:
    line = f"{event.path}/line", "See the line"
    for pool in places.pools:
        if pool.beyond:
            text = f"“{pool.title}” has {_places(pool.beyond)} more taken than there are."
            yield Concern(Level.ALARM, text, f"{event.path}/registrations", "See registrations")
        elif pool.free == 0 and pool.waiting:
            yield Concern(Level.NOTE, f"“{pool.title}” is full, and {_waited_for(pool.waiting)}.", *line)
        elif pool.free == 0:
            yield Concern(Level.NOTE, f"“{pool.title}” is full.", f"{event.path}/tickets", "Change its size")
        elif pool.capacity and pool.free is not None and pool.free <= (1 - NEARLY) * pool.capacity:
            left = f"{pool.free:,} of {pool.capacity:,}"
            yield Concern(
                Level.NOTE, f"“{pool.title}” is nearly full: {left} are left.", f"{event.path}/tickets", "Tickets"
            )
    if pending := places.tickets("pending"):
        text = f"{_tickets(pending)} {'waits' if pending == 1 else 'wait'} for your decision."
        yield Concern(Level.WARNING, text, f"{event.path}/registrations?state=pending", "Decide")
    for type_id in places.paused:
        if waiting := places.tally.get(f"type:{type_id}:waiting", 0):
            name = names.get(type_id, "Ticket")
            yield Concern(Level.WARNING, f"The line for “{name}” stands still; {_waited_for(waiting)}.", *line)


def _of_now(event: Event, around: Around) -> Iterator[Concern]:
    if around.findings:
        text = f"The last count found {around.findings} numbers that do not fit together."
        yield Concern(Level.ALARM, text, f"{event.path}/registrations", "Count again")
    if around.silent:
        names = ", ".join(around.silent[:3]) + (" and others" if len(around.silent) > 3 else "")
        yield Concern(Level.WARNING, f"Not heard of lately at the door: {names}.", f"{event.path}/door", "See phones")
    if event.state is State.DRAFT:
        yield Concern(Level.NOTE, "Nobody else sees this event yet; it is a draft.", f"{event.path}/edit", "Publish")
    elif not around.is_open and event.phase is not Phase.OVER:
        yield Concern(Level.NOTE, "Registration is closed.", f"{event.path}/tickets", "Open it")


def _places(count: int) -> str:
    return f"{count:,} {'place' if count == 1 else 'places'}"


def _waited_for(count: int) -> str:
    return f"{_places(count)} {'is' if count == 1 else 'are'} waited for"


def _tickets(count: int) -> str:
    return f"{count:,} {'ticket' if count == 1 else 'tickets'}"
