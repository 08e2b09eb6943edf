"""The OpenAPI 3.1 document, made from the handlers by quart-schema.

What is added here: whole models as components, the errors that every operation may answer with, the headers of the
conventions, examples, and who may use what.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, cast

from pydantic import BaseModel
from quart import Quart
from quart_schema import Info, QuartSchema, Tag
from quart_schema.conversion import model_schema
from quart_schema.openapi import OpenAPIProvider
from werkzeug.routing.rules import Rule

from webapp.access import SAFE, anyone
from webapp.api import components, idempotency, versions
from webapp.api.operation import Operation
from webapp.api.problem import KINDS
from webapp.data import MERGE_PATCH
from webapp.programs.token import Scope

Schema = dict[str, Any]
NAME = "API_DOCUMENT"

DESCRIPTION = """Everything that a person can do with Turnout, for programs: the same rules, the same words.

Times are RFC 3339 in UTC; an event's `starts`, `ends` and `doors` are what the clock on the wall shows in its `zone`.
Money is text. A field that is not known is refused, and every fault is named at once.

Lists come in pages: follow `next`. Reads carry an `ETag`; an edit sends it back as `If-Match`. Every write takes an
`Idempotency-Key`, and sent twice is done once. Errors are `application/problem+json`; their `type` leads to a page.
"""

CHAPTERS = {
    "Tokens": "What a program shows to be let in.",
    "Organisers": "Who runs events.",
    "Teams": "The people of an organiser, and invitations.",
    "Events": "Gatherings: drafts, published, cancelled.",
    "Ticket types": "What can be had of an event.",
    "Pools": "The limits on which ticket types draw.",
    "Questions": "What an event asks of those who register.",
    "Holds": "Places kept for a moment, and the way to a registration: for whoever comes.",
    "Registrations": "Who comes: for the team.",
    "Tickets": "One place for one person each.",
    "Waiting list": "Who waits for places, and offers.",
    "Check-in lists": "Which tickets a door opens to; gates.",
    "Check-ins": "Who came in and went out.",
    "Door links": "Ways for helpers to scan, and whom a phone without network let in by mistake.",
    "Messages": "What is written to those who registered.",
    "Imports": "Events taken over from a calendar.",
    "Changes": "What happened, in order: read in pages, or followed as it happens.",
    "Webhooks": "Addresses to which every change is posted.",
    "Audit": "What was done, by whom.",
    "Personal data": "For how long it is kept, and its end.",
    "Statistics": "The numbers of an event.",
    "Document": "This document.",
}


def describe(app: Quart) -> None:
    """Prepares the document of this application; it is made when it is first asked for."""
    # Not installed as an extension: it would wrap every response and add pages of its own.
    app.config.setdefault("QUART_SCHEMA_CONVERT_CASING", False)
    app.config.setdefault("QUART_SCHEMA_CONVERSION_PREFERENCE", "pydantic")
    address = app.extensions["settings"].address
    about = QuartSchema(
        info=Info(title="Turnout", version=versions.VERSIONS[-1], summary="Real-time event management."),
        tags=[Tag(name=name, description=text) for name, text in CHAPTERS.items()],
        servers=[{"url": address}],
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        conversion_preference="pydantic",
    )
    app.extensions[NAME] = (Provider(app, about), [])


def made(app: Quart) -> Schema:
    """The document."""
    provider, kept = app.extensions[NAME]
    if not kept:
        kept.append(provider.schema())
    return cast(Schema, kept[0])


class Provider(OpenAPIProvider):
    """Quart-schema's, for the handlers that have an `operation`."""

    def schema(self) -> Schema:
        whole = super().schema()
        whole["openapi"] = "3.1.0"
        whole["info"]["description"] = DESCRIPTION
        whole["info"]["license"] = {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"}
        whole["info"]["contact"] = {"name": "Whoever looks after this Turnout", "url": whole["servers"][0]["url"]}
        whole["paths"] = {path: whole["paths"][path] for path in sorted(whole["paths"])}
        whole["components"]["responses"] = components.responses()
        whole["components"]["headers"] = components.HEADERS
        whole["components"]["parameters"] = components.parameters()
        whole["components"]["schemas"] |= {"Problem": components.PROBLEM, "Fault": components.FAULT}
        whole["components"]["securitySchemes"]["token"]["description"] = "An access token, or an API token as it is."
        used = {name for path in whole["paths"].values() for op in path.values() for name in op.get("tags", ())}
        whole["tags"] = [one for one in whole["tags"] if one["name"] in used]
        _drop_unused(whole)
        return whole

    def generate_rules(self) -> Iterator[Rule]:
        for rule in self._app.url_map.iter_rules():
            if hasattr(self._app.view_functions[rule.endpoint], "operation"):
                yield rule

    def build_paths(self, rule: Rule) -> tuple[Schema, Schema]:
        paths, schemas = super().build_paths(rule)
        view: Any = self._app.view_functions[rule.endpoint]
        if view.operation.lists:
            schemas |= self._apart(view.operation.lists.__name__, _list_of(view.operation.lists), {})[0]
        for methods in paths.values():
            for method, described in methods.items():
                methods[method] = _completed(deepcopy(described), method.upper(), view, schemas)
        return paths, schemas

    def operation_id(self, method: str, path: str, func: Any) -> str:  # noqa: ARG002 - as quart-schema calls it
        *_, feature, module = func.__module__.split(".")
        return f"{feature if module == 'api' else module}_{func.__name__}"

    def build_request_body(self, model: Any, source: Any) -> tuple[Schema, Schema]:
        body, schemas = super().build_request_body(model, source)
        (content,) = body["content"].values()
        schemas, _ = self._apart(model.__name__, {**schemas, model.__name__: content["schema"]}, {})
        return {"required": True, "content": {"application/json": {"schema": _ref(model)}}}, schemas

    def build_querystring_parameters(self, model: Any) -> tuple[list[Schema], Schema]:
        parameters, schemas = super().build_querystring_parameters(model)
        schemas, shown = self._apart(model.__name__, schemas, {"parameters": parameters})
        return shown["parameters"], schemas

    def build_response_object(self, model: Any, headers_model: Any) -> tuple[Schema, Schema]:
        described, schemas = super().build_response_object(model, headers_model)
        schemas[model.__name__] = described["content"]["application/json"]["schema"]
        described["content"]["application/json"]["schema"] = _ref(model)
        schemas = {name: _partial(one) for name, one in schemas.items()}
        return described, self._apart(model.__name__, schemas, {})[0]

    def _apart(self, owner: str, schemas: Schema, shown: Schema) -> tuple[Schema, Schema]:
        """Keeps apart what has one name in two rooms, such as the kinds of a question and of a check-in."""
        known: Schema = self.__dict__.setdefault("_known", {})
        same = {name for name, one in schemas.items() if known.get(name, one) != one and name != owner}
        renamed = json.dumps([schemas, shown])
        for name in same:
            renamed = renamed.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{owner}{name}"')
        schemas, shown = json.loads(renamed)
        schemas = {f"{owner}{name}" if name in same else name: one for name, one in schemas.items()}
        known |= schemas
        return schemas, shown


def _drop_unused(whole: Schema) -> None:
    """Takes away the components that nothing refers to, and those that only they referred to."""
    parts = [(kind, name) for kind in ("schemas", "responses") for name in whole["components"][kind]]
    text = json.dumps(whole)
    unused = [(kind, name) for kind, name in parts if f'"#/components/{kind}/{name}"' not in text]
    for kind, name in unused:
        del whole["components"][kind][name]
    if unused:
        _drop_unused(whole)


def _completed(described: Schema, method: str, view: Any, schemas: Schema) -> Schema:
    said: Operation = view.operation
    described["description"] = described.get("description") or described["summary"]
    shown = [one for one in described["parameters"] if one["name"] != "expand" or said.expands]
    described["parameters"] = [_parameter(one, said) for one in shown] + _headers(method, said)
    if said.lists:
        described["responses"][200] = {
            "description": "A page of the list.",
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{said.lists.__name__}List"}}},
        }
    if not said.answers and not said.lists:
        described["responses"].setdefault(said.status, {"description": "Done."})
    if method == "PATCH":
        content = described["requestBody"]["content"].pop("application/json")
        schemas |= {f"{said.body.__name__}Patch": _all_optional(schemas[said.body.__name__])} if said.body else {}
        content["schema"] = {"$ref": f"{content['schema']['$ref']}Patch"}
        described["requestBody"]["content"][MERGE_PATCH] = content
    if said.streams:
        described["responses"][200]["content"] |= components.STREAM
    for response in described["responses"].values():
        response["headers"] = _answer_headers(method, said, response)
    described["responses"] |= {str(KINDS[name].status): _response(name) for name in _refusals(method, view)}
    if method == "GET" and not said.bare:
        described["responses"]["304"] = {"$ref": "#/components/responses/not-modified"}
    described["responses"] = {str(status): one for status, one in described["responses"].items()}
    described["security"] = _security(method, view)
    return described


def _security(method: str, view: Any) -> list[Schema]:
    usual = Scope.READ if method in SAFE else Scope.WRITE
    scope = getattr(view, "scope", usual)
    shown: Schema = {"token": [str(scope)] if scope else []}
    return [{}, shown] if view.access is anyone else [shown]


def _refusals(method: str, view: Any) -> list[str]:
    said: Operation = view.operation
    found = ["not-understood", "not-signed-in", "not-allowed", "not-found", "too-often", "broken", "unavailable"]
    if said.body:
        found += ["too-large", "wrong-media-type"]
    found += ["invalid"]
    if method not in SAFE:
        found += ["conflict"]
    if said.edits:
        found += ["changed"] + (["if-match-missing"] if method == "PATCH" else [])
    return [*found, *said.refuses]


def _headers(method: str, said: Operation) -> list[Schema]:
    names = ["version"]
    if not said.bare:
        names.append("if-none-match" if method == "GET" else "idempotency-key")
    if said.streams:
        names.append("last-event-id")
    if said.edits:
        names.append("if-match" if method == "PATCH" else "if-match-optional")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _answer_headers(method: str, said: Operation, response: Schema) -> Schema:
    names = ["Turnout-Version", "RateLimit", "RateLimit-Policy"]
    names += ["ETag"] if "content" in response and not said.bare else []
    names += ["Location"] if said.status == 201 and not said.bare else []
    names += ["Link"] if said.lists else []
    names += [idempotency.REPLAYED] if method not in SAFE and not said.bare else []
    return {name: components.header(name) for name in names}


def _parameter(one: Schema, said: Operation) -> Schema:
    schema = dict(one["schema"])
    schema.pop("title", None)
    shown = {**one, "schema": schema}
    if one["in"] == "query" and _is_names(schema):
        shown |= {"style": "form", "explode": False}
    if one["name"] == "expand":
        schema["items"] = {"type": "string", "enum": list(said.expands)}
    shown.setdefault("description", components.IN_THE_PATH.get(one["name"], f"The {one['name'].replace('_', ' ')}."))
    return shown


def _is_names(schema: Schema) -> bool:
    return schema.get("type") == "array"


def _ref(model: type[BaseModel]) -> Schema:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _response(name: str) -> Schema:
    return {"$ref": f"#/components/responses/{name}"}


def _partial(schema: Schema) -> Schema:
    """With `fields` only some of a resource are sent; its id always is."""
    required = [name for name in schema.get("required", ()) if name == "id"]
    return {
        **{name: value for name, value in schema.items() if name != "required"},
        **({"required": required} if required else {}),
    }


def _all_optional(schema: Schema) -> Schema:
    """What a merge patch may have: any of the fields; null takes one back to what it is without being said."""
    properties = {name: {"anyOf": [one, {"type": "null"}]} for name, one in schema.get("properties", {}).items()}
    kept = {name: value for name, value in schema.items() if name not in {"required", "properties"}}
    return {**kept, "properties": properties}


def _list_of(model: type[BaseModel]) -> Schema:
    schema = model_schema(model, preference="pydantic", schema_mode="serialization")
    parts = {name: _partial(one) for name, one in schema.pop("$defs", {}).items()}
    whole = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": _ref(model)},
            "next": {"type": ["string", "null"], "format": "uri", "description": "The address of the next page."},
        },
        "examples": [{"items": schema.get("examples", []), "next": None}],
    }
    return {**parts, model.__name__: _partial(schema), f"{model.__name__}List": whole}
