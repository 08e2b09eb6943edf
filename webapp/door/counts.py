"""The numbers of a door, as the counters say them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.database import db
from webapp.door.checkin import Result

MINUTES = 10


@dataclass(frozen=True)
class Numbers:
    """Who is inside: `inside` counts people, whatever list let them in; the lists say their own, never to be added.

    `came` counts those who were let in at all.
    """

    inside: int = 0
    scans: int = 0
    came: int = 0
    lists: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def on(self, list_id: str, what: str) -> int:
        return self.lists.get(list_id, {}).get(what, 0)


@dataclass(frozen=True)
class Minute:
    """What happened at the gates within a minute, by gate and `entry`, `exit`, `undo` or `refused`."""

    at: datetime
    gates: Mapping[str, Mapping[str, int]]

    def of(self, gate_id: str, what: str) -> int:
        return self.gates.get(gate_id, {}).get(what, 0)

    def total(self, gate_id: str) -> int:
        return sum(self.gates.get(gate_id, {}).values())


async def numbers(event_id: str) -> Numbers:
    """The counters of now."""
    total: Counter[str] = Counter()
    for one in await db().door_counts.find({"event_id": event_id}).to_list(None):
        total.update(_flat(one))
    lists: dict[str, dict[str, int]] = {}
    for name, count in total.items():
        if name.startswith("lists."):
            _, list_id, what = name.split(".")
            lists.setdefault(list_id, {})[what] = count
    return Numbers(total["inside"], total["scans"], total["came"], lists)


async def minutes(event_id: str, limit: int = MINUTES) -> list[Minute]:
    """The last minutes in which something happened, the oldest first."""
    found: dict[datetime, Counter[str]] = {}
    documents = db().door_minutes.find({"event_id": event_id}).sort("minute", -1)
    async for one in documents:
        if one["minute"] not in found and len(found) == limit:
            break
        found.setdefault(one["minute"], Counter()).update(_flat(one))
    return [Minute(at, _gates(counted)) for at, counted in sorted(found.items())]


@dataclass(frozen=True)
class Refusal:
    """A scan that was refused."""

    result: Result
    name: str
    gate: str
    device: str
    learnt_at: datetime


async def refusals(event_id: str, limit: int = 12) -> list[Refusal]:
    """The last scans that were refused, the latest first."""
    found = db().checkins.find({"event_id": event_id, "is_refusal": True}).sort("learnt_at", -1).limit(limit)
    return [
        Refusal(Result(one["result"]), one["name"], one["gate"], one["device"], one["learnt_at"])
        for one in await found.to_list(limit)
    ]


def _gates(counted: Counter[str]) -> dict[str, dict[str, int]]:
    gates: dict[str, dict[str, int]] = {}
    for name, count in counted.items():
        _, gate_id, what = name.split(".")
        gates.setdefault(gate_id, {})[what] = count
    return gates


def _flat(document: Mapping[str, Any], prefix: str = "") -> Counter[str]:
    """Nested counters under their dotted names."""
    found: Counter[str] = Counter()
    for name, value in document.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{name}."))
        elif isinstance(value, int):
            found[f"{prefix}{name}"] += value
    return found
