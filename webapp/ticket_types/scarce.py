"""What is scarce: for a list of events, what those offer of which little or nothing is left."""

from asyncio import gather
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.database import db
from webapp.places.standing import Line, lines_of
from webapp.ticket_types.question import Form
from webapp.ticket_types.ticket_type import Pool, TicketType, whole


@dataclass(frozen=True)
class Scarce:
    """What an event offers, with what is left of it and who waits. `types` is empty where it was never set up."""

    types: list[TicketType]
    pools: list[Pool]
    lines: dict[str, Line]
    is_open: bool


async def scarce(capacities: Mapping[str, int | None], few: int) -> dict[str, Scarce]:
    """Those of these events that have a pool with at most `few` places left; one question where there is none.

    They are given with the capacity of their own, which is all that one has of which nobody asked a place yet.
    """
    small = {event_id for event_id, capacity in capacities.items() if capacity is not None and capacity <= few}
    nearly_gone = {"event_id": {"$in": list(capacities)}, "left": {"$lte": few}}
    some = sorted({*small, *await db().pools.distinct("event_id", nearly_gone)})
    if not some:
        return {}
    of_them, them = {"event_id": {"$in": some}}, {"_id": {"$in": some}}
    pools, types, books, forms = await gather(
        db().pools.find(of_them).sort("_id", 1).to_list(None),
        db().ticket_types.find({**of_them, "removed_at": None}).sort("position", 1).to_list(None),
        db().books.find(them, {"lines": 1}).to_list(None),
        db().forms.find(them, {"is_open": 1}).to_list(None),
    )
    lines = {book["_id"]: lines_of(book) for book in books}
    closed = {form["_id"] for form in forms if not Form.model_validate(form).is_open}
    return {
        event_id: Scarce(
            [TicketType.model_validate(one) for one in types if one["event_id"] == event_id],
            [Pool.model_validate(one) for one in pools if one["event_id"] == event_id]
            or [whole(event_id, capacities[event_id])],
            lines.get(event_id, {}),
            event_id not in closed,
        )
        for event_id in some
    }
