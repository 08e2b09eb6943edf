"""Many requests in one: each by itself, so that one that does not fit holds up no other."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from quart import Response

from webapp.api.answering import View, refusal
from webapp.data import JSON
from webapp.errors import TurnoutError

MOST = 100
Make = Callable[[Mapping[str, Any]], Awaitable[View]]


class Bulk(BaseModel):
    """Up to a hundred of what the single request takes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"items": [{}]}]})

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


class Result(BaseModel):
    """What became of one item: its status, and `made` or `problem`."""

    status: int
    made: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class Results(BaseModel):
    """What became of each, in the order that they were sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"results": [{"status": 201, "made": {"id": "0q8y2c6b5n1zr4tw"}}]}]}
    )

    results: list[Result]


async def each(given: Bulk, make: Make, *, status: int = 200, at_once: bool = False) -> Response:
    """Makes one after the other, or all `at_once`; what is refused says why, as it would alone."""
    if at_once:
        results = await asyncio.gather(*(_result(make, item, status) for item in given.items))
    else:
        results = [await _result(make, item, status) for item in given.items]
    return Response(json.dumps({"results": results}), 200, content_type=JSON)


async def _result(make: Make, item: Mapping[str, Any], status: int) -> dict[str, Any]:
    try:
        return {"status": status, "made": (await make(item)).model_dump(mode="json")}
    except TurnoutError as error:
        return {"status": error.status, "problem": refusal(error)}
