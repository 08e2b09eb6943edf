"""Who is asking, and what they may do. Every handler and every region declares who may use it.

Until there are teams, whoever reaches the server may do what an organiser may; signing in adds a name to it.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from quart import Quart, g, request

from realtime import Refused, anyone
from webapp.database import PyMongoError
from webapp.errors import NotAllowed, NotSignedIn
from webapp.people import cookies, recognition
from webapp.people.recognition import Known

__all__ = ["Person", "allowed", "anyone", "myself", "organiser", "signed_in", "who"]

P = ParamSpec("P")
R = TypeVar("R")
SAFE = {"GET", "HEAD", "OPTIONS"}
# These answer everybody the same, so they need no look at the session.
NOBODY_ASKED = {"assets", "health", "metrics"}


@dataclass(frozen=True)
class Person:
    """Somebody who asks."""

    id: str
    name: str
    is_organiser: bool
    known: Known | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.known is not None


THE_ORGANISER = Person("organiser", "The organiser", is_organiser=True)


def who() -> Person:
    """The person behind the current request."""
    return cast(Person, g.get("person", THE_ORGANISER))


def viewers(app: Quart) -> Callable[[dict[str, Any]], Awaitable[Person]]:
    """Answers who is behind a live connection."""

    async def viewer_of(scope: dict[str, Any]) -> Person:
        header = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
        try:
            return _person(await recognition.recognise_quickly(cookies.secret_in(app, header.decode("latin-1"))))
        except PyMongoError:
            raise Refused(503, "The database does not answer just now.") from None

    return viewer_of


def subjects_of(person: Person) -> list[str]:
    """What a revocation can name of somebody: the session, then the person; nothing of who is not signed in."""
    return recognition.subjects(person.known) if person.known else []


async def again(person: Person) -> Person | None:
    """The person as they are now, or None when their session has ended."""
    is_here = person.known is None or await recognition.is_still(person.known)
    return person if is_here else None


def signed_in(person: Person, *_: str) -> bool:
    """People who have signed in."""
    return person.is_signed_in


def myself(person: Person, person_id: str, *_: str) -> bool:
    """The person whom it is about."""
    return person.is_signed_in and person.id == person_id


def organiser(person: Person, *_: str) -> bool:
    """People who run events here."""
    return person.is_organiser


def allowed(rule: Callable[..., bool]) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Declares who may use a handler; whoever else asks is refused."""

    def declare(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(handler)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if rule is signed_in and not who().is_signed_in:
                raise NotSignedIn("Sign in first.")
            if not rule(who()):
                raise NotAllowed("You may not do this; ask the organiser.")
            return await handler(*args, **kwargs)

        checked.access = rule  # type: ignore[attr-defined]
        return checked

    return declare


def guard(app: Quart, public_url: str) -> None:
    """Refuses changes that another site's page asks for, and handlers that do not declare their access."""
    public = _origin(public_url) if public_url else ""

    @app.before_request
    async def refuse_other_sites() -> None:
        ours = public or f"{request.scheme}://{request.host}".lower()
        if request.method not in SAFE and not _is_ours(request.headers, ours):
            raise NotAllowed("This came from another site, so nothing was changed. Open the page here and try again.")

    @app.before_request
    async def recognise() -> None:
        if request.blueprint not in NOBODY_ASKED:
            g.person = _person(await recognition.recognise(cookies.secret()))

    undeclared = [name for name, view in app.view_functions.items() if not hasattr(view, "access")]
    if undeclared:
        raise TypeError(f"These handlers do not say who may use them: {', '.join(undeclared)}")


def origin_check(public_url: str) -> Callable[[dict[str, Any]], bool]:
    """A check whether a live connection was opened by a page of ours; a WebSocket must name its origin."""
    public = _origin(public_url) if public_url else ""

    def is_ours(scope: dict[str, Any]) -> bool:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["type"] == "websocket" and "origin" not in headers:
            return False
        scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
        return _is_ours(headers, public or f"{scheme}://{headers.get('host', '')}".lower())

    return is_ours


def handlers(app: Quart) -> Iterable[tuple[str, str, Callable[..., bool]]]:
    """Every route with its methods and who may use it."""
    for rule in app.url_map.iter_rules():
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        view: Any = app.view_functions[rule.endpoint]
        yield rule.rule, methods, view.access


def _person(known: Known | None) -> Person:
    return Person(known.person_id, known.name, is_organiser=True, known=known) if known else THE_ORGANISER


def _origin(url: str) -> str:
    """The origin as a browser says it: no path, no port where it is the usual one."""
    parts = urlsplit(url.lower())
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _is_ours(headers: Any, ours: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return bool(origin.lower() == ours)
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
