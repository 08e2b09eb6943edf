"""Recognises programs by what they bring: an API token, an access token or, for a WebSocket, a ticket.

A program never brings a cookie: where a token is looked at, cookies are not, and so no other site can make a browser
act in somebody's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from webapp.database import PyMongoError
from webapp.errors import TokenRefused
from webapp.organisers.organiser import Role
from webapp.people import recognition as people
from webapp.people import sessions
from webapp.people.person import Account
from webapp.people.recognition import Known
from webapp.programs import access_token, store, tickets
from webapp.programs.access_token import Claims
from webapp.programs.secret import Kind
from webapp.programs.token import ApiToken

API = "/api/"
SOCKETS = {"/live/ws", "/api/v1/changes"}
ENDED = "This token was revoked, or has run out; get a new one."


@dataclass(frozen=True)
class Bearer:
    """A program that was recognised. `known` is who it acts for: a person, or an organiser's token itself."""

    known: Known
    claims: Claims
    subjects: tuple[str, ...]
    version: str = ""

    @property
    def is_organisers(self) -> bool:
        """Whether it acts for an organiser, not for a person."""
        return self.known.person_id == self.claims.token_id


async def bearer_of(text: str, *, issuer: str) -> Bearer:
    """Who brings this token. Raises TokenRefused."""
    if text.startswith(Kind.API_TOKEN):
        found = await store.by_secret(text, now=datetime.now(UTC))
        if found is None:
            raise TokenRefused(ENDED)
        return _of_token(*found, claims_of(found[0]))
    return await recognised(await access_token.read(text, issuer=issuer))


async def recognised(claims: Claims) -> Bearer:
    """Who these claims are about, as they are now. Raises TokenRefused when they may no longer be here."""
    now = datetime.now(UTC)
    if claims.until + access_token.LEEWAY <= now:
        raise TokenRefused(ENDED)
    if claims.token_id:
        found = await store.by_id(claims.token_id, now=now)
        if found is None:
            raise TokenRefused(ENDED)
        return _of_token(*found, claims)
    signed_in = await sessions.again(claims.session_id, now=now)
    if signed_in is None or signed_in[1].id != claims.subject:
        raise TokenRefused(ENDED)
    known = _known(signed_in[1], claims.session_id)
    return Bearer(known, claims, tuple(people.subjects(known)))


async def again(bearer: Bearer) -> Bearer | None:
    """The same program as it is now, or None when it may no longer be here."""
    try:
        return await recognised(bearer.claims)
    except TokenRefused:
        return None


async def in_handshake(scope: Mapping[str, Any], *, issuer: str) -> Bearer:
    """Who opens a live connection with a token or a ticket. Raises TokenRefused."""
    if token := token_in(_authorization(scope)):
        return await bearer_of(token, issuer=issuer)
    claims = await tickets.take(ticket_in(scope))
    if claims is None:
        raise TokenRefused("This ticket was used already, or is too old; get a new one.")
    return await recognised(claims)


async def account_in(scope: Mapping[str, Any], *, issuer: str) -> str:
    """Whom a live connection counts for, as far as its token says so by itself; "" where it does not."""
    token = token_in(_authorization(scope))
    if not token or token.startswith(Kind.API_TOKEN):
        return ""
    try:
        return (await access_token.read(token, issuer=issuer)).subject
    except (TokenRefused, PyMongoError):
        return ""


def token_in(authorization: str) -> str:
    """The token in an Authorization header, "" for none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def ticket_in(scope: Mapping[str, Any]) -> str:
    """The ticket in a WebSocket's address, "" for none."""
    if scope["type"] != "websocket" or scope["path"] not in SOCKETS:
        return ""
    query: str = scope["query_string"].decode("latin-1")
    return parse_qs(query).get("ticket", [""])[0]


def brings_token(scope: Mapping[str, Any]) -> bool:
    """Whether a live connection brings a token, which no browser adds by itself."""
    return bool(token_in(_authorization(scope)))


def claims_of(token: ApiToken) -> Claims:
    """What an API token allows, used as it is."""
    subject = token.id if token.organiser_id else token.person_id
    return Claims(subject, frozenset(token.scopes), token.expires_at, token_id=token.id)


def _of_token(token: ApiToken, person: Account, claims: Claims) -> Bearer:
    allowed = Claims(claims.subject, claims.scopes & set(token.scopes), claims.until, token_id=token.id)
    known = _known(person, token.id)
    if token.organiser_id:
        known = Known(token.id, token.name, token.id, roles={token.organiser_id: _role(token, person)})
    subjects = people.session_subject(token.id), people.person_subject(person.id)
    return Bearer(known, allowed, subjects, token.api_version)


def _role(token: ApiToken, person: Account) -> Role:
    """The role that an organiser's token was given, or a lower one that its maker has by now."""
    makers = person.roles.get(token.organiser_id)
    if makers is None or token.role is None:
        raise TokenRefused("Whoever made this token is no longer in the team; get a new one.")
    return min(token.role, Role(makers))


def _known(person: Account, session_id: str) -> Known:
    return Known(person.id, person.name, session_id, person.email_key, person.roles)


def _authorization(scope: Mapping[str, Any]) -> str:
    named = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    return str(named[0].decode("latin-1")) if len(named) == 1 else ""
