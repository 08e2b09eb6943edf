"""The document of the API, and pages about it that need nothing from elsewhere."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from quart import Blueprint, Response, current_app

from webapp.access import allowed, anyone
from webapp.api import document, tags
from webapp.api.operation import operation
from webapp.api.problem import KINDS
from webapp.data import JSON
from webapp.errors import NotFound
from webapp.responses import page

pages = Blueprint("api_pages", __name__)


class OpenApi(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


@pages.get("/api/v1/openapi.json")
@allowed(anyone)
@operation("Document", answers=OpenApi)
async def openapi() -> Response:
    """Reads this document."""
    body = json.dumps(document.made(_app())).encode()
    response = Response(body, content_type=JSON)
    return tags.conditional(response, tags.tag("0", body))


@pages.get("/help/api")
@allowed(anyone)
async def show() -> Response:
    """Every operation, with what it takes and answers."""
    made = document.made(_app())
    return await page("api/show.html", chapters=_chapters(made), about=document.DESCRIPTION)


@pages.get("/help/api/problems/<name>")
@allowed(anyone)
async def problem(name: str) -> Response:
    """What an error means, and what to do about it."""
    if name not in KINDS:
        raise NotFound("There is no such problem.")
    return await page("api/problem.html", kind=KINDS[name], kinds=list(KINDS.values()))


def _app() -> Any:
    return current_app


def _chapters(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations by chapter, as the page lists them."""
    found: dict[str, list[dict[str, Any]]] = {one["name"]: [] for one in made["tags"]}
    for path, methods in made["paths"].items():
        for method, described in methods.items():
            found[described["tags"][0]].append({"method": method.upper(), "path": path, **_shown(described, made)})
    return [{**one, "operations": found[one["name"]]} for one in made["tags"] if found[one["name"]]]


def _shown(described: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    contents: list[dict[str, Any]] = list(described.get("requestBody", {}).get("content", {}).values())
    schema = _followed(contents[0]["schema"], made) if contents else {}
    parameters = [one for one in described["parameters"] if "name" in one]
    return {
        "id": described["operationId"],
        "summary": described["summary"],
        "parameters": [(one["name"], one["in"], one.get("description", "").replace("`", "")) for one in parameters],
        "fields": [(name, _kind(one)) for name, one in schema.get("properties", {}).items()],
        "example": json.dumps(schema["examples"][0], indent=2) if schema.get("examples") else "",
        "is_public": {} in described["security"],
        "scopes": [scope for one in described["security"] for names in one.values() for scope in names],
        "statuses": sorted(described["responses"]),
    }


def _followed(schema: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = made["components"]["schemas"].get(name, schema)
    return found


def _kind(schema: dict[str, Any]) -> str:
    kinds = [schema, *schema.get("anyOf", ())]
    named = [one.get("type") or one.get("$ref", "").rpartition("/")[2] for one in kinds]
    return " or ".join(dict.fromkeys(str(one) for one in named if one and one != "null")) or "any"
