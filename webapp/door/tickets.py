"""Tickets as the door reads them; registrations write them. Found by secret, by id, and by what a name begins with."""

from collections.abc import Iterable

from webapp import database
from webapp.database import IndexModel, db
from webapp.door.checkin import Ticket
from webapp.errors import NotFound
from webapp.folding import beginnings, fold

FOUND = 20

database.keep("tickets", IndexModel([("event_id", 1), ("state", 1), ("ticket_type_id", 1)]))


async def by_secret(secret: str) -> Ticket:
    """The ticket that this secret opens. Raises NotFound."""
    found = await db().tickets.find_one({"secret": secret})
    if found is None:
        raise NotFound("There is no such ticket. Look whether the address is whole, or whether it was passed on.")
    return Ticket.model_validate(found)


async def by_id(ticket_id: str) -> Ticket | None:
    """The ticket, if there is one."""
    found = await db().tickets.find_one({"_id": ticket_id})
    return Ticket.model_validate(found) if found else None


async def among(event_id: str, *, secrets: Iterable[str], ids: Iterable[str]) -> list[Ticket]:
    """Those of an event that have one of these secrets or ids."""
    query = {"event_id": event_id, "$or": [{"secret": {"$in": list(secrets)}}, {"_id": {"$in": list(ids)}}]}
    return [Ticket.model_validate(one) for one in await db().tickets.find(query).to_list(None)]


async def named(event_id: str, text: str) -> list[Ticket]:
    """Tickets of an event on whose name every word of the text begins a word; the first twenty."""
    begins = beginnings(text)
    if not begins:
        return []
    found = await db().tickets.find({"event_id": event_id, "$and": begins}).limit(FOUND).to_list(FOUND)
    return sorted((Ticket.model_validate(one) for one in found), key=lambda one: (fold(one.name), one.id))


async def expected(event_id: str) -> dict[str, int]:
    """How many valid tickets there are of each type; read from an index alone."""
    match = {"event_id": event_id, "state": "valid"}
    counted = db().tickets.aggregate([{"$match": match}, {"$group": {"_id": "$ticket_type_id", "n": {"$sum": 1}}}])
    return {one["_id"]: one["n"] async for one in counted}
