"""Who gets a place: every wish in its order, without a database. Nothing else decides about places."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from webapp.places.amending import amend
from webapp.places.case import FREED, TAKING, Case, attendee, holder_of, issue, new_secret, places_of
from webapp.places.ending import end
from webapp.places.lining import accept, join, leave, offer_now, pause
from webapp.places.standing import Room
from webapp.places.wishes import (
    CHANGED,
    NOT_THERE,
    SOLD_OUT,
    TOO_LATE,
    TOO_SMALL,
    Accept,
    AddPool,
    Amend,
    Approve,
    Change,
    Confirm,
    Document,
    Expire,
    GiveBack,
    Leave,
    Offer,
    Outcome,
    Pause,
    Resize,
    Take,
    Wish,
)


def decide(case: Case, wish: Wish) -> Outcome:
    """Grants a wish or says why not."""
    return _DECISIONS[type(wish)](case, wish)


def _take(case: Case, wish: Take) -> Outcome:
    there = case.outcome(wish.id)
    if there.registration or there.entry:
        return there
    tickets = wish.registration["tickets"]
    places = places_of(tickets)
    nobody_waits = not any(case.standing.waiting_for(ticket["ticket_type_id"]) for ticket in tickets)
    if wish.even_beyond or (nobody_waits and case.standing.room_for(places)):
        return _register(case, wish, places)
    if wish.entry is not None:
        return join(case, wish, wish.entry)
    return Outcome(refused=SOLD_OUT, waiting=max(case.standing.waiting_for(one["ticket_type_id"]) for one in tickets))


def _register(case: Case, wish: Take, places: Counter[str]) -> Outcome:
    tickets = [dict(ticket) for ticket in wish.registration["tickets"]]
    registration = case.add("registrations", {**wish.registration, "tickets": tickets})
    is_beyond = not case.standing.room_for(places)
    registration["number"] = case.record(wish, registration["state"], places, beyond=is_beyond)
    case.letters += wish.letters
    if registration["state"] == "confirmed":
        registration["confirmed_at"] = wish.now
        issue(case, registration)
    return case.outcome(wish.id)


def _confirm(case: Case, wish: Confirm) -> Outcome:
    registration = case.registration(wish.id)
    if registration is None or registration["state"] in {"cancelled", "expired"}:
        return case.outcome(wish.id, TOO_LATE if registration else NOT_THERE)
    if registration["state"] != "held":
        return case.outcome(wish.id)
    if registration["expires_at"] <= wish.now:
        return case.outcome(wish.id, TOO_LATE)
    case.change(wish.id)
    registration.update(wish.details)
    for ticket in registration["tickets"]:
        ticket.update(wish.tickets.get(ticket["id"], {}))
    state = "pending" if registration["needs_approval"] else "confirmed"
    _settle(case, registration, state, wish)
    case.letters += wish.letters
    return case.outcome(wish.id)


def _change(case: Case, wish: Change) -> Outcome:
    registration, entry = case.registration(wish.id), case.entry(wish.id)
    if registration is None and (entry is None or entry["state"] != "waiting"):
        return case.outcome(wish.id, NOT_THERE)
    if registration and registration["state"] not in TAKING:
        return case.outcome(wish.id, TOO_LATE)
    if registration and wish.step not in (None, registration["step"]):
        return case.outcome(wish.id, "" if _is_as_wished(registration, wish) else CHANGED)
    case.change(wish.id)
    if entry:
        entry.update({name: wish.details[name] for name in ("name", "email")})
    if registration:
        before = registration["email"]
        registration.update(wish.details)
        _rename(case, registration, wish.tickets, before)
    case.record(wish, "changed")
    case.letters += wish.letters
    return case.outcome(wish.id)


def _is_as_wished(registration: Document, wish: Change) -> bool:
    tickets = {ticket["id"]: ticket for ticket in registration["tickets"]}
    pairs = [(registration, wish.details), *((tickets.get(key, {}), named) for key, named in wish.tickets.items())]
    return all(there.get(name) == value for there, wished in pairs for name, value in wished.items())


def _rename(case: Case, registration: Document, named: Mapping[str, Document], before: str) -> None:
    """Another name is a correction and leaves the code; another address is another holder, who gets a new one."""
    for ticket in registration["tickets"]:
        holder = holder_of(ticket, before)
        ticket.update(named.get(ticket["id"], {}))
        if registration["state"] == "confirmed" and not ticket["is_cancelled"]:
            is_passed_on = holder_of(ticket, registration["email"]) != holder
            new = {"secret": new_secret()} if is_passed_on else {}
            case.renamed[ticket["id"]] = {**attendee(ticket, registration), **new}


def _approve(case: Case, wish: Approve) -> Outcome:
    registration = case.registration(wish.id)
    if registration is None or registration["state"] in {"cancelled", "expired", "held"}:
        return case.outcome(wish.id, TOO_LATE if registration else NOT_THERE)
    if registration["state"] == "pending":
        case.change(wish.id)
        _settle(case, registration, "confirmed", wish)
        case.letters += wish.letters
    return case.outcome(wish.id)


def _settle(case: Case, registration: Document, state: str, wish: Wish) -> None:
    registration.pop("expires_at", None)
    registration["state"] = state
    case.record(wish, state)
    entry = case.entry(wish.id)
    if entry and entry["state"] == "offered":
        entry["state"] = "accepted"
    if state == "confirmed":
        registration["confirmed_at"] = wish.now
        issue(case, registration)


def _give_back(case: Case, wish: GiveBack) -> Outcome:
    registration = case.registration(wish.id)
    if registration is None:
        return case.outcome(wish.id, NOT_THERE)
    is_there = registration["state"] in TAKING
    if is_there and end(case, registration, wish, "cancelled", only=wish.tickets, reason=wish.reason):
        case.letters += wish.letters
    return case.outcome(wish.id)


def _expire(case: Case, wish: Expire) -> Outcome:
    registration = case.registration(wish.id)
    if registration is None or registration["state"] != "held" or registration["expires_at"] > wish.now:
        return case.outcome(wish.id, TOO_LATE)
    end(case, registration, wish, "expired")
    return case.outcome(wish.id)


def _resize(case: Case, wish: Resize) -> Outcome:
    room = case.standing.pools.get(wish.id)
    if room is None:
        return Outcome(refused=NOT_THERE)
    if wish.seen and room.capacity not in (*wish.seen, wish.capacity):
        return Outcome(refused=CHANGED)
    if wish.capacity is not None and wish.capacity < room.taken and not wish.even_beyond:
        return Outcome(refused=TOO_SMALL)
    if room.capacity != wish.capacity:
        before, room.capacity = room.capacity, wish.capacity
        is_beyond = room.left is not None and room.left < 0
        case.record(wish, "resized", capacity=wish.capacity, before=before, beyond=is_beyond)
        if before is not None and wish.capacity is not None and wish.capacity > before:
            case.move(wish, FREED, pools={wish.id: wish.capacity - before})
    return Outcome()


def _add_pool(case: Case, wish: AddPool) -> Outcome:
    if wish.id not in case.standing.pools:
        case.standing.pools[wish.id] = Room(wish.pool["capacity"], 0)
        case.pools.append(wish.pool)
        case.record(wish, "opened", capacity=wish.pool["capacity"])
    return Outcome()


_DECISIONS: dict[type[Wish], Callable[[Case, Any], Outcome]] = {
    Take: _take,
    Confirm: _confirm,
    Approve: _approve,
    Change: _change,
    Amend: amend,
    GiveBack: _give_back,
    Expire: _expire,
    Offer: offer_now,
    Accept: accept,
    Leave: leave,
    Resize: _resize,
    Pause: pause,
    AddPool: _add_pool,
}
