"""The live regions of a person: where they are signed in, and with which passkeys."""

from datetime import UTC, datetime
from typing import Any

from realtime import region
from realtime.region import Bound
from webapp.access import myself
from webapp.people import passkey_store, sessions

__all__ = ["Bound", "my_passkeys", "my_sessions"]


@region("people/devices.html", watches={"sessions": "person_id"}, visible_to=myself)
async def my_sessions(person_id: str, here: str) -> dict[str, Any]:
    """Every browser in which a person is signed in; `here` is the id of the session that looks."""
    return {"devices": await sessions.of(person_id, now=datetime.now(UTC)), "here": here}


@region("people/passkeys.html", watches={"passkeys": "person_id"}, visible_to=myself)
async def my_passkeys(person_id: str) -> dict[str, Any]:
    """The passkeys that a person can sign in with."""
    return {"passkeys": await passkey_store.of(person_id)}
