"""How this worker is: a document that it writes every few seconds, so that health is live like anything else."""

import asyncio
import os
import socket
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field
from quart import Quart

from realtime import Engine
from webapp import database
from webapp.admin import machines
from webapp.database import IndexModel, PyMongoError, db

EVERY_SECONDS, GONE_SECONDS = 5, 60
NAME = f"{socket.gethostname()}:{os.getpid()}"

database.keep("workers", IndexModel("seen_at", expireAfterSeconds=GONE_SECONDS))


class Worker(BaseModel):
    """A worker as it last said. `lag` is the age of the newest heartbeat that came all the way, in seconds."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(alias="_id")
    started_at: datetime
    seen_at: datetime
    streams: int
    transports: dict[str, int] = {}
    lag: float | None
    relays: bool
    reads_log: bool


async def note(engine: Engine, started_at: datetime, now: datetime) -> None:
    """Writes how this worker is."""
    beat = engine.feed.last_beat
    said = {
        "started_at": started_at,
        "seen_at": now,
        "streams": len(list(engine.roster)),
        "transports": dict(Counter(client.transport for client in engine.roster)),
        "lag": round(max(0.0, time.time() - beat), 1) if beat else None,
        "relays": engine.relay.holds_lease,
        "reads_log": engine.feed.reads_log,
    }
    await db().workers.replace_one({"_id": NAME}, said, upsert=True)


async def keep_noting(app: Quart) -> None:
    """Does so until cancelled; then the worker is gone from the list."""
    engine, started_at = app.extensions["live"], datetime.now(UTC)
    await asyncio.sleep(1)  # until the log is found
    try:
        while True:
            with suppress(PyMongoError):
                await note(engine, started_at, datetime.now(UTC))
                await machines.note(datetime.now(UTC))
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        with suppress(PyMongoError):
            await db().workers.delete_one({"_id": NAME})


async def workers() -> list[Worker]:
    """Every worker that was heard of lately."""
    kept = await db().workers.find().sort("_id", 1).to_list(200)
    return [Worker.model_validate(one) for one in kept]


async def mails() -> dict[str, int]:
    """How many mails there are in each state."""
    grouped = db().mails.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
    return {one["_id"]: one["count"] async for one in grouped}


async def server() -> dict[str, str]:
    """The version of MongoDB and which server is the primary."""
    built, hello = await db().command("buildInfo"), await db().command("hello")
    return {"version": str(built["version"]), "primary": str(hello.get("primary", "")), "set": str(hello["setName"])}
