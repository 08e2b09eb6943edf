"""The tickets of an event, for its team: those at the door see names and no addresses, nobody a ticket's secret."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp import database
from webapp.access import allowed, door
from webapp.api import answering, finding, listing
from webapp.api.answering import Expanding, View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.api.registration_views import RegistrationView
from webapp.data import asked
from webapp.database import IndexModel, db
from webapp.errors import NotFound
from webapp.events.event import Event
from webapp.folding import beginnings
from webapp.frequency import at_the_door
from webapp.registrations.registration import Registration

api = Blueprint("api_tickets", __name__)

ABOUT = "Tickets"
Id = Annotated[str, StringConstraints(max_length=80, pattern=r"^[0-9A-Za-z-]*$")]

database.keep("tickets", IndexModel([("event_id", 1), ("_id", 1)]))


class TicketView(View):
    """One place for one person."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "3c8w1x6b5n1zr4tw-1",
                "event_id": "0q8y2c6b5n1zr4tw",
                "registration_id": "3c8w1x6b5n1zr4tw",
                "ticket_type_id": "9f2k7m3x5d8w1c6b",
                "state": "valid",
                "name": "Ana",
                "email": "ana@example.org",
            }
        )
    )

    event_id: str
    registration_id: str
    ticket_type_id: str
    state: str = Field(description="`valid`, or `cancelled`.")
    name: str
    email: str | None = Field(description="null for those at the door.")

    @classmethod
    def of(cls, kept: Mapping[str, Any], *, is_editor: bool) -> Self:
        names = ("event_id", "registration_id", "ticket_type_id", "state", "name")
        email = kept.get("email", "") if is_editor else None
        return cls(id=kept["_id"], email=email, **{name: kept[name] for name in names})


class Tickets(Listing):
    """Which tickets."""

    sort: Literal["id", "-id"] = "id"
    state: Literal["", "valid", "cancelled"] = Field("", description="Is in this state.")
    ticket_type_id: Id = Field("", description="Is of this type.")
    registration_id: Id = Field("", description="Belongs to this registration.")
    text: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = Field(
        "", description="What the names of those who come begin with."
    )

    def query(self) -> dict[str, Any]:
        """As the database asks for it."""
        names = ("state", "ticket_type_id", "registration_id")
        found: dict[str, Any] = {name: value for name in names if (value := getattr(self, name))}
        words = beginnings(self.text)
        return found | ({"$and": words} if words else {})


async def _their_registrations(views: Sequence[Any]) -> list[RegistrationView | None]:
    rows = db().registrations.find({"_id": {"$in": [view.registration_id for view in views]}})
    found = {row["_id"]: RegistrationView.of(Registration.model_validate(row)) async for row in rows}
    return [found.get(view.registration_id) for view in views]


EXPANDING: Expanding = {"event": finding.their_events, "registration": _their_registrations}


@api.get("/api/v1/events/<slug>/tickets")
@allowed(door)
@at_the_door
@operation(ABOUT, lists=TicketView, query=Tickets, expands=tuple(EXPANDING))
async def index(slug: str) -> Response:
    """Lists the tickets of an event; `expand=registration` is for editors."""
    event, given = await finding.there(slug), asked(Tickets)
    query = {"event_id": event.id, "organiser_id": event.organiser_id, **given.query()}
    found = await listing.page(
        "tickets", query, given, lambda row: TicketView.of(row, is_editor=finding.is_editor(event))
    )
    return await answering.listed(found, given, _expanding(event))


@api.get("/api/v1/events/<slug>/tickets/<ticket_id>")
@allowed(door)
@at_the_door
@operation(ABOUT, answers=TicketView, query=Choosing, expands=tuple(EXPANDING))
async def read(slug: str, ticket_id: str) -> Response:
    """Reads a ticket."""
    event = await finding.there(slug)
    query = {"_id": ticket_id, "event_id": event.id, "organiser_id": event.organiser_id}
    kept = await db().tickets.find_one(query)
    if kept is None:
        raise NotFound("There is no such ticket.")
    view = TicketView.of(kept, is_editor=finding.is_editor(event))
    return await answering.one(view, choosing=asked(Choosing), expanding=_expanding(event))


def _expanding(event: Event) -> Expanding:
    return EXPANDING if finding.is_editor(event) else {"event": finding.their_events}
