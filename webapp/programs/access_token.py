"""Access tokens: signed for ten minutes, read without asking anybody. The door to PyJWT.

RFC 8725 and RFC 9068: one algorithm, an explicit type, a key chosen by its id from our own, every claim required.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from webapp.database import new_id
from webapp.errors import TokenRefused
from webapp.programs import keys
from webapp.programs.token import Scope, scopes_of, written

LASTS = timedelta(minutes=10)
# Between the clocks of two workers.
LEEWAY = timedelta(seconds=2)
AUDIENCE, TYPE, ALGORITHM = "turnout", "at+jwt", "EdDSA"
LONGEST = 2_000
REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"]
WRONG = "This access token is not, or no longer, good; get a new one."


@dataclass(frozen=True)
class Claims:
    """Who a program acts for, by which session or API token, what it may do there, and until when."""

    subject: str
    scopes: frozenset[Scope]
    until: datetime
    session_id: str = ""
    token_id: str = ""


async def make(claims: Claims, *, issuer: str, now: datetime) -> str:
    """The claims, signed."""
    key = await keys.signing(now=now)
    about = {"sid": claims.session_id} if claims.session_id else {"tid": claims.token_id}
    payload = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": claims.subject,
        "iat": now,
        "nbf": now,
        "exp": claims.until,
        "jti": new_id(),
        "scope": written(claims.scopes),
        **about,
    }
    return jwt.encode(payload, key.private, ALGORITHM, headers={"typ": TYPE, "kid": key.id})


async def read(text: str, *, issuer: str) -> Claims:
    """What a token of ours says. Raises TokenRefused."""
    try:
        key = await _key(text)
        said = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": REQUIRED, "strict_aud": True},
        )
        return _claims(said)
    except (jwt.InvalidTokenError, ValueError, TypeError, KeyError, RecursionError):
        raise TokenRefused(WRONG) from None


async def _key(text: str) -> Any:
    if len(text) > LONGEST:
        raise TokenRefused(WRONG)
    head = jwt.get_unverified_header(text)
    if str(head.get("typ")).lower() != TYPE or "crit" in head:
        raise TokenRefused(WRONG)
    key = await keys.verifying(str(head["kid"])[:40], now=datetime.now(UTC))
    if key is None:
        raise TokenRefused(WRONG)
    return key


def _claims(said: dict[str, Any]) -> Claims:
    if not said["jti"] or bool(said.get("sid")) == bool(said.get("tid")):
        raise TokenRefused(WRONG)
    until = datetime.fromtimestamp(said["exp"], UTC)
    sid, tid = str(said.get("sid", "")), str(said.get("tid", ""))
    return Claims(str(said["sub"]), scopes_of(said["scope"]), until, sid, tid)
