"""The rounds as Markdown tables: medians, and ratios to Socket.IO and to the bare loop of the same rounds."""

from collections.abc import Iterable, Sequence
from statistics import median

from ops.bench.live.delivery import Delivery
from ops.bench.live.freshness import Freshness, Load

Deliveries = dict[tuple[str, int], list[Delivery]]
Follows = dict[tuple[str, Load], list[Freshness]]


def of_deliveries(found: Deliveries, base: str, floor: str) -> str:
    """A row for each contender, number of viewers and size."""
    rows = [
        (f"{viewers:,}", f"{size:,}", name, *_delivery(rounds, found[base, viewers], found[floor, viewers], size))
        for (name, viewers), rounds in found.items()
        for size in rounds[0].cost
    ]
    head = ("viewers", "bytes", "server", "µs/update", "of Socket.IO", "of bare loop", "KiB/viewer", "of Socket.IO")
    return table((*head, "missing"), rows)


def _delivery(rounds: list[Delivery], base: list[Delivery], floor: list[Delivery], size: int) -> tuple[str, ...]:
    cost, of_base, of_floor = (median(one.cost[size] for one in each) for each in (rounds, base, floor))
    memory, memory_of_base = (median(one.memory for one in each) for each in (rounds, base))
    missing = sum(one.missing for one in rounds)
    ratios = f"{cost / of_base:.2f}", f"{cost / of_floor:.2f}"
    return f"{cost:.1f}", *ratios, f"{memory / 1024:.1f}", f"{memory / memory_of_base:.2f}", str(missing)


def of_follows(found: Follows) -> str:
    """A row for each contender and load."""
    head = ("writes x viewers", "stack", "newest p50 / p99 ms", "from sending p50 / p99", "oldest p50 / p99")
    more = ("frames/s", "µs/update", "writes/s", "core 0", "core 1", "last shown")
    return table((*head, *more), [_follow(name, load, rounds) for (name, load), rounds in found.items()])


def _follow(name: str, load: Load, rounds: list[Freshness]) -> tuple[str, ...]:
    return (
        *(str(load), name, _pair([one.newest for one in rounds]), _pair([one.sent for one in rounds])),
        *(_pair([one.oldest for one in rounds]), f"{median(one.frames for one in rounds):.1f}"),
        *(f"{median(one.cost for one in rounds):.1f}", f"{median(one.rate for one in rounds):,.0f}"),
        *_cores([one.cores for one in rounds]),
        "yes" if all(one.is_last_shown for one in rounds) else "no",
    )


def _pair(rounds: list[tuple[float, float]]) -> str:
    return " / ".join(f"{median(column):,.1f}" for column in zip(*rounds, strict=True))


def _cores(rounds: list[Sequence[float]]) -> list[str]:
    return [f"{median(core):.0%}" for core in zip(*rounds, strict=True)][:2]


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
