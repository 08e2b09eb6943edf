"""The parts of the API's document that no handler says: problems, and the headers of the conventions."""

from typing import Any

from webapp.api import idempotency, versions
from webapp.api.problem import KINDS, MEDIA_TYPE, PAGES, Kind

Schema = dict[str, Any]


def responses() -> Schema:
    """The problems by their status, each named by the first of its kinds; and the answer that says nothing new."""
    first = {kind.status: name for name, kind in reversed(KINDS.items())}
    return {name: _problem(name) for name in first.values()} | {"not-modified": NOT_MODIFIED}


def parameters() -> Schema:
    """The headers that programs may send."""
    return PARAMETERS | {
        "version": _header(versions.HEADER, "Another version than the token's.", enum=versions.VERSIONS)
    }


def header(name: str) -> Schema:
    """A header of an answer, by its name among HEADERS."""
    return {"$ref": f"#/components/headers/{name}"}


def _problem(name: str) -> Schema:
    kind = KINDS[name]
    examples = {one.name: {"value": _example(one)} for one in KINDS.values() if one.status == kind.status}
    names = ["Turnout-Version", "RateLimit", "RateLimit-Policy"]
    names += ["Retry-After"] if kind.status in {409, 429} else []
    names += ["WWW-Authenticate"] if kind.status == 401 else []
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    headers = {one: header(one) for one in names}
    return {"description": kind.advice, "headers": headers, "content": {MEDIA_TYPE: content}}


def _example(kind: Kind) -> Schema:
    detail = kind.advice.replace("`", "")
    whole = {"type": f"https://example.org{PAGES}/{kind.name}", "title": kind.title}
    return whole | {"status": kind.status, "detail": detail}


def _text(about: str, **more: Any) -> Schema:
    return {"description": about, "schema": {"type": "string", **more}}


def _header(name: str, about: str, *, required: bool = False, **more: Any) -> Schema:
    return {"name": name, "in": "header", "required": required, **_text(about, **more)}


IN_THE_PATH = {
    "slug": "The event, by its `slug`.",
    "organiser_slug": "The organiser, by its `slug`.",
    "token": "The secret of a registration or of a place on the waiting list, from the link that its owner has.",
    "person_id": "Somebody in the team.",
    "clash_id": "Somebody let in by mistake.",
}

FAULT: Schema = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "pointer": {"type": "string", "description": "Where in the body, as a JSON pointer."},
        "field": {"type": "string", "description": "The same with dots."},
        "parameter": {"type": "string", "description": "Which argument of the address."},
        "detail": {"type": "string", "description": "What is wrong, in a sentence."},
    },
    "examples": [{"pointer": "/title", "field": "title", "detail": "Please fill this in."}],
}
PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Never changes; leads to a page about it.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened and what to do next, in a sentence."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "latest": {"type": "string", "description": "With `gone` from the changes: an id to start again from."},
    },
    "examples": [
        {
            "type": f"https://example.org{PAGES}/invalid",
            "title": "Invalid",
            "status": 422,
            "detail": "Please fill this in.",
            "errors": [{"pointer": "/title", "field": "title", "detail": "Please fill this in."}],
        }
    ],
}


NOT_MODIFIED: Schema = {"description": "The asker has it already.", "headers": {"ETag": header("ETag")}}
HEADERS: Schema = {
    "Turnout-Version": _text("The version of the API that answered."),
    "RateLimit": _text("How many are left, and in how many seconds all are back."),
    "RateLimit-Policy": _text("How many there are in how many seconds."),
    "Retry-After": _text("When to try again, in seconds."),
    "WWW-Authenticate": _text("What to bring (RFC 6750)."),
    "ETag": _text("The version that was sent."),
    "Location": _text("Where the new resource is.", format="uri"),
    "Link": _text("The next page (RFC 8288)."),
    "Idempotency-Replayed": _text("`true` where this is the answer of an earlier request with this key."),
}
STREAM: Schema = {
    "text/event-stream": {
        "schema": {"type": "string", "description": "One event for each change; `data` is the change."},
        "examples": {"change": {"value": 'id: 7708283116430983169-3\ndata: {"id": "7708283116430983169-3"}\n\n'}},
    }
}
PARAMETERS: Schema = {
    "last-event-id": _header("Last-Event-ID", "Of a stream: the last id that was got; what came after it is sent."),
    "if-none-match": _header("If-None-Match", "ETags that the asker has; 304 for one of them."),
    "if-match": _header("If-Match", "The ETag that the edit is made for, or `*`.", required=True),
    "if-match-optional": _header("If-Match", "The ETag that it is meant for."),
    "idempotency-key": _header(
        idempotency.KEY,
        "Yours for this one thing, such as a UUID.",
        pattern="^[!-~]{16,200}$",
        minLength=16,
        maxLength=200,
    ),
}
