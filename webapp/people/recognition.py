"""Recognises people by their session: at every request in the database, at live connections from what was just seen."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from webapp.people import sessions
from webapp.people.person import Account
from webapp.people.sessions import SignedIn

FRESH_SECONDS = 60
MOST = 20_000


@dataclass(frozen=True)
class Known:
    """Somebody who is signed in."""

    person_id: str
    name: str
    session_id: str
    email_key: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)


_seen: dict[bytes, tuple[float, Known]] = {}


async def recognise(secret: str | None) -> Known | None:
    """Who is signed in with this secret just now, asked of the database."""
    found = await sessions.find(secret, now=datetime.now(UTC)) if secret else None
    if secret is None or found is None:
        return None
    known = _known(*found)
    if len(_seen) >= MOST:
        _seen.clear()
    _seen[_key(secret)] = (time.monotonic(), known)
    return known


async def recognise_quickly(secret: str | None) -> Known | None:
    """The same for live connections, without asking again what was asked within the last minute."""
    at, known = _seen.get(_key(secret), (0.0, None)) if secret else (0.0, None)
    if known is not None and time.monotonic() - at < FRESH_SECONDS:
        return known
    return await recognise(secret)


def forget(subject: str) -> None:
    """Drops what was seen of a session or a person, because it was revoked."""
    for key, (_, known) in list(_seen.items()):
        if subject in subjects(known):
            del _seen[key]


def subjects(known: Known) -> list[str]:
    """What a revocation can name."""
    return [session_subject(known.session_id), person_subject(known.person_id)]


def session_subject(session_id: str) -> str:
    return f"session {session_id}"


def person_subject(person_id: str) -> str:
    return f"person {person_id}"


async def again(known: Known) -> Known | None:
    """The same person as they are now, or None when the session has ended."""
    found = await sessions.again(known.session_id, now=datetime.now(UTC))
    return _known(*found) if found else None


def _known(session: SignedIn, person: Account) -> Known:
    return Known(person.id, person.name, session.id, person.email_key, person.roles)


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
