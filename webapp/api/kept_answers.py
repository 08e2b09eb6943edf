"""How answers are kept for a day by their idempotency key, sealed: they may hold a ticket's secret.

The first request with a key writes that it runs, under a number of its own, and its answer in the end. Where a worker
dies meanwhile, the next one takes over once the first can no longer be at work.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import KeyReused, StillRunning
from webapp.people import ties
from webapp.walls import sealing

KEPT_FOR = timedelta(hours=24)
# Longer than a request may take: those that wait for the database give up after twenty seconds.
RUNS_AT_MOST = timedelta(seconds=60)

database.keep("kept_answers", IndexModel("expires_at", expireAfterSeconds=0), IndexModel("caller"))


@dataclass(frozen=True)
class Kept:
    """An answer that was given already."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Run:
    """A request that runs for the first time; its `number` tells it from another that took over."""

    id: str
    number: str


async def begin(caller: str, key: str, asked: bytes, *, now: datetime) -> Run | Kept:
    """Begins what `asked` stands for, or answers what it was answered. Raises StillRunning and KeyReused."""
    subject = hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()
    run, print_ = Run(subject, database.new_id()), hashlib.sha256(asked).hexdigest()
    fresh = {"caller": caller, "asked": print_, "run": run.number, "since": now, "expires_at": now + KEPT_FOR}
    try:
        await db().kept_answers.insert_one({"_id": subject, **fresh})
    except DuplicateKeyError:
        return await _again(run, fresh, now)
    return run


async def keep(run: Run, answer: Kept) -> None:
    """Keeps the answer, unless another took over."""
    said = json.dumps([answer.status, answer.headers, answer.body.decode()])
    values = {"answer": sealing.seal(said, about=f"answer {run.id}")}
    await db().kept_answers.update_one({"_id": run.id, "run": run.number}, {"$set": values})


async def forget(run: Run) -> None:
    """Lets the same request run again: what it was answered was about that moment."""
    await db().kept_answers.delete_one({"_id": run.id, "run": run.number})


@ties.parted
async def part(person_id: str, session: Session) -> None:
    """Takes away what was answered to a person's programs."""
    await db().kept_answers.delete_many({"caller": person_id}, session=session)


async def _again(run: Run, fresh: dict[str, Any], now: datetime) -> Run | Kept:
    there = await db().kept_answers.find_one({"_id": run.id})
    if there is None:
        raise StillRunning("This request has just ended; send it again.")
    is_over = there["expires_at"] <= now
    if there["asked"] != fresh["asked"] and not is_over:
        raise KeyReused("This idempotency key was used for another request. Take a fresh one.")
    known = sealing.opened(there["answer"], about=f"answer {run.id}") if "answer" in there and not is_over else None
    if known:
        status, headers, body = json.loads(known)
        return Kept(status, headers, body.encode())
    if not is_over and "answer" not in there and there["since"] + RUNS_AT_MOST > now:
        raise StillRunning("The same request runs just now; send it again in a moment for its answer.")
    taken = await db().kept_answers.replace_one({"_id": run.id, "run": there["run"]}, fresh)
    if not taken.modified_count:
        raise StillRunning("The same request runs just now; send it again in a moment for its answer.")
    return run
