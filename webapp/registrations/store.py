"""How registrations are found, by id, by whose they are and by their address, and what a wish about one may come to."""

from typing import Any

from webapp.database import db
from webapp.errors import Conflict, NotFound
from webapp.events.event import Event
from webapp.places.wishes import NOT_THERE, TOO_LATE, Outcome
from webapp.registrations.registration import Registration, State
from webapp.ticket_types.ticket_type import MOST_TICKETS
from webapp.walls import signing

LINK = "registration"
GONE = "There is no such registration any more."


class SoldOut(Conflict):
    """There are no such places just now; `waiting` are in the line."""

    problem = "sold-out"

    def __init__(self, waiting: int) -> None:
        super().__init__(f"Sold out, {waiting} waiting." if waiting else "Sold out.")
        self.waiting = waiting


class TooLate(Conflict):
    """The hold or the offer is over."""

    problem = "too-late"

    def __init__(self) -> None:
        super().__init__("The time for these places is over. Ask for places again.")


class Meanwhile(Conflict):
    """Somebody changed the registration since its form was opened; `theirs` is what is there now."""

    def __init__(self, theirs: Registration) -> None:
        super().__init__("Somebody else has changed this registration since you opened it.")
        self.theirs = theirs


async def get(registration_id: str, organiser_id: str | None = None) -> Registration:
    """A registration, with `organiser_id` only one of theirs. Raises NotFound."""
    theirs = {} if organiser_id is None else {"organiser_id": organiser_id}
    found = await db().registrations.find_one({"_id": registration_id, **theirs})
    if found is None:
        raise NotFound(GONE)
    return Registration.model_validate(found)


async def of_event(event: Event, registration_id: str) -> Registration:
    """A registration for this event. Raises NotFound."""
    mine = await get(registration_id, event.organiser_id)
    if mine.event_id != event.id:
        raise NotFound(GONE)
    return mine


async def confirmed_of(person_id: str) -> list[tuple[str, str]]:
    """A person's confirmed registrations, the latest first, each with its event."""
    theirs = {"person_id": person_id, "state": State.CONFIRMED}
    found = db().registrations.find(theirs, {"event_id": 1}).sort("created_at", -1).limit(500)
    return [(one["_id"], one["event_id"]) for one in await found.to_list(500)]


async def tickets_of(registration_id: str) -> list[dict[str, Any]]:
    """The tickets that were issued for a registration and are valid, in order."""
    found = db().tickets.find({"registration_id": registration_id, "state": "valid"}).sort("_id", 1)
    return [dict(one) for one in await found.to_list(MOST_TICKETS)]


def path_of(registration_id: str) -> str:
    """The address where whoever registered, or waits, sees and changes it; nobody can guess it."""
    return f"/registrations/{signing.sign_for_good(LINK, registration_id)}"


def id_in(token: str) -> str:
    """The id that such an address carries. Raises NotFound."""
    found = signing.read_for_good(LINK, token)
    if found is None:
        raise NotFound("This link is not whole. Take the one in your mail.")
    return found


def registration_of(outcome: Outcome) -> Registration:
    """The registration as it is after a wish. Raises TooLate and NotFound."""
    if outcome.refused == TOO_LATE:
        raise TooLate
    if outcome.refused == NOT_THERE or outcome.registration is None:
        raise NotFound(GONE)
    return Registration.model_validate(outcome.registration)
