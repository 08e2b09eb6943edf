"""The live regions of registrations: what is left, my registration, my place in the line; and what their team sees."""

from typing import Any

from realtime import anyone, region
from realtime.region import Watches
from webapp import when
from webapp.access import editor
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.events.event import Phase, State
from webapp.mail import store as mails
from webapp.places import audit
from webapp.registrations import delivery, listing, movement, posting, store, waiting
from webapp.registrations.registration import Waiting, counted
from webapp.registrations.seats import seats
from webapp.ticket_types import store as ticket_types

Context = dict[str, Any]
EVENT = ("_id", "event_id")
OFFER: Watches = {"books": EVENT, "events": EVENT, "forms": EVENT, "ticket_types": "event_id"}


@region("registrations/seats.html", watches=OFFER, visible_to=anyone)
async def event_seats(organiser_id: str, event_id: str) -> Context | None:
    """What can be had of an event, and how many wait for it."""
    there = await ticket_types.on_offer(organiser_id, event_id)
    if there is None:
        return None
    event, form = there.offered.event, there.offered.form
    shown = seats(there.offered.types, there.pools, there.lines, event.zone)
    is_open = form.is_open and event.state is State.PUBLISHED and event.phase is not Phase.OVER
    hidden = [one for one in shown if one.kind.is_hidden]
    return {"event": event, "is_open": is_open, "seats": [one for one in shown if one not in hidden], "hidden": hidden}


@region(
    "registrations/mine.html",
    watches={"registrations": "_id", "entries": "_id", "events": ("_id", "event_id")},
    visible_to=anyone,
)
async def my_registration(registration_id: str, event_id: str) -> Context | None:
    """A registration for whoever has its link: what it is just now, and its tickets."""
    try:
        mine = await store.get(registration_id)
    except NotFound:
        return None
    event = await events.if_there(mine.organiser_id, mine.event_id)
    if event is None or event.id != event_id:
        return None
    names = await ticket_types.names(event)
    issued = await store.tickets_of(mine.id)
    entry = await waiting.find(mine.id)
    is_offer = entry is not None and entry.state is Waiting.OFFERED
    return {
        "mine": mine,
        "until": when.wall(mine.expires_at, event.zone) if mine.expires_at else None,
        "event": event,
        "names": names,
        "counts": counted(mine),
        "when": posting.when_of(event),
        "issued": issued,
        "is_offer": is_offer,
        "is_by_others": mine.state == "cancelled" and not mine.is_own(mine.ended_by),
        "path": store.path_of(mine.id),
    }


@region(
    "registrations/place.html",
    watches={"entries": "_id", "lines": EVENT, "registrations": "_id"},
    visible_to=anyone,
)
async def my_place(entry_id: str, event_id: str) -> Context | None:
    """A place in the line for whoever has its link: how many are before it."""
    entry = await waiting.find(entry_id)
    event = await events.if_there(entry.organiser_id, entry.event_id) if entry else None
    if entry is None or event is None or event.id != event_id:
        return None
    lines = await waiting.lines(event.id)
    expires_at = (await store.get(entry.id)).expires_at if entry.state is Waiting.OFFERED else None
    return {
        "entry": entry,
        "expires_at": expires_at,
        "until": when.wall(expires_at, event.zone) if expires_at else None,
        "event": event,
        "names": await ticket_types.names(event),
        "ahead": await waiting.ahead_of(entry),
        "is_paused": any(lines[key].is_paused for key in entry.ticket_type_ids if key in lines),
        "path": store.path_of(entry.id),
    }


@region("registrations/movement.html", watches={"entries": "_id", "lines": EVENT}, visible_to=anyone)
async def my_movement(entry_id: str, event_id: str) -> Context | None:
    """What moved ahead of a place in the line, for whoever has its link."""
    entry = await waiting.find(entry_id)
    event = await events.if_there(entry.organiser_id, entry.event_id) if entry else None
    if entry is None or event is None or event.id != event_id:
        return None
    waits = entry.state is Waiting.WAITING
    moves = await waiting.moves(event_id) if waits else []
    return {"minutes": movement.seen_by(entry, moves, await waiting.ahead_of(entry), event.zone), "waits": waits}


@region("registrations/movement.html", watches={"lines": EVENT}, visible_to=editor)
async def line_movement(organiser_id: str, event_id: str) -> Context | None:
    """What moved in the lines of an event, for its team."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    return {"minutes": movement.of_lines(await waiting.moves(event_id), event.zone), "waits": True}


@region("registrations/totals.html", watches={"books": EVENT, "audits": EVENT, "pools": "event_id"}, visible_to=editor)
async def registration_totals(organiser_id: str, event_id: str) -> Context | None:
    """How many registered, how many places are taken, who waits, and what the last audit found."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    return {
        "event": event,
        "totals": await listing.totals(event),
        "pools": await ticket_types.pools_of(event),
        "waiting": await waiting.count(event_id),
        "audit": await audit.last(event_id),
    }


@region("registrations/list.html", watches={"books": EVENT}, visible_to=editor)
async def registration_list(organiser_id: str, event_id: str, query: str) -> Context | None:
    """The registrations of an event, the latest first, as its organiser looks for them."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    asked = listing.Filter.parse(query)
    page = await listing.page(event, asked)
    more = asked.model_copy(update={"below": page.more}).query if page.more else None
    names = await ticket_types.names(event)
    rows = [(one, counted(one), when.wall(one.created_at, event.zone)) for one in page.found]
    return {"event": event, "asked": asked, "rows": rows, "names": names, "more": more}


@region("registrations/line.html", watches={"books": EVENT, "lines": EVENT}, visible_to=editor)
async def registration_line(organiser_id: str, event_id: str) -> Context | None:
    """Who waits for an event or has an offer, in order, and the lines that can be paused."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    lines = await waiting.lines(event_id)
    return {
        "event": event,
        "line": await waiting.line(event_id, organiser_id),
        "lines": {key: line for key, line in lines.items() if line.entries or line.is_paused},
        "names": await ticket_types.names(event),
    }


@region("registrations/mails.html", watches={"mails": ("registration_id", "registration_id")}, visible_to=editor)
async def registration_mails(organiser_id: str, event_id: str, registration_id: str) -> Context | None:
    """The latest mails about a registration, for its organiser: whether they were delivered."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    try:
        mine = await store.of_event(event, registration_id)
    except NotFound:
        return None
    return {"mine": mine, "rows": delivery.lines(await mails.of_registration(mine.id), event.zone)}
