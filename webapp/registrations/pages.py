"""What somebody does to get a place: pick, hold, fill in, confirm; wait in line; change or give back later."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from quart import Blueprint, Response, current_app, request

from webapp.access import allowed, anyone, who
from webapp.errors import Conflict, Invalid, NotAllowed, NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.mail import sending
from webapp.registrations import (
    amending,
    calendar,
    changing,
    confirming,
    ending,
    filling,
    late,
    live,
    store,
    taking,
    waiting,
)
from webapp.registrations.registration import Contact, Entry, Registration, State, Waiting, Wanted
from webapp.responses import FormErrors, answer, form, fragment, is_htmx, now, page, redirect
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Per
from webapp.walls import signing

pages = Blueprint("registrations", __name__)

COUNT = "n."
WAS = "was"
TOO_LATE = "The time for these places is over, and what you typed is still here."
MAILED_LASTS = timedelta(days=500)


@pages.post("/events/<slug>/registrations")
@allowed(anyone)
async def take(slug: str) -> Response:
    """Holds places, or stands in line, and goes where that is seen."""
    offered = await ticket_types.offered_lately(slug)
    try:
        person_id = who().id if who().known else ""
        got = await taking.take(offered, await _wanted(), by=whom(), now=now(), person_id=person_id)
    except Invalid as wrong:
        return await _not_taken(offered.event, str(wrong))
    except (Conflict, NotAllowed) as refused:
        return await _not_taken(offered.event, str(refused))
    return await redirect(store.path_of(got.id))


@pages.get("/registration")
@allowed(anyone)
async def mailed() -> Response:
    """The link in a mail."""
    found = signing.read(sending.LINK, request.args.get("token", ""), within=MAILED_LASTS)
    if found is None:
        raise NotFound("This link is not whole. Take the one in your mail.")
    return await redirect(store.path_of(found))


@pages.get("/registrations/<token>")
@allowed(anyone)
async def show(token: str) -> Response:
    """A registration or a place in the line, for whoever has the link."""
    return await shown(store.id_in(token))


@pages.get("/registrations/<token>/calendar.ics")
@allowed(anyone)
async def as_calendar(token: str) -> Response:
    """The event for the calendar of whoever has the link."""
    content = await calendar.of(store.id_in(token), current_app.extensions["settings"].address)
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return Response(content, headers=headers, content_type="text/calendar; charset=utf-8; method=PUBLISH")


@pages.post("/registrations/<token>/confirm")
@allowed(anyone)
async def confirm(token: str) -> Response:
    """Makes a hold a registration; one whose time is over, if its places are still free."""
    held, typed = await store.get(store.id_in(token)), await request.form
    offered = await ticket_types.offered(await events.get(held.organiser_id, held.event_id))
    mine, values = late.as_filled_in(held, typed.getlist(WAS)), filling.values_in(typed, offered.form)
    filled = filling.read(mine, offered.form, typed)
    if filled.errors:
        return await shown(held.id, values, filled.errors, filled_in=mine)
    how: dict[str, Any] = {"answers": filled.answers, "attendees": filled.attendees, "by": whom(), "now": now()}
    try:
        await confirming.confirm(held.id, filled.contact, **how)
        return await redirect(store.path_of(held.id))
    except store.TooLate:
        if (await store.get(held.id)).state is State.CANCELLED:
            return await redirect(store.path_of(held.id), "These places were given back meanwhile.")
    try:
        after = await late.confirm(offered, held, mine, filled.contact, **how)
    except (Conflict, Invalid, NotAllowed, NotFound) as refused:
        return await shown(held.id, values, {"": f"{TOO_LATE} {refused}"}, filled_in=mine)
    return await redirect(store.path_of(after.id), late.LATE)


@pages.post("/registrations/<token>/change")
@allowed(anyone)
async def change(token: str) -> Response:
    """Keeps other names and answers; a ticket that somebody else gets is sent there."""
    mine = await store.get(store.id_in(token))
    asked, typed = await ticket_types.form(mine.event_id), await request.form
    filled, values = filling.read(mine, asked, typed), filling.values_in(typed, asked)
    if filled.errors:
        return await shown(mine.id, values, filled.errors)
    how: dict[str, Any] = {"answers": filled.answers, "attendees": filled.attendees, "step": filling.step_in(typed)}
    try:
        await changing.change(mine.id, filled.contact, **how, by=whom(), now=now())
    except store.Meanwhile as other:
        values, errors = filling.meanwhile(other.theirs, asked, values)
        return await shown(mine.id, values, errors)
    except store.TooLate:
        return await redirect(store.path_of(mine.id), "It was cancelled meanwhile, so there is nothing to change.")
    return await redirect(store.path_of(mine.id), "Saved.")


@pages.post("/registrations/<token>/cancel")
@allowed(anyone)
async def cancel(token: str) -> Response:
    """Gives everything back, or with `ticket` one ticket."""
    one = await store.get(store.id_in(token))
    ticket = (await request.form).get("ticket", "")
    if ticket:
        offered = await ticket_types.offered(await events.get(one.organiser_id, one.event_id))
        await amending.give_back(offered, one, [ticket], by=whom(), now=now())
        # Its fields in the form below are gone too, so the page is shown anew.
        return await redirect(store.path_of(one.id), "The ticket is given back.")
    await ending.cancel(one.id, by=whom(), now=now())
    region = live.my_registration(one.id, one.event_id)
    return await answer(region, otherwise=store.path_of(one.id), notice="Your places are given back.")


@pages.post("/registrations/<token>/accept")
@allowed(anyone)
async def accept(token: str) -> Response:
    """Takes an offer up; the form comes next."""
    entry_id = store.id_in(token)
    try:
        await waiting.accept(entry_id, by=whom(), now=now())
    except store.TooLate:
        return await redirect(store.path_of(entry_id), "The time for this offer is over; it went to the next in line.")
    return await redirect(store.path_of(entry_id))


@pages.post("/registrations/<token>/leave")
@allowed(anyone)
async def leave(token: str) -> Response:
    """Leaves the line, or passes an offer on."""
    entry = await waiting.leave(store.id_in(token), by=whom(), now=now())
    return await redirect(store.path_of(entry.id), "You are not in the line any more.")


@pages.post("/registrations/<token>/tell")
@allowed(anyone)
async def tell(token: str) -> Response:
    """Keeps whom to write to when it is their turn."""
    entry = await waiting.get(store.id_in(token))
    try:
        contact = await form(Contact)
    except FormErrors as wrong:
        return await shown(entry.id, wrong.values, wrong.fields)
    try:
        await waiting.tell(entry.id, contact, by=whom(), now=now())
    except (store.TooLate, NotFound):
        return await redirect(store.path_of(entry.id), "You are not in the line any more, so nothing was kept.")
    return await redirect(store.path_of(entry.id), "We will write to you when it is your turn.")


def whom() -> str:
    """Who acts with a link, as the ledger knows them."""
    return who().id if who().known else "visitor"


async def _wanted() -> Wanted:
    typed = await request.form
    counts = {name.removeprefix(COUNT): typed[name] for name in typed if name.startswith(COUNT)}
    tickets = {type_id: int(count) for type_id, count in counts.items() if count.isdecimal() and len(count) < 4}
    if not any(tickets.values()):
        raise Invalid({"": "Choose how many tickets you want."})
    values = {"tickets": tickets, "key": typed.get("key", ""), "code": typed.get("code", "")}
    try:
        return Wanted.model_validate(values | {"would_wait": typed.get("wait", "yes") != "no"})
    except ValueError:
        raise Invalid({"": "Please open the page again and choose your tickets once more."}) from None


async def _not_taken(event: Event, told: str) -> Response:
    return await answer(live.event_seats(event.organiser_id, event.id), otherwise=event.path, notice=told)


async def shown(
    registration_id: str,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    *,
    filled_in: Registration | None = None,
) -> Response:
    """The page of a registration or of a place in the line; with what was typed, and what is wrong with it.

    `filled_in` is the registration as the form has it, where its time is over.
    """
    entry = await waiting.find(registration_id)
    if entry and entry.state not in (Waiting.OFFERED, Waiting.ACCEPTED):
        return await _place(entry, values, errors)
    mine = filled_in or await store.get(registration_id)
    context = await _about(mine, await events.get(mine.organiser_id, mine.event_id), values, errors)
    is_offer = entry is not None and entry.state is Waiting.OFFERED
    is_late = mine.state is State.EXPIRED and filled_in is not None
    context["is_open"] = is_late or (mine.state is State.HELD and not is_offer)
    status = 422 if errors else 200
    if is_htmx() and values is not None:
        partial = "registrations/form.html" if context["is_open"] else "registrations/change.html"
        return await fragment(partial, status=status, **context)
    region = live.my_registration(mine.id, mine.event_id)
    return await page("registrations/show.html", region, status=status, **context)


async def _about(
    mine: Registration, event: Event, values: Mapping[str, Any] | None, errors: Mapping[str, str] | None
) -> dict[str, Any]:
    offered = await ticket_types.offered(event)
    asked, name = offered.form, who().name if who().known else ""
    known = filling.values_of(mine, asked, name=name) if values is None else values
    return {
        "mine": mine,
        "now": now(),
        "event": event,
        "path": store.path_of(mine.id),
        "form": filling.Form(known, errors or {}, filling.labels(asked, len(mine.live_tickets))),
        "questions": asked.asked(Per.REGISTRATION),
        "ticket_questions": asked.asked(Per.TICKET),
        "names": await ticket_types.names(event),
        "still_open": [] if errors else filling.still_open(mine, asked),
        "may_change": mine.state in (State.PENDING, State.CONFIRMED),
        "choices": amending.choices(offered, mine, now()) if mine.state is State.HELD else [],
        "more": amending.more(offered, mine, now()),
    }


async def _place(entry: Entry, values: Mapping[str, Any] | None, errors: Mapping[str, str] | None) -> Response:
    known = values or {"name": entry.name, "email": entry.email}
    context = {
        "entry": entry,
        "now": now(),
        "event": await events.get(entry.organiser_id, entry.event_id),
        "path": store.path_of(entry.id),
        "form": filling.Form(known, errors or {}, filling.CONTACT),
        "is_waiting": entry.state is Waiting.WAITING,
    }
    regions = live.my_place(entry.id, entry.event_id), live.my_movement(entry.id, entry.event_id)
    return await page("registrations/waiting.html", *regions, status=422 if errors else 200, **context)
