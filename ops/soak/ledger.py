"""The book of a run: what was written and when, how late screens were, and everything that should not have been."""

import time
from collections import Counter
from dataclasses import dataclass, field

PROBLEMS_KEPT = 50


@dataclass
class Span:
    """A stretch of the run: a fault and what followed, up to the quiet in which everything was compared."""

    name: str
    began: float = field(default_factory=time.monotonic)
    worst: dict[str, float] = field(default_factory=dict)
    """By transport, the seconds that some screen showed an old state after a newer one was acknowledged."""
    settled: float = 0.0
    """Seconds from the last write until every screen was right."""


class Ledger:
    """Kept by writers and screens together."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.problems: list[str] = []
        self.measured: dict[str, list[float]] = {}
        self.spans: list[Span] = [Span("no fault")]
        self._written: dict[tuple[int, int], float] = {}

    def wrote(self, gathering: int, change: int) -> None:
        """A change of a gathering was acknowledged just now."""
        self.counts["writes"] += 1
        self._written.setdefault((gathering, change), time.monotonic())

    def showed(self, transport: str, gathering: int, before: int, after: int) -> None:
        """A screen went from one change of a gathering to a later one just now."""
        missed = (self._written.get((gathering, change)) for change in range(before + 1, after + 1))
        first = next((at for at in missed if at), None)
        if first is not None:
            worst = self.spans[-1].worst
            worst[transport] = max(worst.get(transport, 0.0), time.monotonic() - first)

    def begin(self, name: str) -> Span:
        """From now on, what is late is late because of this."""
        self.spans.append(Span(name))
        return self.spans[-1]

    def measure(self, name: str, value: float) -> None:
        """Keeps a figure for the summary."""
        self.measured.setdefault(name, []).append(value)

    def problem(self, sentence: str) -> None:
        """Something that must never be."""
        self.counts["problems"] += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(sentence)
