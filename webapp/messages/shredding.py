"""What was written to the people of an event goes with their names: it may name them too."""

from typing import Any

from webapp.belonging import Step, Whose, shreds
from webapp.database import Session, db


@shreds("messages")
async def messages(whose: Whose, after: Any, session: Session) -> Step:  # noqa: ARG001 - there are few, so one batch
    """Deletes them."""
    await db().messages.delete_many({"event_id": whose.event_id}, session=session)
    return Step()
