"""How often something may be tried: counts in the database, right across workers.

Strangers share an account's count; a browser that signed in before has its own, so strangers lock nobody out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, db
from webapp.errors import TooMany

WINDOW = timedelta(minutes=15)

database.keep("tries", IndexModel("expires_at", expireAfterSeconds=0))


async def spend(allowances: Mapping[str, int], *, now: datetime, window: timedelta = WINDOW, instead: str = "") -> None:
    """Takes one try from each allowance, before it is made. Raises TooMany when one has none left."""
    for key, allowed in allowances.items():
        count = await _count(key, now, window)
        if count["count"] > allowed:
            raise TooMany(max(1, int((count["expires_at"] - now).total_seconds())), instead)


async def give_back(allowances: Mapping[str, int]) -> None:
    """Returns the try that succeeded."""
    await db().tries.update_many({"_id": {"$in": list(allowances)}, "count": {"$gt": 0}}, {"$inc": {"count": -1}})


async def _count(key: str, now: datetime, window: timedelta) -> dict[str, Any]:
    is_over = {"$lte": [{"$ifNull": ["$expires_at", now]}, now]}
    after = {
        "count": {"$cond": [is_over, 1, {"$add": ["$count", 1]}]},
        "expires_at": {"$cond": [is_over, now + window, "$expires_at"]},
    }
    for _ in range(3):
        try:
            found = await db().tries.find_one_and_update(
                {"_id": key}, [{"$set": after}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # two first tries at once
            continue
        return dict(found)
    raise TooMany(1)
