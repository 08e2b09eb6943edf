"""The way to a registration, for whoever comes: hold places, confirm them, change and give back; or wait in line.

Whoever has the token of a registration may do with it what they could on its page; no account is needed.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp import database
from webapp.access import allowed, anyone, who
from webapp.api import answering, contacts, finding, tags
from webapp.api.answering import View, example
from webapp.api.contacts import ConfirmBody, Edited, NamedBody
from webapp.api.listing import Choosing
from webapp.api.operation import operation
from webapp.api.registration_views import ENTRY_EXAMPLE, REGISTRATION_EXAMPLE, EntryView, RegistrationView
from webapp.data import asked, patched, perhaps_sent, sent
from webapp.errors import Changed, Conflict, Invalid, NotFound
from webapp.events import store as events
from webapp.registrations import amending, changing, confirming, ending, store, taking, waiting
from webapp.registrations.registration import Attendee, Contact, Entry, Registration, State, Wanted
from webapp.responses import now
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered

api = Blueprint("api_holds", __name__)

ABOUT, LINE = "Holds", "Waiting list"
TOKEN = "WyIzYzh3MXg2YjVuMXpyNHR3Il0.c2lnbmF0dXJl"  # noqa: S105 - an example of one


class HoldBody(Wanted):
    """How many of which ticket type. The same key is the same hold, for good."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"tickets": {"9f2k7m3x5d8w1c6b": 2}, "would_wait": True})
    )

    key: str = Field(default_factory=database.new_id, min_length=8, max_length=64)


class GivingBack(BaseModel):
    """Which tickets are given back; none named, all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"tickets": ["3c8w1x6b5n1zr4tw-1"]}))

    tickets: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)


class ContactOnly(Contact):
    """Whom to write to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Ben", "email": "ben@example.org"}))


class HeldView(View):
    """What was got: places held in a registration, or a place on the waiting list. The token opens it."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": REGISTRATION_EXAMPLE["id"], "token": TOKEN, "registration": REGISTRATION_EXAMPLE}
            | {"waiting_list_entry": None}
        )
    )

    token: str = Field(description="A secret: whoever has it may see, change and cancel.")
    registration: RegistrationView | None
    waiting_list_entry: EntryView | None

    @classmethod
    def of(cls, got: Registration | Entry) -> Self:
        return cls(
            id=got.id,
            token=_token(got.id),
            registration=None if isinstance(got, Entry) else RegistrationView.of(got),
            waiting_list_entry=EntryView.of(got) if isinstance(got, Entry) else None,
        )


class PlaceView(EntryView):
    """A place on the waiting list, with how many are before it."""

    model_config = ConfigDict(json_schema_extra=example({**ENTRY_EXAMPLE, "ahead": 3}))

    ahead: int


@api.post("/api/v1/events/<slug>/holds")
@allowed(anyone)
@operation(ABOUT, answers=HeldView, status=201, body=HoldBody)
async def take(slug: str) -> Response:
    """Holds places for a moment; where they are gone, waits in line, unless `would_wait` is false."""
    offered = await ticket_types.offered_lately(slug)
    if not offered.event.is_public:
        raise NotFound(finding.GONE)
    wanted = await sent(HoldBody)
    check_types(wanted.tickets, {kind.id for kind in offered.types if kind.opens_with(wanted.code)})
    try:
        got = await taking.take(offered, wanted, by=by(), now=now(), person_id=_person())
    except Invalid as wrong:
        raise Invalid({f"/tickets/{key}": sentence for key, sentence in wrong.fields.items()}) from None
    kind = "waiting-list-entries" if isinstance(got, Entry) else "registrations"
    view = HeldView.of(got)
    return await answering.made(view, f"/api/v1/{kind}/{view.token}")


@api.get("/api/v1/registrations/<token>")
@allowed(anyone)
@operation(ABOUT, answers=RegistrationView, query=Choosing, expands=("event",))
async def read(token: str) -> Response:
    """Reads one's own registration."""
    mine = await mine_by(token)
    expanding = {"event": finding.their_events}
    choosing = asked(Choosing)
    return await answering.one(RegistrationView.of(mine), edit=str(mine.step), choosing=choosing, expanding=expanding)


@api.post("/api/v1/registrations/<token>/confirm")
@allowed(anyone)
@operation(ABOUT, answers=RegistrationView, body=ConfirmBody)
async def confirm(token: str) -> Response:
    """Makes held places a registration."""
    mine, body = await mine_by(token), await sent(ConfirmBody)
    answers, people = contacts.answered(mine, await ticket_types.form(mine.event_id), body)
    contact = Contact(name=body.name, email=body.email)
    return await _one(await confirming.confirm(mine.id, contact, answers=answers, attendees=people, by=by(), now=now()))


@api.patch("/api/v1/registrations/<token>")
@allowed(anyone)
@operation(ABOUT, answers=RegistrationView, body=ConfirmBody, edits=True)
async def edit(token: str) -> Response:
    """Edits who registered, who comes, and what they answered."""
    mine = await mine_by(token)
    tags.expect(str(mine.step))
    form = await ticket_types.form(mine.event_id)
    body = await patched(ConfirmBody, contacts.known(mine, form))
    return await _one(await _changed(mine, contacts.edited(mine, form, body)))


@api.post("/api/v1/registrations/<token>/cancel")
@allowed(anyone)
@operation(ABOUT, answers=RegistrationView, body=GivingBack)
async def cancel(token: str) -> Response:
    """Gives all places back, or those of some tickets."""
    mine, body = await mine_by(token), await perhaps_sent(GivingBack)
    if not body.tickets:
        return await _one(await ending.cancel(mine.id, by=by(), now=now()))
    which, offered = tickets_of(mine, body.tickets), await offered_with(mine)
    return await _one(await amending.give_back(offered, mine, which, by=by(), now=now()))


@api.patch("/api/v1/registrations/<token>/tickets/<ticket_id>")
@allowed(anyone)
@operation("Tickets", answers=RegistrationView, body=NamedBody, edits=True)
async def pass_on(token: str, ticket_id: str) -> Response:
    """Passes a ticket on: whoever had its secret cannot enter with it any more."""
    mine = await mine_by(token)
    ticket = next((one for one in mine.live_tickets if one.id == ticket_id), None)
    if ticket is None:
        raise NotFound(contacts.NO_TICKET)
    tags.expect(str(mine.step))
    if mine.state not in (State.PENDING, State.CONFIRMED):
        raise Conflict("These places are not confirmed yet, or not any more.")
    body = await patched(NamedBody, {"name": ticket.name, "email": ticket.email})
    named = Attendee(name=body.name, email=body.email, answers=ticket.answers)
    contact = Contact(name=mine.name, email=mine.email)
    return await _one(await _changed(mine, Edited(contact, mine.answers, {ticket.id: named})))


@api.get("/api/v1/waiting-list-entries/<token>")
@allowed(anyone)
@operation(LINE, answers=PlaceView, query=Choosing)
async def read_place(token: str) -> Response:
    """Reads one's own place on the waiting list, and how many are before it."""
    return await _place(await waiting.get(store.id_in(token)), asked(Choosing))


@api.patch("/api/v1/waiting-list-entries/<token>")
@allowed(anyone)
@operation(LINE, answers=PlaceView, body=ContactOnly, edits=True)
async def tell(token: str) -> Response:
    """Says whom to write to when it is their turn."""
    entry = await waiting.get(store.id_in(token))
    tags.expect(_tag(entry))
    body = await patched(ContactOnly, {"name": entry.name, "email": entry.email})
    contact = Contact(name=body.name, email=body.email)
    return await _place(await waiting.tell(entry.id, contact, by=by(), now=now()))


@api.post("/api/v1/waiting-list-entries/<token>/accept")
@allowed(anyone)
@operation(LINE, answers=HeldView)
async def accept(token: str) -> Response:
    """Takes an offer up: its places are held, to be confirmed."""
    entry = await waiting.accept(store.id_in(token), by=by(), now=now())
    return await answering.one(HeldView.of(await store.get(entry.id)))


@api.post("/api/v1/waiting-list-entries/<token>/leave")
@allowed(anyone)
@operation(LINE, answers=PlaceView)
async def leave(token: str) -> Response:
    """Leaves the waiting list, or passes an offer on to the next."""
    return await _place(await waiting.leave(store.id_in(token), by=by(), now=now()))


def tickets_of(mine: Registration, wanted: list[str]) -> tuple[str, ...]:
    """These tickets of a registration. Raises Invalid for those that it has not."""
    there = {one.id for one in mine.live_tickets}
    wrong = {f"/tickets/{place}": contacts.NO_TICKET for place, one in enumerate(wanted) if one not in there}
    if wrong:
        raise Invalid(wrong)
    return tuple(wanted)


def check_types(wanted: Iterable[str], known: set[str]) -> None:
    """Raises Invalid for ticket types that cannot be had."""
    wrong = {f"/tickets/{key}": ticket_types.GONE for key in wanted if key not in known}
    if wrong:
        raise Invalid(wrong)


async def offered_with(mine: Registration) -> Offered:
    """What the event of a registration offers now. Raises NotFound for a deleted one."""
    event = await events.get(mine.organiser_id, mine.event_id)
    if event.is_deleted:
        raise NotFound(finding.GONE)
    return await ticket_types.offered(event)


def by() -> str:
    """Who is noted for what somebody does with a link."""
    return who().id if who().known else "visitor"


def _person() -> str:
    person = who()
    return "" if person.bearer is None or person.bearer.is_organisers else person.id


def _token(registration_id: str) -> str:
    return store.path_of(registration_id).rpartition("/")[2]


async def mine_by(token: str) -> Registration:
    """The registration that a token opens. Raises NotFound."""
    return await store.get(store.id_in(token))


async def _changed(mine: Registration, edited: Edited) -> Registration:
    how: dict[str, Any] = {"answers": edited.answers, "attendees": edited.attendees, "step": mine.step}
    try:
        return await changing.change(mine.id, edited.contact, **how, by=by(), now=now())
    except store.Meanwhile as changed:
        raise Changed(str(changed)) from None


async def _one(mine: Registration) -> Response:
    return await answering.one(RegistrationView.of(mine), edit=str(mine.step))


async def _place(entry: Entry, choosing: Choosing | None = None) -> Response:
    seen = EntryView.of(entry)
    view = PlaceView.made_of(seen, ahead=await waiting.ahead_of(entry))
    return await answering.one(view, edit=_tag(entry), choosing=choosing)


def _tag(entry: Entry) -> str:
    return tags.edit_of({"name": entry.name, "email": entry.email})
