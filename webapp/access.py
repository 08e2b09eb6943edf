"""Who is asking, and what they may do. Every handler and every region declares who may use it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from quart import Quart, current_app, g, request

from realtime import Refused, anyone
from webapp.audit.actor import Actor, Via
from webapp.database import PyMongoError
from webapp.door import cookie
from webapp.door.devices import Device
from webapp.errors import NotAllowed, NotFound, NotSignedIn, ScopeTooSmall, TokenRefused
from webapp.events import store as events
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.people import cookies, recognition
from webapp.people.person import key_of
from webapp.people.recognition import Known
from webapp.programs import recognition as programs
from webapp.programs.recognition import Bearer
from webapp.programs.token import Scope
from webapp.settings import Settings
from webapp.walls import cors

__all__ = [
    "Person",
    "actor",
    "admin",
    "allowed",
    "anyone",
    "at_the_door",
    "door",
    "door_device",
    "editor",
    "manager",
    "myself",
    "owner",
    "signed_in",
    "who",
]

P = ParamSpec("P")
R = TypeVar("R")
SAFE = {"GET", "HEAD", "OPTIONS"}
# These answer everybody the same, so they need no look at the session.
NOBODY_ASKED = {"assets", "exchange", "health"}
# The same words for what does not exist and for what is another team's: they tell no difference.
NOTHING = "There is nothing here for you; the link may be old, or for another account."


@dataclass(frozen=True)
class Person:
    """Somebody who asks, with the role in each team that they are in, by the organiser's id.

    `bearer` is there where a program asks for them.
    """

    id: str
    name: str
    known: Known | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    is_admin: bool = False
    may_found: bool = False
    device: Device | None = None
    bearer: Bearer | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.known is not None

    @property
    def may_add_events(self) -> bool:
        """Whether they edit somewhere, or could begin to."""
        return any(role >= Role.EDITOR for role in self.roles.values()) or (self.may_found and not self.roles)

    def may(self, organiser_id: str, role: Role) -> bool:
        """Whether they have this role in the organiser's team, or a higher one."""
        return organiser_id in self.roles and self.roles[organiser_id] >= role


NOBODY = Person("", "")
Rule = Callable[..., bool]


class Team:
    """The rule for people in an organiser's team with this role or a higher one."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.__name__ = role.value

    def __call__(self, person: Person, organiser_id: str, *_: str) -> bool:
        return person.may(organiser_id, self.role)


door, editor, manager, owner = map(Team, Role)


def signed_in(person: Person, *_: str) -> bool:
    """People who have signed in."""
    return person.is_signed_in


def myself(person: Person, person_id: str, *_: str) -> bool:
    """The person whom it is about."""
    return person.is_signed_in and person.id == person_id


def door_device(person: Person, *_: str) -> bool:
    """Whoever holds a phone that a door link was opened on, while the link is good."""
    return person.device is not None


def at_the_door(person: Person, organiser_id: str, event_id: str, *_: str) -> bool:
    """The team, and the phones at the door of this event."""
    is_here = person.device is not None and person.device.event_id == event_id
    return is_here or person.may(organiser_id, Role.DOOR)


def admin(person: Person, *_: str) -> bool:
    """People who look after this installation; being one opens no team's door."""
    return person.is_admin


def who() -> Person:
    """The person behind the current request."""
    return cast(Person, g.get("person", NOBODY))


def actor() -> Actor:
    """The person behind the current request as the audit knows them."""
    person = who()
    return Actor(person.id, person.name, request.remote_addr or "", Via.API if person.bearer else Via.PAGE)


def check(rule: Rule, person: Person, organiser_id: str | None = None) -> None:
    """Raises what a person is told who may not use a handler; `organiser_id` is whose it is, None when nobody's."""
    if rule is anyone:
        return
    if rule is door_device:
        if not rule(person):
            raise NotFound(NOTHING)
        return
    if not person.is_signed_in:
        raise NotSignedIn("Sign in first.")
    if isinstance(rule, Team):
        if organiser_id is None or organiser_id not in person.roles:
            raise NotFound(NOTHING)
        if not rule(person, organiser_id):
            raise NotAllowed(f"This takes {rule.role.article} of the team. Ask whoever leads it.")
    elif rule is admin and not person.is_admin:
        raise NotFound(NOTHING)
    elif not rule(person):
        raise NotAllowed("You may not do this; ask whoever looks after this Turnout.")


def allowed(rule: Rule) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Declares who may use a handler; whoever else asks is refused.

    A team's rule is about the organiser that the route names: as `<organiser_slug>`, or by an event's `<slug>`.
    """

    def declare(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(handler)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            is_asked = isinstance(rule, Team) and who().is_signed_in
            check(rule, who(), await _organiser_of(kwargs) if is_asked else None)
            return await handler(*args, **kwargs)

        checked.access = rule  # type: ignore[attr-defined]
        return checked

    return declare


def guard(app: Quart, public_url: str) -> None:
    """Refuses changes that another site's page asks for, and handlers that do not declare their access."""
    public = origin_of(public_url) if public_url else ""

    @app.before_request
    async def refuse_other_sites() -> None:
        ours = public or f"{request.scheme}://{request.host}".lower()
        if request.method not in SAFE and not _is_ours(request.headers, ours) and not _may_come_from_elsewhere():
            raise NotAllowed("This came from another site, so nothing was changed. Open the page here and try again.")

    @app.before_request
    async def recognise() -> None:
        if request.blueprint in NOBODY_ASKED:
            return
        if request.path.startswith(programs.API):
            await _recognise_program()
            return
        person = _person(await recognition.recognise(cookies.secret()), _settings(current_app))
        is_scanning = request.blueprint in cookie.BLUEPRINTS
        g.person = replace(person, device=await cookie.device(request.cookies)) if is_scanning else person

    _refuse_undeclared(app)


def viewers(app: Quart) -> Callable[[dict[str, Any]], Awaitable[Person]]:
    """Answers who is behind a live connection."""

    async def viewer_of(scope: dict[str, Any]) -> Person:
        header = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
        try:
            if programs.brings_token(scope) or programs.ticket_in(scope):
                return await _program_behind(scope, _settings(app))
            known = await recognition.recognise_quickly(cookies.secret_in(app, header.decode("latin-1")))
            device = await cookie.device_in(header.decode("latin-1"))
        except PyMongoError:
            raise Refused(503, "The database does not answer just now.") from None
        return replace(_person(known, _settings(app)), device=device)

    return viewer_of


def subjects_of(person: Person) -> list[str]:
    """What a revocation can name of somebody: the session, then the person, the phone; nothing of anybody else."""
    if person.bearer:
        return list(person.bearer.subjects)
    return [
        *(recognition.subjects(person.known) if person.known else []),
        *([person.device.by] if person.device else []),
    ]


def again(app: Quart) -> Callable[[Person], Awaitable[Person | None]]:
    """Answers a person as they are now, with the roles of now, or None when their session has ended."""

    async def as_now(person: Person) -> Person | None:
        if person.bearer:
            bearer = await programs.again(person.bearer)
            return _program(bearer, _settings(app)) if bearer else None
        device = await cookie.again(person.device) if person.device else None
        if person.device and device is None:
            return None
        if person.known is None:
            return replace(person, device=device)
        known = await recognition.again(person.known)
        return replace(_person(known, _settings(app)), device=device) if known else None

    return as_now


def ends_at(person: Person) -> float | None:
    """When what somebody came in with runs out, in seconds of the epoch; None where nothing is known to."""
    return person.bearer.claims.until.timestamp() if person.bearer else None


async def revoke(person_id: str) -> None:
    """Lets a change of somebody's roles count at once: for open streams and remembered people, on every worker."""
    await current_app.extensions["live"].revoke(recognition.person_subject(person_id))


def origin_check(public_url: str, foreign: Collection[str] = ()) -> Callable[[dict[str, Any]], bool]:
    """A check whether a live connection was opened by a page of ours; a WebSocket must name its origin.

    With a ticket, which was given for this, it may also be a page of a `foreign` site that the operator has named.
    """
    public = origin_of(public_url) if public_url else ""

    def is_ours(scope: dict[str, Any]) -> bool:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["type"] == "websocket" and "origin" not in headers:
            return False
        if headers.get("origin", "").lower() in foreign and programs.ticket_in(scope):
            return True
        scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
        return _is_ours(headers, public or f"{scheme}://{headers.get('host', '')}".lower())

    return is_ours


def handlers(app: Quart) -> Iterable[tuple[str, str, Rule]]:
    """Every route with its methods and who may use it."""
    for rule in app.url_map.iter_rules():
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        view: Any = app.view_functions[rule.endpoint]
        yield rule.rule, methods, view.access


async def _organiser_of(named: Mapping[str, Any]) -> str | None:
    try:
        if "organiser_slug" in named:
            return (await organisers.by_slug(named["organiser_slug"])).id
        return (await events.by_slug(named["slug"])).organiser_id
    except NotFound:
        return None


def _refuse_undeclared(app: Quart) -> None:
    undeclared = [name for name, view in app.view_functions.items() if not hasattr(view, "access")]
    if undeclared:
        raise TypeError(f"These handlers do not say who may use them: {', '.join(undeclared)}")
    nobodys = [
        path
        for path, _, rule in handlers(app)
        if isinstance(rule, Team) and not {"<slug>", "<organiser_slug>"} & set(path.split("/"))
    ]
    if nobodys:
        raise TypeError(f"These routes are for a team but do not name whose: {', '.join(nobodys)}")


def _may_come_from_elsewhere() -> bool:
    """Whether a change may be asked for by another site's page: cookies do not count for it, and it proves itself."""
    if not request.path.startswith(programs.API):
        return False
    token = programs.token_in(request.headers.get("Authorization", ""))
    origin = request.headers.get("Origin", "")
    return bool(token) or cors.may_call(_settings(current_app), request.path, origin)


async def _recognise_program() -> None:
    """Finds out which program asks; a token that is not good is refused once the request was counted."""
    token = programs.token_in(request.headers.get("Authorization", ""))
    if not token:
        return
    settings = _settings(current_app)
    try:
        g.person = _program(await programs.bearer_of(token, issuer=settings.address), settings)
    except TokenRefused as refused:
        g.token_fault = refused


async def _program_behind(scope: dict[str, Any], settings: Settings) -> Person:
    try:
        bearer = await programs.in_handshake(scope, issuer=settings.address)
    except TokenRefused as refused:
        raise Refused(401, str(refused), {"www-authenticate": refused.challenge}) from None
    if Scope.READ not in bearer.claims.scopes:
        too_small = ScopeTooSmall(Scope.READ)
        raise Refused(403, str(too_small), {"www-authenticate": too_small.challenge})
    return _program(bearer, settings)


def _program(bearer: Bearer, settings: Settings) -> Person:
    person = _person(bearer.known, settings)
    is_admin = person.is_admin and Scope.ADMIN in bearer.claims.scopes
    return replace(person, bearer=bearer, is_admin=is_admin, may_found=person.may_found and not bearer.is_organisers)


def _person(known: Known | None, settings: Settings) -> Person:
    if known is None:
        return NOBODY
    is_admin = known.email_key in _admins(settings.admins)
    return Person(
        known.person_id,
        known.name,
        known,
        {organiser_id: Role(role) for organiser_id, role in known.roles.items()},
        is_admin=is_admin,
        may_found=is_admin or settings.organisers == "anyone",
    )


@lru_cache(8)
def _admins(addresses: str) -> frozenset[str]:
    return frozenset(key_of(one.strip()) for one in addresses.split(",") if one.strip())


def _settings(app: Quart) -> Settings:
    return cast(Settings, app.extensions["settings"])


def origin_of(url: str) -> str:
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
