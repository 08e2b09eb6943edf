"""JSON, which programs send and are answered with."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from quart import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from webapp.api.problem import escaped
from webapp.errors import Invalid, NotUnderstood
from webapp.responses import sentence

Sent = TypeVar("Sent", bound=BaseModel)

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
NO_JSON = "This is not JSON (RFC 8259). Nothing was changed."


async def sent(model: type[Sent]) -> Sent:
    """The request's body, as the model. Raises Invalid with a sentence for every fault, by its JSON pointer."""
    return fitting(model, await _json(JSON))


async def perhaps_sent(model: type[Sent]) -> Sent:
    """The same where there need not be a body."""
    return await sent(model) if await request.get_data(as_text=False) else model()


async def patched(model: type[Sent], known: Mapping[str, Any]) -> Sent:
    """What is known, changed by the request's body, a JSON Merge Patch (RFC 7396), as the model. Raises Invalid."""
    patch = await _json(MERGE_PATCH)
    if not isinstance(patch, dict):
        raise Invalid({"": "Send a JSON object with the fields to change."})
    return fitting(model, merged(dict(known), patch))


def asked(model: type[Sent]) -> Sent:
    """The arguments of the address, as the model. Raises Invalid, which names those that it does not know."""
    given = {name: ",".join(request.args.getlist(name)) for name in request.args}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid({f"?{key[1:]}": said for key, said in faults(error, given).items()}) from None


def fitting(model: type[Sent], given: Any) -> Sent:
    """What was sent, as the model. Raises Invalid with every fault."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid(faults(error, given)) from None


def faults(error: ValidationError, given: Any) -> dict[str, str]:
    """A sentence for everything that does not fit, by its JSON pointer; the first of a place counts."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        named = one.get("ctx", {}).get("field")
        where = [*one["loc"], named] if named and named not in one["loc"] else list(one["loc"])
        found.setdefault(_pointer(where, given), sentence(one))
    return found


def merged(known: Any, patch: Any) -> Any:
    """The algorithm of RFC 7396: null takes a field away, an object goes on inside, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(known) if isinstance(known, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """The answer to a program, kept by nobody."""
    response = Response(json.dumps(body), status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _json(media_type: str) -> Any:
    if request.mimetype != media_type:
        raise UnsupportedMediaType(f"Send this with the header Content-Type: {media_type}.")
    try:
        return from_json(await request.get_data(as_text=False), allow_inf_nan=False)
    except ValueError:
        raise NotUnderstood(NO_JSON) from None


def _pointer(where: Sequence[int | str], given: Any) -> str:
    """The place as it is in what was given; pydantic also names the branches of a union there."""
    parts, here = [], given
    for part in where:
        if isinstance(here, dict) and isinstance(part, str):
            parts.append(escaped(part))
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            parts.append(str(part))
            here = here[part]
    return "".join(f"/{part}" for part in parts)
