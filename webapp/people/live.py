"""The live region of a person: where they are signed in."""

from datetime import UTC, datetime
from typing import Any

from realtime import region
from realtime.region import Bound
from webapp.access import myself
from webapp.people import sessions

__all__ = ["Bound", "my_sessions"]


@region("people/devices.html", watches={"sessions": "person_id"}, visible_to=myself)
async def my_sessions(person_id: str, here: str) -> dict[str, Any]:
    """Every browser in which a person is signed in; `here` is the id of the session that looks."""
    return {"devices": await sessions.of(person_id, now=datetime.now(UTC)), "here": here}
