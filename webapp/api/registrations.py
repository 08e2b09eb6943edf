"""The registrations of an event, and who waits, for its team."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp import database
from webapp.access import actor, allowed, editor
from webapp.api import answering, contacts, finding, listing, tags
from webapp.api.answering import Expanding, example
from webapp.api.bulk import Bulk, Results, each
from webapp.api.contacts import ConfirmBody
from webapp.api.holds import GivingBack, check_types, tickets_of
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.api.registration_views import EntryView, RegistrationView
from webapp.data import asked, fitting, patched, perhaps_sent, sent
from webapp.errors import Changed
from webapp.events.event import Event
from webapp.frequency import heavy
from webapp.registrations import store, team, waiting
from webapp.registrations.listing import Filter, found_by
from webapp.registrations.registration import Contact, Entry, Registration, State, Waiting, Wanted
from webapp.responses import now
from webapp.ticket_types import store as ticket_types

api = Blueprint("api_registrations", __name__)

ABOUT, LINE = "Registrations", "Waiting list"
EXPANDING: Expanding = {"event": finding.their_events}
PATH = "/api/v1/events/<slug>/registrations"


class Registrations(Listing):
    """Which registrations."""

    sort: Literal["number", "-number"] = "-number"
    state: State | None = Field(None, description="Is in this state.")
    text: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = Field(
        "", description="What names and addresses begin with."
    )


class Entries(Listing):
    """Which places on the waiting list."""

    sort: Literal["number", "-number"] = "number"
    state: Waiting | None = Field(None, description="Is in this state.")


class ByHandBody(Contact):
    """Somebody to register, although it may be closed; with `even_beyond` also although it is full."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"name": "Ana", "email": "ana@example.org", "tickets": {"9f2k7m3x5d8w1c6b": 1}}),
    )

    tickets: Annotated[dict[str, Annotated[int, Field(ge=1, le=20)]], Field(min_length=1, max_length=20)]
    even_beyond: bool = False


class CancelBody(GivingBack):
    """Which tickets end, or all of them, and what the person is told."""

    reason: str = Field("", max_length=300)


@api.get(PATH)
@allowed(editor)
@operation(ABOUT, lists=RegistrationView, query=Registrations, expands=tuple(EXPANDING))
async def index(slug: str) -> Response:
    """Lists who registered, the latest first."""
    event, given = await finding.there(slug), asked(Registrations)
    query = found_by(event, Filter(text=given.text, state=given.state.value if given.state else ""))
    found = await listing.page(
        "registrations", query, given, lambda row: RegistrationView.of(Registration.model_validate(row))
    )
    return await answering.listed(found, given, EXPANDING)


@api.post(PATH)
@allowed(editor)
@operation(ABOUT, answers=RegistrationView, status=201, body=ByHandBody)
async def create(slug: str) -> Response:
    """Registers somebody by hand."""
    event = await finding.there(slug)
    mine = await _added(event, await sent(ByHandBody))
    return await answering.made(RegistrationView.of(mine), f"/api/v1/events/{slug}/registrations/{mine.id}")


@api.post(f"{PATH}/bulk")
@allowed(editor)
@heavy
@operation(ABOUT, answers=Results, body=Bulk)
async def create_many(slug: str) -> Response:
    """Registers up to a hundred by hand, each by itself; `results` says what became of each."""
    event, given = await finding.there(slug), await sent(Bulk)

    async def add(item: Mapping[str, Any]) -> RegistrationView:
        return RegistrationView.of(await _added(event, fitting(ByHandBody, item)))

    return await each(given, add, status=201)


@api.get(f"{PATH}/<registration_id>")
@allowed(editor)
@operation(ABOUT, answers=RegistrationView, query=Choosing, expands=tuple(EXPANDING))
async def read(slug: str, registration_id: str) -> Response:
    """Reads a registration."""
    mine = await store.of_event(await finding.there(slug), registration_id)
    view, choosing = RegistrationView.of(mine), asked(Choosing)
    return await answering.one(view, edit=str(mine.step), choosing=choosing, expanding=EXPANDING)


@api.patch(f"{PATH}/<registration_id>")
@allowed(editor)
@operation(ABOUT, answers=RegistrationView, body=ConfirmBody, edits=True)
async def edit(slug: str, registration_id: str) -> Response:
    """Edits who registered, who comes, and what they answered."""
    event = await finding.there(slug)
    mine, form = await store.of_event(event, registration_id), await ticket_types.form(event.id)
    tags.expect(str(mine.step))
    edited = contacts.edited(mine, form, await patched(ConfirmBody, contacts.known(mine, form)))
    labels = {question.id: question.label for question in form.questions}
    how: dict[str, Any] = {"answers": edited.answers, "labels": labels, "step": mine.step}
    try:
        return await _one(await team.change(mine, edited.contact, edited.attendees, **how, by=actor(), now=now()))
    except store.Meanwhile as changed:
        raise Changed(str(changed)) from None


@api.post(f"{PATH}/<registration_id>/cancel")
@allowed(editor)
@operation(ABOUT, answers=RegistrationView, body=CancelBody)
async def cancel(slug: str, registration_id: str) -> Response:
    """Ends a registration, or some of its tickets; the places are free at once."""
    mine = await store.of_event(await finding.there(slug), registration_id)
    body = await perhaps_sent(CancelBody)
    which = tickets_of(mine, body.tickets)
    return await _one(await team.cancel(mine, tickets=which, reason=body.reason, by=actor(), now=now()))


@api.post(f"{PATH}/<registration_id>/approve")
@allowed(editor)
@operation(ABOUT, answers=RegistrationView)
async def approve(slug: str, registration_id: str) -> Response:
    """Says yes to a registration that waits for it."""
    mine = await store.of_event(await finding.there(slug), registration_id)
    return await _one(await team.approve(mine, by=actor(), now=now()))


@api.post(f"{PATH}/<registration_id>/resend")
@allowed(editor)
@operation(ABOUT, status=204)
async def resend(slug: str, registration_id: str) -> Response:
    """Sends the mail with the tickets once more."""
    mine = await store.of_event(await finding.there(slug), registration_id)
    await team.resend(mine, by=actor(), now=now())
    return answering.nothing()


@api.get("/api/v1/events/<slug>/waiting-list")
@allowed(editor)
@operation(LINE, lists=EntryView, query=Entries, expands=tuple(EXPANDING))
async def line(slug: str) -> Response:
    """Lists who waits, and who waited, in order."""
    event, given = await finding.there(slug), asked(Entries)
    query = {"event_id": event.id, "organiser_id": event.organiser_id}
    found = await listing.page(
        "entries",
        query | ({"state": given.state.value} if given.state else {}),
        given,
        lambda row: EntryView.of(Entry.model_validate(row)),
    )
    return await answering.listed(found, given, EXPANDING)


@api.get("/api/v1/events/<slug>/waiting-list/<entry_id>")
@allowed(editor)
@operation(LINE, answers=EntryView, query=Choosing)
async def read_entry(slug: str, entry_id: str) -> Response:
    """Reads a place on the waiting list."""
    entry = await waiting.of_event(await finding.there(slug), entry_id)
    return await answering.one(EntryView.of(entry), choosing=asked(Choosing))


@api.post("/api/v1/events/<slug>/waiting-list/<entry_id>/offer")
@allowed(editor)
@operation(LINE, answers=EntryView)
async def offer(slug: str, entry_id: str) -> Response:
    """Offers places to somebody before it is their turn."""
    entry = await waiting.of_event(await finding.there(slug), entry_id)
    return await answering.one(EntryView.of(await team.offer(entry, by=actor(), now=now())))


@api.delete("/api/v1/events/<slug>/waiting-list/<entry_id>")
@allowed(editor)
@operation(LINE, status=204)
async def remove(slug: str, entry_id: str) -> Response:
    """Takes somebody off the waiting list."""
    entry = await waiting.of_event(await finding.there(slug), entry_id)
    await team.remove(entry, by=actor(), now=now())
    return answering.nothing()


async def _added(event: Event, body: ByHandBody) -> Registration:
    offered = await ticket_types.offered(event)
    check_types(body.tickets, {kind.id for kind in offered.types})
    wanted = fitting(Wanted, {"tickets": body.tickets, "key": database.new_id()})
    contact = Contact(name=body.name, email=body.email)
    return await team.add_by_hand(offered, wanted, contact, even_beyond=body.even_beyond, by=actor(), now=now())


async def _one(mine: Registration) -> Response:
    return await answering.one(RegistrationView.of(mine), edit=str(mine.step))
