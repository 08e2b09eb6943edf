"""Refresh tokens: each is used once and followed by the next; all that follow one sign-in are a family.

One that is used again shows that two have it, so the family ends. A program whose answer was lost may ask again within
seconds: it gets the same next token, while that one is unused. There is never a second line of tokens, so whoever
comes second is found out at the next refresh.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp import database
from webapp.database import IndexModel, Session, db
from webapp.mail import store as mails
from webapp.people import program_sessions
from webapp.people.person import Account
from webapp.programs import letters, secret
from webapp.programs.secret import Kind
from webapp.programs.token import Scope

RETRY = timedelta(seconds=10)

database.keep(
    "refresh_tokens",
    IndexModel("session_id"),
    IndexModel("expires_at", expireAfterSeconds=0),
)


@dataclass(frozen=True)
class Turned:
    """What using a refresh token gave: the next one, or nothing where its family had to end."""

    session_id: str
    scopes: frozenset[Scope]
    next: str | None


async def begin(session_id: str, scopes: frozenset[Scope], *, now: datetime) -> str:
    """The first refresh token of a session."""
    text = secret.fresh(Kind.REFRESH_TOKEN)
    family = {"session_id": session_id, "scopes": [scope.value for scope in scopes]}
    await db().refresh_tokens.insert_one(_unused(text, family, now))
    return text


async def turn(text: str, *, now: datetime) -> Turned | None:
    """Uses a refresh token; None where there is no such token."""
    if not secret.is_whole(Kind.REFRESH_TOKEN, text):
        return None

    async def use(session: Session) -> Turned | None:
        query = {"_id": secret.kept(text), "expires_at": {"$gt": now}}
        found = await db().refresh_tokens.find_one(query, session=session)
        if found is None:
            return None
        follow = _repeat if found["used_at"] else _follow
        scopes = frozenset(map(Scope, found["scopes"]))
        return Turned(found["session_id"], scopes, await follow(text, found, now, session))

    return await database.transaction(use)


async def end(session_id: str) -> None:
    """Signs a program out."""
    await database.transaction(lambda session: _end(session_id, session))


async def end_copied(session_id: str, person: Account, *, now: datetime) -> None:
    """Signs a program out because its token was used twice, and tells the person."""

    async def keep(session: Session) -> None:
        await _end(session_id, session)
        await mails.post(letters.copied(), to=person.email, now=now, session=session)

    await database.transaction(keep)


async def _end(session_id: str, session: Session) -> None:
    await program_sessions.end(session_id, session)
    await db().refresh_tokens.delete_many({"session_id": session_id}, session=session)


async def _follow(text: str, found: Mapping[str, Any], now: datetime, session: Session) -> str | None:
    nonce = secrets.token_hex(32)
    used = {"used_at": now, "nonce": nonce}
    following = secret.after(text, nonce)
    await db().refresh_tokens.update_one({"_id": found["_id"]}, {"$set": used}, session=session)
    await db().refresh_tokens.insert_one(_unused(following, found, now), session=session)
    return following


async def _repeat(text: str, found: Mapping[str, Any], now: datetime, session: Session) -> str | None:
    following = secret.after(text, found["nonce"])
    unused = {"_id": secret.kept(following), "used_at": None}
    is_lost = now - found["used_at"] <= RETRY and await db().refresh_tokens.find_one(unused, session=session)
    return following if is_lost else None


def _unused(text: str, family: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    kept = {"_id": secret.kept(text), "session_id": family["session_id"], "scopes": family["scopes"]}
    return {**kept, "used_at": None, "expires_at": now + program_sessions.IDLE}
