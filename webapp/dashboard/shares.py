"""What eats a capacity: parts of a whole that add up. Rules only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 1000
STATES = {
    "confirmed": "Confirmed",
    "pending": "To decide",
    "held": "Held",
    "offered": "Offered",
}


@dataclass(frozen=True)
class Part:
    """One part of a bar, `name` being also that of its colour."""

    name: str
    label: str
    count: int
    x: float = 0
    width: float = 0


@dataclass(frozen=True)
class Use:
    """How a capacity is used; without one there is no end to it. `beyond` were given out although it was full."""

    id: str
    title: str
    capacity: int | None
    parts: Sequence[Part]
    waiting: int = 0

    @property
    def taken(self) -> int:
        return sum(part.count for part in self.parts if part.name != "free")

    @property
    def free(self) -> int | None:
        return None if self.capacity is None else max(0, self.capacity - self.taken)

    @property
    def beyond(self) -> int:
        return 0 if self.capacity is None else max(0, self.taken - self.capacity)

    @property
    def sentence(self) -> str:
        """The bar in words."""
        said = ", ".join(f"{part.count:,} {part.label.lower()}" for part in self.parts if part.count)
        return f"{said or 'nothing taken'}{'' if self.capacity is None else f', of {self.capacity:,}'}"


def of_pool(pool_id: str, name: str, capacity: int | None, tally: Mapping[str, int]) -> Use:
    """How a pool is used."""
    counts = {state: tally.get(f"pool:{pool_id}:{state}", 0) for state in STATES}
    return _use(pool_id, name, capacity, counts, tally.get(f"pool:{pool_id}:waiting", 0))


def of_kind(type_id: str, name: str, tightest: Use | None, tally: Mapping[str, int]) -> Use:
    """How a ticket type uses the tightest of its pools; what the others took of that is one part."""
    counts = {state: tally.get(f"type:{type_id}:{state}", 0) for state in STATES}
    waiting = tally.get(f"type:{type_id}:waiting", 0)
    if tightest is None or tightest.capacity is None:
        return _use(type_id, name, None, counts, waiting)
    return _use(type_id, name, tightest.capacity, counts | {"others": tightest.taken - sum(counts.values())}, waiting)


def _use(key: str, title: str, capacity: int | None, counts: Mapping[str, int], waiting: int) -> Use:
    labels = STATES | {"others": "Other tickets", "free": "Free"}
    taken = sum(counts.values())
    whole = max(taken, capacity or 0, 1)
    parts, x = [], 0.0
    for name, count in {**counts, **({} if capacity is None else {"free": max(0, capacity - taken)})}.items():
        width = WIDTH * count / whole
        parts.append(Part(name, labels[name], count, round(x, 2), round(width, 2)))
        x += width
    return Use(key, title, capacity, parts, waiting)
