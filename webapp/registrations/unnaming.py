"""Taking a person out of registrations: names, addresses and answers go, places and numbers stay."""

from collections.abc import Mapping, Sequence
from typing import Any

from webapp.database import Session, db
from webapp.door import erasing

NOBODY: Mapping[str, Any] = {"name": "", "email": ""}
UNTOLD: Mapping[str, Any] = {**NOBODY, "answers": {}}


async def unname(query: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], session: Session, **more: Any) -> None:
    """Does so for the registrations that the query finds; `rows` are the same with `event_id` and `tickets.id`.

    `more` is set besides.
    """
    of_tickets = {f"tickets.$[].{name}": value for name, value in UNTOLD.items()}
    change = {"$set": {**UNTOLD, "words": [], **of_tickets, **more}}
    await db().registrations.update_many(dict(query), change, session=session)
    theirs = {"registration_id": {"$in": [one["_id"] for one in rows]}}
    await db().tickets.update_many(theirs, {"$set": {**NOBODY, "words": []}}, session=session)
    tickets = [ticket["id"] for one in rows for ticket in one["tickets"]]
    await erasing.forget([one["event_id"] for one in rows], tickets, session)
