"""Answers with resources: one, made, listed; with their tags, only the fields asked for, and what belongs to them."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict
from quart import Response, current_app, request

from webapp.api import tags
from webapp.api.listing import Choosing, Listing, Page
from webapp.api.problem import document as problem
from webapp.data import JSON
from webapp.errors import Invalid, TurnoutError


class View(BaseModel):
    """A resource as programs see it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str

    @classmethod
    def made_of(cls, source: Any, **more: Any) -> Self:
        """Field by field from what is kept; `more` is what has another shape here."""
        known = {name: getattr(source, name) for name in cls.model_fields if name not in more}
        return cast(Self, cls.model_construct(None, **known, **more))


def example(one: Mapping[str, Any]) -> dict[str, Any]:
    """What the document shows of a model, for its `json_schema_extra`."""
    return {"examples": [dict(one)]}


V = TypeVar("V", bound=View)
Load = Callable[[Sequence[Any]], Awaitable[Sequence[View | Sequence[View] | None]]]
"""What belongs to each of some resources, in their order."""

Expanding = Mapping[str, Load]
NOTHING: Expanding = {}


async def one(
    view: View,
    *,
    edit: str = "",
    choosing: Choosing | None = None,
    expanding: Expanding = NOTHING,
    status: int = 200,
    location: str = "",
) -> Response:
    """A resource. `edit` is what an edit has to be made for: its version, or a digest of what can be edited."""
    asked = choosing or Choosing()
    (shown,) = await _shown([view], asked, expanding)
    return _tagged(shown, edit or "0", status, location)


async def made(view: View, location: str, *, edit: str = "") -> Response:
    """A resource that is new, with its address."""
    return await one(view, edit=edit, status=201, location=location)


async def listed(found: Page[V], asked: Listing, expanding: Expanding = NOTHING) -> Response:
    """A page of a list, and the address of the next."""
    following = _next(found.after) if found.after else None
    items = ",".join(await _shown(found.found, asked, expanding))
    response = _tagged(f'{{"items":[{items}],"next":{json.dumps(following)}}}', "list", 200, "")
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def nothing() -> Response:
    """Done, and there is nothing to say."""
    return Response(status=204)


def address(path: str) -> str:
    """The whole address of a path of ours."""
    return f"{current_app.extensions['settings'].address}{path}"


def refusal(error: TurnoutError) -> dict[str, Any]:
    """A problem as it stands among the results of many requests in one."""
    fields = getattr(error, "fields", {})
    base = current_app.extensions["settings"].address
    return problem(error.problem, error.status, type(error).__name__, str(error), fields, base=base)


async def _shown(views: Sequence[View], asked: Choosing, expanding: Expanding) -> list[str]:
    """As JSON, written by pydantic at once: made of Python's objects first it takes three times as long."""
    if views:
        _check(asked.fields, type(views[0]).model_fields, "?fields")
    _check(asked.expand, expanding, "?expand")
    chosen = {"id", *asked.fields} if asked.fields else None
    shown = [view.model_dump_json(include=chosen) for view in views]
    for name in dict.fromkeys(asked.expand):
        belonging = map(_dumped, await expanding[name](views))
        shown = [f'{row[:-1]},"{name}":{more}}}' for row, more in zip(shown, belonging, strict=True)]
    return shown


def _check(names: Sequence[str], known: Mapping[str, Any], parameter: str) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        there = f"There are {', '.join(known)}." if known else "There is nothing to choose from here."
        raise Invalid({parameter: f"There is no “{unknown[0]}” here. {there}"})


def _dumped(belonging: View | Sequence[View] | None) -> str:
    if belonging is None:
        return "null"
    if isinstance(belonging, View):
        return belonging.model_dump_json()
    return f"[{','.join(one.model_dump_json() for one in belonging)}]"


def _tagged(shown: str, edit: str, status: int, location: str) -> Response:
    body = shown.encode()
    response = Response(body, status, content_type=JSON)
    if location:
        response.headers["Location"] = address(location)
    response.headers.add("Vary", "Authorization")
    return tags.conditional(response, tags.tag(edit, body))


def _next(after: str) -> str:
    given = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    return address(f"{request.path}?{urlencode([*given, ('after', after)])}")
