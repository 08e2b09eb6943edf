"""A whole database, asked for in one question: it has some seventy collections, most of them empty in a test."""

from collections.abc import Callable
from typing import Any

from webapp.database import Database

Stages = list[dict[str, Any]]


async def documents(database: Database) -> dict[str, list[Any]]:
    """Every document by collection, in their order there."""
    kept: dict[str, list[Any]] = {name: [] for name in await database.list_collection_names()}
    for one in await _of_each(database, lambda name: [{"$project": {"_id": name, "it": "$$ROOT"}}]):
        kept[one["_id"]].append(one["it"])
    return kept


async def filled(database: Database) -> list[str]:
    """The collections that hold something."""
    found = await _of_each(database, lambda name: [{"$limit": 1}, {"$project": {"_id": name}}])
    return [one["_id"] for one in found]


async def _of_each(database: Database, stages: Callable[[Any], Stages]) -> list[Any]:
    """What these stages make of each collection; they are given its name as an expression."""
    first, *others = await database.list_collection_names()
    unions = [{"$unionWith": {"coll": name, "pipeline": stages({"$literal": name})}} for name in others]
    found = database[first].aggregate([*stages({"$literal": first}), *unions])
    return list(await found.to_list(None))
