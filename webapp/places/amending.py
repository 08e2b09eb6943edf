"""A registration that is there already gets more tickets, fewer, or others."""

from collections import Counter
from collections.abc import Sequence

from webapp.places.case import FREED, TAKING, Case, issue, places_of
from webapp.places.ending import end
from webapp.places.wishes import NOT_THERE, SOLD_OUT, TOO_LATE, TOO_MANY, Amend, Document, Outcome

MOST_EVER = 60
"""Tickets that a registration ever had, given back or not, so that its document stays small."""


def amend(case: Case, wish: Amend) -> Outcome:
    """Decides all of it together, so that one ticket can be exchanged for another when it is full."""
    registration = case.registration(wish.id)
    if registration is None:
        return case.outcome(wish.id, NOT_THERE)
    is_over = registration["state"] == "held" and registration["expires_at"] <= wish.now
    if registration["state"] not in TAKING or is_over:
        return case.outcome(wish.id, TOO_LATE)
    known = {ticket["id"] for ticket in registration["tickets"]}
    more = [dict(ticket) for ticket in wish.add if ticket["id"] not in known]
    fewer = [one for one in registration["tickets"] if one["id"] in wish.give_back and not one["is_cancelled"]]
    if fewer and not more and end(case, registration, wish, "cancelled", only=wish.give_back):
        case.letters += wish.letters
    refused = _exchange(case, registration, more, fewer, wish) if more else None
    if refused is None and registration["state"] == "held" and wish.needs_approval is not None:
        registration["needs_approval"] = wish.needs_approval
    return refused or case.outcome(wish.id)


def _exchange(
    case: Case, registration: Document, more: list[Document], fewer: Sequence[Document], wish: Amend
) -> Outcome | None:
    """Takes the new ones as the old ones go; answers why not."""
    kept = [one for one in registration["tickets"] if not one["is_cancelled"] and one not in fewer]
    if _are_too_many([*kept, *more], wish) or len(registration["tickets"]) + len(more) > MOST_EVER:
        return case.outcome(wish.id, TOO_MANY)
    waiting = max(case.standing.waiting_for(type_id) for type_id in _wanted_more(more, fewer))
    places, freed = places_of(more), places_of(fewer)
    taken = {pool_id: places[pool_id] - freed[pool_id] for pool_id in {*places, *freed}}
    is_full = not case.standing.room_for({key: count for key, count in taken.items() if count > 0})
    if is_full or (waiting and not wish.passes_the_line):
        return Outcome(case.registration(wish.id), case.entry(wish.id), SOLD_OUT, waiting)
    case.change(wish.id)
    for ticket in fewer:
        ticket["is_cancelled"] = True
    registration["tickets"] += more
    if registration["state"] == "confirmed":
        case.void += [ticket["id"] for ticket in fewer]
        issue(case, registration, only=more)
    case.record(wish, "exchanged" if fewer else "enlarged", taken)
    if any(count < 0 for count in taken.values()):
        case.move(wish, FREED, pools={key: -count for key, count in taken.items() if count < 0})
    case.letters += wish.letters
    return None


def _are_too_many(tickets: Sequence[Document], wish: Amend) -> bool:
    counts = Counter(ticket["ticket_type_id"] for ticket in tickets)
    return any(counts[kind] > most for kind, most in wish.most.items() if kind) or len(tickets) > wish.most.get("", 0)


def _wanted_more(more: Sequence[Document], fewer: Sequence[Document]) -> list[str]:
    """The ticket types of which there will be more than before; none where one is only exchanged for its like."""
    counts = Counter(one["ticket_type_id"] for one in more)
    counts.subtract(one["ticket_type_id"] for one in fewer)
    return [type_id for type_id, count in counts.items() if count > 0] or [more[0]["ticket_type_id"]]
