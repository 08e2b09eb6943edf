"""A lock that one process of all holds: a document with an end by MongoDB's own clock, put off while work goes on."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from webapp import database
from webapp.database import DuplicateKeyError, PyMongoError, db

LASTS_SECONDS = 20.0
RENEW_SECONDS = 5.0
TRY_SECONDS = 0.2
COLLECTION = "schema"


class Lost(Exception):
    """Somebody else holds the lock by now: this process was away for longer than it lasts."""


@asynccontextmanager
async def held(name: str) -> AsyncIterator[None]:
    """Waits for the lock and holds it. Raises Lost, and ends what is done inside, when it could not be renewed."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{database.new_id()}"
    while not await take(name, holder):  # noqa: ASYNC110 - it is another process that lets go
        await asyncio.sleep(TRY_SECONDS)
    inside = cast("asyncio.Task[object]", asyncio.current_task())
    renewing = asyncio.create_task(_renew(name, holder, inside))
    try:
        yield
    except asyncio.CancelledError:
        if renewing.done():
            inside.uncancel()
            raise Lost(name) from None
        raise
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        with suppress(PyMongoError):
            await db()[COLLECTION].delete_one({"_id": f"lock {name}", "holder": holder})


async def take(name: str, holder: str) -> bool:
    """Takes or renews the lock; says whether this holder has it now."""
    free = {"$expr": {"$or": [{"$eq": ["$holder", holder]}, {"$lt": ["$until", "$$NOW"]}]}}
    until = [{"$set": {"holder": holder, "until": {"$add": ["$$NOW", int(1000 * LASTS_SECONDS)]}}}]
    with suppress(DuplicateKeyError):
        await db()[COLLECTION].update_one({"_id": f"lock {name}"}, [{"$set": {"_id": f"lock {name}"}}], upsert=True)
    done = await db()[COLLECTION].update_one({"_id": f"lock {name}", **free}, until)
    return done.matched_count == 1


async def _renew(name: str, holder: str, inside: "asyncio.Task[object]") -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + LASTS_SECONDS
    while loop.time() < until - RENEW_SECONDS:
        await asyncio.sleep(RENEW_SECONDS)
        begun = loop.time()
        with suppress(PyMongoError):
            if not await take(name, holder):
                break
            until = begun + LASTS_SECONDS
    inside.cancel()
