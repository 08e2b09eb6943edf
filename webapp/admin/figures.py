"""The operator's figures: a reading of what /metrics says, what came since the one before, and how long things took.

Rules only. A reading adds up what does not matter here (methods, routes, collections); a `spread` is a histogram as
pairs of an upper bound in seconds and how many took no longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Spread = Sequence[tuple[float, float]]
Sample = tuple[str, Mapping[str, str], float]

SPREADS = {
    "pages": "turnout_http_request_duration_seconds",
    "fresh": "turnout_live_change_to_wire_seconds",
    "mongodb": "turnout_mongodb_command_duration_seconds",
    "redis": "turnout_redis_call_duration_seconds",
    "loop": "turnout_event_loop_lag_seconds",
}
COUNTS = {
    "mongodb failures": "turnout_mongodb_command_failures_total",
    "redis failures": "turnout_redis_call_failures_total",
    "uncounted": "turnout_uncounted_total",
}
GAUGES = {
    "workers": "turnout_workers",
    "lag": "turnout_live_relay_lag_seconds",
    "behind": "turnout_live_connections_behind",
    "regions": "turnout_live_regions_watched",
    "memory": "process_resident_memory_bytes",
}
OPERATIONS = 6


@dataclass(frozen=True)
class Reading:
    """What was so at one moment, or what came between two; `operations` are counts and seconds by MongoDB command."""

    gauges: Mapping[str, float] = field(default_factory=dict)
    connections: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    limited: Mapping[str, float] = field(default_factory=dict)
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    operations: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def took(self, name: str, quantile: float) -> float | None:
        """How long things took at this quantile, in seconds; None where nothing happened."""
        return quantile_of(self.spreads.get(name, ()), quantile)

    @property
    def slowest(self) -> list[tuple[str, int, float]]:
        """The MongoDB commands that took most time in all: what, how many, seconds for one."""
        used = [(name, count, seconds) for name, (count, seconds) in self.operations.items() if count]
        used.sort(key=lambda one: one[2], reverse=True)
        return [(name, int(count), seconds / count) for name, count, seconds in used[:OPERATIONS]]


def reading(samples: Iterable[Sample]) -> Reading:
    """Adds up what /metrics says."""
    gauges, connections, counts, limited = (
        dict[str, float](),
        dict[str, float](),
        dict[str, float](),
        dict[str, float](),
    )
    spreads: dict[str, dict[float, float]] = {name: {} for name in SPREADS}
    operations: dict[str, list[float]] = {}
    spread_of = {f"{metric}_bucket": name for name, metric in SPREADS.items()}
    count_of = {metric: name for name, metric in COUNTS.items()}
    gauge_of = {metric: name for name, metric in GAUGES.items()}
    for metric, labels, value in samples:
        if (name := spread_of.get(metric)) and labels.get("call") != "read":
            bound = float(labels["le"])
            spreads[name][bound] = spreads[name].get(bound, 0) + value
        elif name := count_of.get(metric):
            counts[name] = counts.get(name, 0) + value
        elif name := gauge_of.get(metric):
            gauges[name] = value
        elif metric == "turnout_live_connections":
            connections[labels["transport"]] = value
        elif metric == "turnout_limited_total":
            limited[labels["limit"]] = value
        elif metric == f"{SPREADS['pages']}_count":
            failed = value if labels["status"].startswith("5") else 0
            counts["answers"] = counts.get("answers", 0) + value
            counts["failed"] = counts.get("failed", 0) + failed
        elif metric in {f"{SPREADS['mongodb']}_count", f"{SPREADS['mongodb']}_sum"}:
            known = operations.setdefault(f"{labels['command']} {labels['collection']}".strip(), [0, 0])
            known[metric.endswith("_sum")] += value
    whole = {name: sorted(spread.items()) for name, spread in spreads.items()}
    return Reading(gauges, connections, counts, limited, whole, {key: (a, b) for key, (a, b) in operations.items()})


def since(before: Reading, after: Reading) -> Reading:
    """What came between two readings; where it is less, it was counted from nothing again."""
    spreads = {name: _minus(after.spreads[name], before.spreads.get(name, ())) for name in after.spreads}
    operations = {
        name: (
            _less(count, before.operations.get(name, (0, 0))[0]),
            _less(seconds, before.operations.get(name, (0, 0))[1]),
        )
        for name, (count, seconds) in after.operations.items()
    }
    counts = {name: _less(count, before.counts.get(name, 0)) for name, count in after.counts.items()}
    limited = {name: _less(count, before.limited.get(name, 0)) for name, count in after.limited.items()}
    return Reading(after.gauges, after.connections, counts, limited, spreads, operations)


def together(readings: Sequence[Reading]) -> Reading:
    """Several machines as one; the relay's lag is the longest."""
    gauges = _sum(one.gauges for one in readings)
    lags = [one.gauges["lag"] for one in readings if "lag" in one.gauges]
    spreads = {name: _plus([one.spreads.get(name, ()) for one in readings]) for name in SPREADS}
    operations: dict[str, tuple[float, float]] = {}
    for one in readings:
        for name, (count, seconds) in one.operations.items():
            known = operations.get(name, (0.0, 0.0))
            operations[name] = (known[0] + count, known[1] + seconds)
    return Reading(
        {**gauges, **({"lag": max(lags)} if lags else {})},
        _sum(one.connections for one in readings),
        _sum(one.counts for one in readings),
        _sum(one.limited for one in readings),
        spreads,
        operations,
    )


def quantile_of(spread: Spread, quantile: float) -> float | None:
    """As Prometheus reckons it: within a bucket, evenly."""
    total = spread[-1][1] if spread else 0
    if not total:
        return None
    wanted, lower, below = quantile * total, 0.0, 0.0
    for bound, count in spread:
        if count >= wanted:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (wanted - below) / (count - below) if count > below else bound
        lower, below = bound, count
    return lower


def kept(one: Reading) -> dict[str, Any]:
    """A reading as a document: names may hold what a field may not."""
    return {
        **{name: [[key, value] for key, value in getattr(one, name).items()] for name in PLAIN},
        "spreads": [[name, [list(pair) for pair in spread]] for name, spread in one.spreads.items()],
        "operations": [[name, list(pair)] for name, pair in one.operations.items()],
    }


def read(document: Mapping[str, Any]) -> Reading:
    """The reading in such a document."""
    plain = {name: dict(document[name]) for name in PLAIN}
    spreads = {name: [(bound, count) for bound, count in spread] for name, spread in document["spreads"]}
    return Reading(**plain, spreads=spreads, operations={name: (a, b) for name, (a, b) in document["operations"]})


PLAIN = ("gauges", "connections", "counts", "limited")


def _less(after: float, before: float) -> float:
    return after - before if after >= before else after


def _minus(after: Spread, before: Spread) -> Spread:
    known = dict(before)
    has_begun_again = bool(after and before) and after[-1][1] < before[-1][1]
    return [(bound, count - (0 if has_begun_again else known.get(bound, 0))) for bound, count in after]


def _plus(spreads: Sequence[Spread]) -> Spread:
    total = _sum(dict(spread) for spread in spreads)
    return sorted(total.items())


def _sum(many: Iterable[Mapping[Any, float]]) -> dict[Any, float]:
    total: dict[Any, float] = {}
    for one in many:
        for key, value in one.items():
            total[key] = total.get(key, 0) + value
    return total
