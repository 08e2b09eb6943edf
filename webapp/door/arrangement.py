"""How a door is set up just now: its event, lists, gates and the names of its tickets, read once for all who ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.door import lists
from webapp.door.checkin import CheckInList
from webapp.door.lists import Gate
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.ticket_types import store as ticket_types
from webapp.together import Document, Together

OTHERS = {"check_in_lists": "event_id", "gates": "event_id", "ticket_types": "event_id"}


@dataclass(frozen=True)
class Arrangement:
    """What stands at a door. Shared by all who asked for it: nobody changes it."""

    event: Event
    lists: list[CheckInList]
    gates: list[Gate]
    kinds: Mapping[str, str]
    """The name of every ticket type that the event ever offered, by id."""


async def of(organiser_id: str, event_id: str) -> Arrangement:
    """How the door of this event is set up. Raises NotFound."""
    found = await _arrangements.ask(event_id)
    if found is None or found.event.organiser_id != organiser_id:
        raise NotFound("There is no such event; it may have been deleted.")
    return found


async def _read(event_ids: Sequence[str]) -> list[Arrangement | None]:
    rows = await events.with_others({"_id": {"$in": list(set(event_ids))}}, OTHERS)
    found = {row["_id"]: await _made(row) for row in rows}
    return [found.get(event_id) for event_id in event_ids]


async def _made(row: Document) -> Arrangement:
    event = Event.model_validate(row)
    kept = sorted(_theirs(row, "check_in_lists"), key=lambda one: (one["created_at"], one["_id"]))
    gates = sorted(_theirs(row, "gates"), key=lambda one: str(one["name"]))
    names = {one["_id"]: one["name"] for one in row["ticket_types"]}
    return Arrangement(
        event,
        [CheckInList.model_validate(one) for one in kept if not one.get("archived_at")] or await lists.of(event),
        [Gate.model_validate(one) for one in gates if not one.get("archived_at")],
        names or {event.id: ticket_types.simple(event).name},
    )


def _theirs(row: Document, name: str) -> list[Document]:
    return [one for one in row[name] if one["organiser_id"] == row["organiser_id"]]


_arrangements = Together(_read)
