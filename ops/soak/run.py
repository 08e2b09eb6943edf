"""The story of a run: fault after fault under load, and after each a quiet moment in which everything is compared."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ops.soak.faults import FAULTS
from ops.soak.ledger import Ledger
from ops.soak.stage import Size, Stage, set_up

TWO_AT_ONCE = 0.3
TRANSPORTS = ("ws", "sse", "poll")
ALONE = {"workers rolled", "two relays"}


@dataclass(frozen=True)
class Long:
    """When it is enough. `only` keeps faults with one of these words."""

    writes: int
    faults: int
    only: frozenset[str] = frozenset()


async def soak(folder: Path, size: Size, chance: random.Random, long: Long, say: Callable[[str], None]) -> Ledger:
    """Runs, and answers the book of it."""
    async with set_up(folder, size, chance) as stage:
        names = _names(stage, long)
        struck = 0
        while struck < long.faults or stage.ledger.counts["writes"] < long.writes:
            together = names.next_ones()
            await strike(stage, together)
            struck += len(together)
            say(_line(stage.ledger, struck))
        stage.ledger.counts.update(await asyncio.to_thread(lambda: stage.turnout.figures))
    return stage.ledger


async def strike(stage: Stage, names: list[str]) -> None:
    """Faults under load, together, and the quiet after them."""
    stage.ledger.begin(" + ".join(names))
    stage.is_calm = len(names) == 1
    stage.writers.go_on()
    await asyncio.sleep(stage.size.before)
    await asyncio.gather(*(FAULTS[name](stage) for name in names))
    await asyncio.sleep(stage.size.after)
    await stage.quiet()
    for name in names:
        stage.ledger.counts[f"fault: {name}"] += 1


class _Order:
    """Every fault once before one comes again, sometimes two at the same time."""

    def __init__(self, names: list[str], chance: random.Random) -> None:
        self._names, self._chance, self._left = names, chance, list[str]()

    def next_ones(self) -> list[str]:
        first = self._next()
        others = [name for name in self._left if _part(name) != _part(first) and name not in ALONE]
        if first in ALONE or not others or self._chance.random() > TWO_AT_ONCE:
            return [first]
        self._left.remove(others[-1])
        return [first, others[-1]]

    def _next(self) -> str:
        if not self._left:
            self._left = self._chance.sample(self._names, len(self._names))
        return self._left.pop()


def _part(name: str) -> str:
    """What a fault strikes; two at once on the same would get in each other's way."""
    first = name.partition(" ")[0]
    return {"primary": "mongodb", "relay": "worker", "workers": "worker"}.get(first, first)


def _names(stage: Stage, long: Long) -> _Order:
    names = [name for name in FAULTS if not long.only or any(word in name for word in long.only)]
    if stage.size.nodes == 1:
        names = [name for name in names if name != "primary hung"]
    return _Order(names, stage.chance)


def _line(ledger: Ledger, struck: int) -> str:
    span = ledger.spans[-1]
    minutes, seconds = divmod(int(time.monotonic() - ledger.spans[0].began), 60)
    worst = " ".join(f"{transport} {span.worst.get(transport, 0):4.1f}" for transport in TRANSPORTS)
    figures = f"worst staleness in s {worst}, right again after {span.settled:4.1f}, problems {len(ledger.problems)}"
    return f"{minutes:3d}:{seconds:02d}  {struck:3d}  writes {ledger.counts['writes']:6d}, {figures}: {span.name}"


def summary(ledger: Ledger, seed: int) -> str:
    """The table at the end."""
    faults = {name.removeprefix("fault: "): n for name, n in ledger.counts.items() if name.startswith("fault: ")}
    counts = {name: n for name, n in ledger.counts.items() if not name.startswith("fault: ")}
    head = (
        f"{'fault (worst staleness in s)':<36} {'times':>8} {'ws':>8} {'sse':>8} {'poll':>8} {'right again after':>18}"
    )
    rows = ["", head, *(_fault_row(ledger, name, times) for name, times in sorted(faults.items()))]
    rows += ["", *_figures({"faults": sum(faults.values()), **counts, "mismatches": ledger.counts["mismatches"]})]
    rows += ["", *(f"{name:<36} {_spread(values)}" for name, values in ledger.measured.items())]
    rows += ["", *_figures({f"ended, {name}": count for name, count in sorted(ledger.endings.items())})]
    rows += ["", *(f"PROBLEM {sentence}" for sentence in ledger.problems)]
    return "\n".join([*rows, f"seed {seed}: {'something is wrong' if ledger.problems else 'everything converged'}"])


def _fault_row(ledger: Ledger, name: str, times: int) -> str:
    spans = [span for span in ledger.spans if name in span.name.split(" + ")]
    worst = [max(span.worst.get(transport, 0) for span in spans) for transport in TRANSPORTS]
    columns = " ".join(f"{seconds:>8.1f}" for seconds in worst)
    return f"{name:<36} {times:>8} {columns} {max(span.settled for span in spans):>18.1f}"


def _figures(counts: dict[str, int]) -> list[str]:
    return [f"{name:<36} {count:>8,}" for name, count in counts.items()]


def _spread(values: list[float]) -> str:
    return f"median {median(values):.2f} s, worst {max(values):.2f} s, {len(values)} times"
