"""The figures of every machine: whichever of its workers is first writes them down every few seconds, from /metrics.

What is shown is the same reading that Prometheus is given, and the last minutes of it.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp import database
from webapp.admin import figures
from webapp.admin.figures import Reading
from webapp.database import DuplicateKeyError, IndexModel, db
from webapp.observing import metrics

EVERY, GONE_SECONDS = timedelta(seconds=4.5), 60
POINTS = 60
"""Of five seconds each: five minutes."""

NAME = socket.gethostname()
CURVES = {"fresh": ("fresh", 0.95), "pages": ("pages", 0.95)}

database.keep("machines", IndexModel("at", expireAfterSeconds=GONE_SECONDS))


@dataclass(frozen=True)
class Point:
    """What came in a few seconds: requests for each second, and times of the slowest twentieth, in milliseconds."""

    at: datetime
    answers: int
    fresh: int
    pages: int


@dataclass(frozen=True)
class Machine:
    """A machine as it last said: `total` since its Turnout was started, `lately` within the last `seconds`."""

    name: str
    at: datetime
    seconds: float
    total: Reading
    lately: Reading
    points: Sequence[Point]


async def note(now: datetime) -> bool:
    """Writes how this machine is, unless another of its workers just did; says whether."""
    before = await db().machines.find_one({"_id": NAME}, {"points": 0})
    if before and now - before["at"] < EVERY:
        return False
    # All files of all workers: long enough that visitors would notice.
    total = await asyncio.to_thread(lambda: figures.reading(metrics.samples()))
    lately = figures.since(figures.read(before["total"]), total) if before else total
    seconds = (now - before["at"]).total_seconds() if before else 0
    said = {"at": now, "seconds": seconds, "total": figures.kept(total), "lately": figures.kept(lately)}
    change: dict[str, Any] = {"$set": said}
    if before:
        change["$push"] = {"points": {"$each": [_point(lately, seconds, now)], "$slice": -POINTS}}
    query = {"_id": NAME, "at": before["at"]} if before else {"_id": NAME, "at": now}
    try:
        done = await db().machines.update_one(query, change, upsert=before is None)
    except DuplicateKeyError:
        return False
    return bool(done.matched_count or done.upserted_id)


async def every() -> list[Machine]:
    """Every machine that was heard of lately."""
    found = await db().machines.find().sort("_id", 1).to_list(100)
    return [_read(one) for one in found]


def _point(lately: Reading, seconds: float, now: datetime) -> dict[str, Any]:
    times = {name: round(1000 * (lately.took(*what) or 0)) for name, what in CURVES.items()}
    return {"at": now, "answers": round(lately.counts.get("answers", 0) / max(seconds, 1)), **times}


def _read(one: Mapping[str, Any]) -> Machine:
    readings = figures.read(one["total"]), figures.read(one["lately"])
    return Machine(
        one["_id"], one["at"], one["seconds"], *readings, [Point(**point) for point in one.get("points", [])]
    )
