"""The lines: who joins them, whose turn it is, who leaves."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from webapp.places.case import LEFT, OFFERED, PAUSED, REMOVED, RESUMED, Case
from webapp.places.ending import end
from webapp.places.standing import Line
from webapp.places.wishes import (
    NOT_THERE,
    SOLD_OUT,
    TOO_LATE,
    Accept,
    Document,
    Leave,
    Offer,
    Outcome,
    Pause,
    Take,
    Wish,
)

OF_TICKET = ("ticket_type_id", "pools")


def serve(case: Case, waiting: Iterable[Document], *, now: datetime) -> None:
    """Offers what is left to those who wait, in their order; whom there is no room for keeps the place in the line."""
    for entry in sorted(waiting, key=lambda one: int(one["number"])):
        is_paused = any(line.is_paused for line, _ in case.lines_of(entry))
        if entry["state"] == "waiting" and not is_paused and case.standing.room_for(_wanted(entry)):
            _offer(case, entry, Offer(id=entry["_id"], by="the line", now=now))


def join(case: Case, wish: Take, entry: Document) -> Outcome:
    """Somebody waits from now on, for all of what they want at once."""
    entry = case.add("entries", {**entry, "state": "waiting"})
    for line, part in case.lines_of(entry):
        line.pools = part["pools"]
        line.entries += 1
        line.places += part["quantity"]
    entry["number"] = case.record(wish, "waiting")
    return case.outcome(wish.id)


def offer_now(case: Case, wish: Offer) -> Outcome:
    """Somebody is let in before it is their turn."""
    entry = case.entry(wish.id)
    if entry is None or entry["state"] != "waiting":
        return case.outcome(wish.id, "" if entry and entry["state"] == "offered" else NOT_THERE)
    if not case.standing.room_for(_wanted(entry)):
        return case.outcome(wish.id, SOLD_OUT)
    _offer(case, entry, wish)
    return case.outcome(wish.id)


def _offer(case: Case, entry: Document, wish: Wish) -> None:
    _step_out(case, entry)
    case.change(wish.id)
    entry["state"], entry["offered_at"] = "offered", wish.now
    expires_at = wish.now + timedelta(seconds=entry["offer_seconds"])
    registration = case.add("registrations", _offered(entry, expires_at=expires_at, now=wish.now))
    registration["number"] = case.record(wish, "offered", _wanted(entry))
    case.offers.append(registration)
    _tell(case, wish, entry, OFFERED)


def accept(case: Case, wish: Accept) -> Outcome:
    """An offer becomes a hold."""
    entry, registration = case.entry(wish.id), case.registration(wish.id)
    if entry is None or registration is None:
        return case.outcome(wish.id, NOT_THERE)
    if entry["state"] != "offered":
        return case.outcome(wish.id, "" if entry["state"] == "accepted" else TOO_LATE)
    if registration["expires_at"] <= wish.now:
        return case.outcome(wish.id, TOO_LATE)
    case.change(wish.id)
    entry["state"] = "accepted"
    registration["expires_at"] = max(registration["expires_at"], wish.expires_at)
    case.record(wish, "accepted")
    return case.outcome(wish.id)


def leave(case: Case, wish: Leave) -> Outcome:
    """Somebody waits no longer, or passes an offer on."""
    entry, registration = case.entry(wish.id), case.registration(wish.id)
    if entry is None:
        return case.outcome(wish.id, NOT_THERE)
    if entry["state"] == "waiting":
        state = REMOVED if wish.is_removal else LEFT
        _step_out(case, entry)
        case.change(wish.id)
        entry.update(state=state, ended_at=wish.now)
        case.record(wish, state)
        _tell(case, wish, entry, state)
    elif entry["state"] == "offered" and registration:
        end(case, registration, wish, "cancelled")
    return case.outcome(wish.id)


def pause(case: Case, wish: Pause) -> Outcome:
    """A line stands still, or moves on."""
    line = case.standing.lines.setdefault(wish.id, Line())
    if line.is_paused != wish.is_paused:
        line.is_paused = wish.is_paused
        what = PAUSED if wish.is_paused else RESUMED
        case.record(wish, what)
        case.move(wish, what, types=[wish.id])
    return Outcome()


def _step_out(case: Case, entry: Document) -> None:
    for line, part in case.lines_of(entry):
        line.entries -= 1
        line.places -= part["quantity"]


def _tell(case: Case, wish: Wish, entry: Document, what: str) -> None:
    types = [part["ticket_type_id"] for part in entry["parts"]]
    case.move(wish, what, types=types, place=entry["number"], quantity=entry["quantity"])


def _wanted(entry: Document) -> Counter[str]:
    return Counter(entry["needs"])


def _offered(entry: Document, *, expires_at: datetime, now: datetime) -> Document:
    """The hold that an offer is."""
    wanted = [part for part in entry["parts"] for _ in range(part["quantity"])]
    shared = ("_id", "organiser_id", "event_id", "person_id", "name", "email", "needs_approval")
    return {
        **{name: entry[name] for name in shared},
        "tickets": [
            {"id": f"{entry['_id']}-{n}", **{name: part[name] for name in OF_TICKET}, "is_cancelled": False}
            for n, part in enumerate(wanted, 1)
        ],
        "state": "held",
        "created_at": now,
        "expires_at": expires_at,
    }
