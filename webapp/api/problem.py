"""What programs are told when something does not work: problem+json (RFC 9457), with types that stay. Rules only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "application/problem+json"
PAGES = "/help/api/problems"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name, its status, a title, and what to do about it."""

    name: str
    status: int
    title: str
    advice: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "not-understood",
            400,
            "Not understood",
            "The request makes no sense as it is: JSON that is none, an idempotency key or a version in a wrong form. "
            "Sending it again changes nothing; correct it.",
        ),
        Kind("not-signed-in", 401, "Not signed in", "Send a token: `Authorization: Bearer ...`."),
        Kind(
            "token-refused",
            401,
            "Token refused",
            "The token was revoked, has run out, or is none of ours. Get a new one from `/api/v1/tokens`.",
        ),
        Kind("not-allowed", 403, "Not allowed", "Whoever the token acts for may not do this."),
        Kind("scope-too-small", 403, "Scope too small", "The token is not for this; get one with the scope it names."),
        Kind(
            "not-found",
            404,
            "Not Found",
            "There is no such thing, or nothing that you may know of: what is another organiser's looks the same.",
        ),
        Kind("wrong-method", 405, "Method not allowed", "The header `Allow` names the methods of this address."),
        Kind(
            "conflict",
            409,
            "Conflict",
            "What is there does not let this happen just now; the detail says what. Read it again, then decide.",
        ),
        Kind("sold-out", 409, "Sold out", "There are no such places just now. Ask again with `would_wait`."),
        Kind("too-late", 409, "Too late", "The hold or the offer is over. Ask for places again."),
        Kind(
            "still-running",
            409,
            "Still running",
            "A request with this idempotency key runs just now. Send it again in a moment for its answer.",
        ),
        Kind("gone", 410, "Gone", "It was there and is not any more. Begin again as the detail says."),
        Kind(
            "changed",
            412,
            "Changed meanwhile",
            "Somebody saved since you read it. Read it again, put your change on top, and send the new ETag.",
        ),
        Kind("too-large", 413, "Too large", "The body is larger than this Turnout takes. Send it in parts."),
        Kind(
            "wrong-media-type",
            415,
            "Wrong media type",
            "Send `application/json`; with PATCH `application/merge-patch+json`.",
        ),
        Kind(
            "invalid",
            422,
            "Invalid",
            "It was understood and does not fit. `errors` has every fault at once: a `pointer` into the body "
            "(RFC 6901) or a `parameter` of the address, and a sentence.",
        ),
        Kind(
            "idempotency-key-reused",
            422,
            "Idempotency key reused",
            "This key was used for another request within a day. Take a fresh key for every new thing.",
        ),
        Kind(
            "if-match-missing",
            428,
            "If-Match missing",
            "An edit says which version it is made for. Read the resource, and send its `ETag` back as `If-Match`.",
        ),
        Kind("too-often", 429, "Too often", "Wait as many seconds as `Retry-After` says."),
        Kind("broken", 500, "Broken", "Something broke on our side and has been noted. Nothing was changed."),
        Kind("unavailable", 503, "Unavailable", "A server that Turnout needs does not answer. Try again in a moment."),
    )
}
BY_STATUS = {405: "wrong-method", 413: "too-large", 415: "wrong-media-type", 500: "broken"} | {
    kind.status: kind.name for kind in KINDS.values() if kind.name in {"not-understood", "not-found", "too-often"}
}


def named(status: int) -> str:
    """The name of what a plain HTTP status means here, "" for one that says enough itself."""
    return BY_STATUS.get(status, "")


def document(
    name: str, status: int, title: str, detail: str, fields: Mapping[str, str], *, base: str
) -> dict[str, Any]:
    """The problem as it is sent; `base` is the address of this Turnout."""
    kind = KINDS.get(name)
    body: dict[str, Any] = {
        "type": f"{base}{PAGES}/{name}" if kind else "about:blank",
        "title": kind.title if kind else title,
        "status": status,
        "detail": detail,
    }
    if fields:
        body["errors"] = [fault(key, sentence) for key, sentence in fields.items()]
    return body


def fault(key: str, sentence: str) -> dict[str, str]:
    """One thing that does not fit: where, and why. See `webapp.errors.Invalid` for the keys."""
    if key.startswith("?"):
        return {"parameter": key[1:], "detail": sentence}
    pointer = key if key.startswith("/") or not key else f"/{escaped(key)}"
    return {"field": pointer[1:].replace("/", "."), "pointer": pointer, "detail": sentence}


def escaped(part: str) -> str:
    """A name as a JSON pointer has it."""
    return part.replace("~", "~0").replace("/", "~1")
