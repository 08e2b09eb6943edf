"""What an event's team sets up: ticket types, pools, questions, and how long places are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from quart import Blueprint, Response, request

from webapp import meanwhile, when
from webapp.access import actor, allowed, editor
from webapp.errors import Conflict, EditedMeanwhile
from webapp.events import store as events
from webapp.events.event import Event, Line
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.responses import FormErrors, form, now, page, redirect, sentences
from webapp.ticket_types import store
from webapp.ticket_types.question import Form, Kind
from webapp.ticket_types.ticket_type import Offering, Pool, TicketType

pages = Blueprint("ticket_types", __name__)

LABELS = {
    "name": "Name",
    "description": "Description",
    "price": "Price",
    "least": "Least",
    "most": "Most",
    "opens_at": "Opens",
    "closes_at": "Closes",
    "code": "Access code",
    "pools": "Pools",
    "capacity": "Places",
    "label": "Question",
    "options": "Answers to choose from",
    "hold_minutes": "Minutes to fill in the form",
    "offer": "How long an offer is kept",
    "offer_unit": "How long an offer is kept",
}
Values = Mapping[str, Any]
KINDS = {
    Kind.TEXT: "A line of text",
    Kind.LONG: "A longer text",
    Kind.CHOICE: "One of several",
    Kind.MANY: "Some of several",
    Kind.NUMBER: "A number",
    Kind.YES_NO: "Yes or no",
    Kind.DATE: "A date",
    Kind.CONSENT: "Consent",
}
UNITS = {"days": 24 * 60, "hours": 60, "minutes": 1}
"""In minutes, the longest first."""

SHORTEST_OFFER, LONGEST_OFFER = 5, 7 * 24 * 60


class NewPool(BaseModel):
    """A limit."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: Line = Field(min_length=1, max_length=80)
    capacity: int = Field(ge=0, le=1_000_000)


class Keeping(BaseModel):
    """Whether registration is open, and how long places are kept."""

    is_open: bool = False
    hold_minutes: int = Field(ge=1, le=120)
    offer: int = Field(ge=1, le=LONGEST_OFFER)
    offer_unit: Literal["minutes", "hours", "days"]

    @property
    def offer_minutes(self) -> int:
        return self.offer * UNITS[self.offer_unit]

    @model_validator(mode="after")
    def _is_sensible(self) -> Self:
        if not SHORTEST_OFFER <= self.offer_minutes <= LONGEST_OFFER:
            raise PydanticCustomError("turnout", "This must be between 5 minutes and 7 days.", {"field": "offer"})
        return self


@pages.get("/events/<slug>/tickets")
@allowed(editor)
async def show(slug: str) -> Response:
    """Everything that can be had, and its limits and questions."""
    return await shown(await events.there(slug))


@pages.get("/events/<slug>/tickets/new")
@allowed(editor)
async def new(slug: str) -> Response:
    """An empty form."""
    event = await events.there(slug)
    return await _form(event, None, {"least": 1, "most": 10, "pools": [event.id]})


@pages.post("/events/<slug>/tickets")
@allowed(editor)
async def add(slug: str) -> Response:
    """Another ticket type."""
    event = await events.there(slug)
    try:
        typed = await _offering(event)
    except FormErrors as wrong:
        return await _form(event, None, wrong.values, wrong.fields)
    kind = await store.add(event, typed, by=actor(), now=now())
    return await redirect(f"{event.path}/tickets", await _told(event, f"“{kind.name}” can be had."))


@pages.get("/events/<slug>/tickets/<type_id>")
@allowed(editor)
async def one(slug: str, type_id: str) -> Response:
    """The form of a ticket type."""
    event = await events.there(slug)
    kind = (await store.offered(event)).type(type_id)
    return await _form(event, kind, meanwhile.opening(_values(event, kind)))


@pages.post("/events/<slug>/tickets/<type_id>")
@allowed(editor)
async def edit(slug: str, type_id: str) -> Response:
    """Other details; where somebody else saved others meanwhile, both are shown."""
    event = await events.there(slug)
    kind = (await store.offered(event)).type(type_id)
    try:
        typed = await _offering(event)
    except FormErrors as wrong:
        return await _form(event, kind, wrong.values, wrong.fields)

    async def there() -> TicketType:
        return (await store.offered(event)).type(type_id)

    async def write(seen: TicketType) -> TicketType:
        return await store.edit(event, type_id, typed, seen=seen, by=actor(), now=now())

    names = {pool.id: pool.name for pool in await store.pools_of(event)}
    try:
        await meanwhile.save(await _sent(), there, lambda found: _values(event, found), write, names)
    except Meanwhile as other:
        return await _form(event, kind, other.values, other.fields, other.status)
    return await redirect(f"{event.path}/tickets", await _told(event, "Saved."))


@pages.post("/events/<slug>/tickets/<type_id>/remove")
@allowed(editor)
async def remove(slug: str, type_id: str) -> Response:
    """Takes a ticket type out of the offer."""
    event = await events.there(slug)
    await store.remove(event, type_id, by=actor(), now=now())
    return await redirect(f"{event.path}/tickets", "It cannot be had any more. Tickets that people have stay.")


@pages.post("/events/<slug>/pools")
@allowed(editor)
async def add_pool(slug: str) -> Response:
    """Another limit."""
    event = await events.there(slug)
    try:
        pool = await form(NewPool)
    except FormErrors as wrong:
        return await shown(event, "pool", wrong.values, wrong.fields)
    await store.add_pool(event, pool.name, pool.capacity, by=actor(), now=now())
    return await redirect(f"{event.path}/tickets", f"“{pool.name}” is there. Now choose it in ticket types.")


@pages.post("/events/<slug>/pools/<pool_id>")
@allowed(editor)
async def resize(slug: str, pool_id: str) -> Response:
    """Another capacity; who waits moves up at once."""
    event = await events.there(slug)
    await store.pool(event, pool_id)
    try:
        pool = await form(NewPool)

        async def write(seen: Pool) -> None:
            await store.resize(event, pool_id, pool.capacity, seen=seen, by=actor(), now=now())

        await meanwhile.save(await _sent(), lambda: store.pool(event, pool_id), _size, write)
    except (FormErrors, Meanwhile) as wrong:
        return await shown(event, pool_id, wrong.values, wrong.fields, wrong.status)
    except Conflict as taken:
        return await shown(event, pool_id, await _sent(), {"capacity": str(taken)}, taken.status)
    return await redirect(f"{event.path}/tickets", "Saved. Free places are offered to those who wait.")


@pages.post("/events/<slug>/form")
@allowed(editor)
async def keep(slug: str) -> Response:
    """Opens or closes registration, and says how long places are kept."""
    event = await events.there(slug)
    try:
        kept = await form(Keeping)
    except FormErrors as wrong:
        return await shown(event, "keeping", wrong.values, wrong.fields)
    values = kept.model_dump(include={"is_open", "hold_minutes"}) | {"offer_minutes": kept.offer_minutes}

    async def write(seen: Form) -> Form:
        def as_kept(before: Form) -> Form:
            if _kept(before) != _kept(seen):
                raise EditedMeanwhile
            return before.model_copy(update=values)

        return await store.edit_form(event, as_kept, by=actor(), now=now())

    try:
        await meanwhile.save(await _sent(), lambda: store.form(event.id), _kept, write)
    except Meanwhile as other:
        return await shown(event, "keeping", other.values, other.fields, other.status)
    return await redirect(f"{event.path}/tickets", "Saved.")


async def shown(
    event: Event, which: str = "", values: Values | None = None, errors: Values | None = None, status: int = 422
) -> Response:
    """The page, and in one of its forms what was typed; a pool's form goes by the pool's id."""
    offered, pools = await store.offered(event), await store.pools_of(event)
    forms = {
        "pool": typed_in({}),
        "question": typed_in({}),
        "keeping": typed_in(meanwhile.opening(_kept(offered.form))),
    }
    forms |= {pool.id: typed_in(meanwhile.opening(_size(pool))) for pool in pools}
    if which:
        forms[which] = typed_in(values or {}, errors)
    context = {
        "event": event,
        "organiser": await organisers.get(event.organiser_id),
        "types": offered.types,
        "pools": pools,
        "questions": offered.form.questions,
        "forms": forms,
        "kinds": KINDS,
        "units": [(unit, unit) for unit in reversed(UNITS)],
    }
    return await page("ticket_types/show.html", status=status if errors else 200, **context)


def _length(minutes: int) -> dict[str, Any]:
    """A length of time as people say it: 12 hours, not 720 minutes."""
    unit = next(unit for unit, size in UNITS.items() if minutes % size == 0)
    return {"offer": minutes // UNITS[unit], "offer_unit": unit}


async def _form(
    event: Event, kind: TicketType | None, values: Values, errors: Values | None = None, status: int = 422
) -> Response:
    context = {
        "event": event,
        "organiser": await organisers.get(event.organiser_id),
        "kind": kind,
        "form": typed_in(values, errors),
        "pools": await store.pools_of(event),
        "action": f"{event.path}/tickets/{kind.id}" if kind else f"{event.path}/tickets",
    }
    return await page("ticket_types/edit.html", status=status if errors else 200, **context)


def typed_in(values: Values, errors: Values | None = None) -> dict[str, Any]:
    """A form with these values, and what is wrong with them."""
    wrong = errors or {}
    return {"values": values, "errors": wrong, "labels": LABELS, "first_error": next(filter(None, wrong), "")}


def _values(event: Event, kind: TicketType) -> dict[str, Any]:
    values = store.said(kind)
    times = {name: _wall(values[name], event.zone) for name in ("opens_at", "closes_at")}
    return values | times | {"needs_approval": "true" if kind.needs_approval else ""}


def _wall(at: datetime | None, zone: str) -> str:
    return when.wall(at, zone).isoformat(timespec="minutes") if at else ""


def _size(pool: Pool) -> dict[str, Any]:
    return {"capacity": "" if pool.capacity is None else pool.capacity}


def _kept(form: Form) -> dict[str, Any]:
    is_open = "true" if form.is_open else ""
    return {"is_open": is_open, "hold_minutes": form.hold_minutes, **_length(form.offer_minutes)}


async def _sent() -> dict[str, Any]:
    typed = await request.form
    return {**typed.to_dict(), "pools": typed.getlist("pools")}


async def _offering(event: Event) -> Offering:
    values = await _sent()
    try:
        times = {name: _instant(values.get(name, ""), event.zone) for name in ("opens_at", "closes_at")}
        return Offering.model_validate(values | times)
    except ValidationError as error:
        wrong = sentences(error)
        if "pools" in wrong:
            wrong["pools"] = "Choose at least one."
        raise FormErrors(values, wrong) from None
    except ValueError:
        raise FormErrors(values, {"opens_at": "Write a date and a time, such as 2026-05-03 20:00."}) from None


def _instant(text: str, zone: str) -> datetime | None:
    return when.instant(datetime.fromisoformat(text).replace(tzinfo=None), zone) if text.strip() else None


async def _told(event: Event, done: str) -> str:
    """What was done, and how times were read that clocks skip or show twice."""
    typed = await request.form
    times = [text for text in (typed.get("opens_at", ""), typed.get("closes_at", "")) if text.strip()]
    notes = [when.note(datetime.fromisoformat(text).replace(tzinfo=None), event.zone) for text in times]
    return " ".join([done, *filter(None, notes)])
