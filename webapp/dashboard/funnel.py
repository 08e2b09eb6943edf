"""How far people come, step by step: from looking at the event to coming in. Rules only."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.dashboard.numbers import Inside, Places


@dataclass(frozen=True)
class Step:
    """A step: how many got there, what that counts, and what share of the tickets that were asked for it is."""

    name: str
    count: int
    about: str
    percent: int | None = None


@dataclass(frozen=True)
class Funnel:
    """The steps. `percent` is how many of a hundred looks led to a registration, None where that cannot be said."""

    steps: Sequence[Step]
    percent: float | None

    @property
    def most(self) -> int:
        return max(1, *(step.count for step in self.steps))


def funnel(places: Places, inside: Inside, looked: int) -> Funnel:
    """Looks first, then tickets; a registration may have several of those."""
    asked, registered = places.tally.get("asked", 0), places.tally.get("registrations:done", 0)
    tickets = (
        ("Confirmed", places.tally.get("done", 0), "Tickets that were confirmed, ever"),
        ("Still good", places.tickets("confirmed"), "Confirmed tickets that were not given back"),
        ("Came in", inside.came, "People whose ticket was let in, each counted once"),
    )
    steps = [
        Step("Looked at", looked, "Visitors who opened the event's page, each counted once an hour; not the team"),
        Step("Asked for", asked, "Places that were held, registered or waited for, ever"),
        *(Step(name, count, about, _percent(count, asked)) for name, count, about in tickets),
    ]
    return Funnel(steps, round(100 * registered / looked, 1) if 0 < registered <= looked else None)


def _percent(count: int, whole: int) -> int | None:
    return round(100 * count / whole) if whole else None
