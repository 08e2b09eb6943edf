"""The changes that programs and webhooks are told of: written down close behind what happens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from realtime.change import Position
from realtime.source import HEARTBEATS
from webapp.changes.change import id_of
from webapp.changes.store import LEASE, TIP
from webapp.doctor.finding import Finding, well, wrong

# Where nothing happens, the place in the history moves on every ten seconds.
LATEST = timedelta(seconds=60)


def check(db: Any) -> Iterator[Finding]:
    """Findings about the scribe. Nothing where no Turnout ever ran: then nothing is to be written down."""
    beat = db[HEARTBEATS].find_one()
    tip = db.change_tips.find_one({"_id": TIP})
    if beat is None or tip is None:
        return
    late = beat["at"] - datetime.fromtimestamp(Position.parse(id_of(tip["at"])).seconds, UTC)
    if late < LATEST:
        yield well("Programs are told of changes as they happen")
        return
    what = f"Programs and webhooks hear of changes {late.total_seconds():,.0f} s late"
    lease = db.change_tips.find_one({"_id": LEASE}) or {}
    if "until" in lease and lease["until"] > beat["at"]:
        yield wrong(what, "see whether MongoDB is slow: the worker that writes them down waits for it")
    else:
        yield wrong(what, "restart the workers one by one: none writes them down, and the log says why")
