"""Names and answers go from what happened at the door; what happened stays, and so do its numbers."""

from collections.abc import Sequence
from typing import Any

from webapp.database import Session, db


async def forget(event_ids: Sequence[str], ticket_ids: Sequence[str], session: Session) -> None:
    """Takes names and answers out of everything that was scanned with these tickets of these events."""
    theirs, there = {"ticket_id": {"$in": list(ticket_ids)}}, {"event_id": {"$in": list(event_ids)}}
    # Each half has an index of its own.
    query = {"$or": [{**theirs, "step": {"$gt": 0}}, {**there, **theirs, "is_refusal": True}]}
    nothing: dict[str, Any] = {"$set": {"name": ""}, "$unset": {"answers": ""}}
    await db().checkins.update_many(query, nothing, session=session)
    await db().presence.update_many({"_id": theirs["ticket_id"]}, {"$unset": {"answers": ""}}, session=session)
