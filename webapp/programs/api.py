"""The API's doors: tokens for programs, and tickets for WebSockets."""

from typing import Any

from quart import Blueprint, Response, current_app, request

from webapp.access import actor, allowed, anyone, signed_in, who
from webapp.api.operation import operation
from webapp.data import answer, sent
from webapp.errors import Invalid, TokenRefused
from webapp.frequency import often
from webapp.people import program_sessions, sessions
from webapp.people import recognition as people
from webapp.people.devices import device
from webapp.people.sessions import SignedIn
from webapp.programs import access_token, answers, credentials, families, keys, store, tickets
from webapp.programs.access_token import Claims
from webapp.programs.asking import Asking
from webapp.programs.guard import takes
from webapp.programs.recognition import ENDED, claims_of
from webapp.programs.token import Scope, written
from webapp.responses import now

# Whoever gets a token has none yet, or an old one: it is not looked at.
exchange = Blueprint("exchange", __name__)
api = Blueprint("tokens", __name__)

ABOUT = "Tokens"
COPIED = "This refresh token was used before, so its program is signed out; sign in again."
NO_SCOPE = "This token has none of these scopes."


@exchange.post("/api/v1/tokens")
@allowed(anyone)
@often
@operation(ABOUT, answers=answers.Tokens, body=Asking, bare=True)
async def give() -> Response:
    """An access token for a person's credentials, a refresh token or an API token."""
    asked = await sent(Asking)
    if asked.refresh_token:
        return await _refreshed(asked.refresh_token)
    if asked.api_token:
        return await _exchanged(asked.api_token, asked.scope)
    return await _signed_in(asked)


@exchange.get("/api/v1/tokens/keys")
@allowed(anyone)
@operation(ABOUT, answers=answers.Keys, bare=True)
async def show_keys() -> Response:
    """The public keys that verify access tokens (RFC 7517)."""
    return answer({"keys": await keys.published(now=now())})


@api.get("/api/v1/tokens/current")
@allowed(signed_in)
@takes(None)
@operation(ABOUT, answers=answers.Current, bare=True)
async def show() -> Response:
    """Who the token acts for, what it may do, and until when."""
    person, claims = who(), _claims()
    about = {"id": person.id, "name": person.name, "scope": written(claims.scopes)}
    return answer({**about, "roles": dict(person.roles), "expires_at": claims.until.isoformat(timespec="seconds")})


@api.delete("/api/v1/tokens/current")
@allowed(signed_in)
@takes(None)
@operation(ABOUT, status=204, bare=True)
async def sign_out() -> Response:
    """Ends the sign-in that the token belongs to, or the API token, and every stream that is open with it."""
    claims = _claims()
    if claims.session_id:
        await families.end(claims.session_id)
    else:
        await store.give_back(claims.token_id, by=actor(), now=now())
    await _end_streams(claims.session_id or claims.token_id)
    return Response(status=204)


@api.post("/api/v1/tickets")
@allowed(signed_in)
@takes(Scope.READ)
@operation(ABOUT, answers=answers.Ticket, status=201, bare=True)
async def give_ticket() -> Response:
    """A word that opens one WebSocket within half a minute, for a browser on another site."""
    ticket = await tickets.give(_claims(), now=now())
    return answer({"ticket": ticket, "expires_in": int(tickets.LASTS.total_seconds())}, 201)


async def _signed_in(asked: Asking) -> Response:
    person = await credentials.person_with(asked.email or "", asked.password or "", asked.code)
    name = asked.name or device(request.headers.get("User-Agent", "")[:500])
    session = await program_sessions.begin(person.id, name=name, now=now())
    refresh_token = await families.begin(session.id, asked.scope, now=now())
    return await _tokens(_claims_in(session, asked.scope), refresh_token)


async def _refreshed(refresh_token: str) -> Response:
    turned = await families.turn(refresh_token, now=now())
    found = await sessions.again(turned.session_id, now=now()) if turned else None
    if turned is None or found is None:
        raise TokenRefused(ENDED)
    session, person = found
    if turned.next is None:
        await families.end_copied(session.id, person, now=now())
        await _end_streams(session.id)
        raise TokenRefused(COPIED)
    session = await program_sessions.carry_on(session, now=now())
    return await _tokens(_claims_in(session, turned.scopes), turned.next)


async def _exchanged(api_token: str, wanted: frozenset[Scope]) -> Response:
    found = await store.by_secret(api_token, now=now())
    if found is None:
        raise TokenRefused(ENDED)
    whole = claims_of(found[0])
    scopes = whole.scopes & wanted
    if not scopes:
        raise Invalid({"scope": NO_SCOPE})
    until = min(whole.until, now() + access_token.LASTS)
    return await _tokens(Claims(whole.subject, scopes, until, token_id=whole.token_id))


async def _tokens(claims: Claims, refresh_token: str = "") -> Response:
    at = now()
    issuer = current_app.extensions["settings"].address
    body: dict[str, Any] = {
        "access_token": await access_token.make(claims, issuer=issuer, now=at),
        "token_type": "Bearer",
        "expires_in": round((claims.until - at).total_seconds()),
        "scope": written(claims.scopes),
    }
    return answer({**body, "refresh_token": refresh_token} if refresh_token else body)


def _claims_in(session: SignedIn, scopes: frozenset[Scope]) -> Claims:
    until = min(session.expires_at, now() + access_token.LASTS)
    return Claims(session.person_id, scopes, until, session_id=session.id)


def _claims() -> Claims:
    bearer = who().bearer
    if bearer is None:
        raise TokenRefused(ENDED)
    return bearer.claims


async def _end_streams(subject_id: str) -> None:
    await current_app.extensions["live"].revoke(people.session_subject(subject_id))
