"""How places are given back: a registration ends, or some of its tickets do."""

from webapp.places.case import FREED, Case, places_of
from webapp.places.wishes import Document, Leave, Wish


def end(
    case: Case, registration: Document, wish: Wish, state: str, *, only: tuple[str, ...] = (), reason: str = ""
) -> bool:
    """Gives back the places of a registration, or of some tickets; whether there were any."""
    gone = [one for one in registration["tickets"] if not one["is_cancelled"] and (not only or one["id"] in only)]
    if not gone:
        return False
    freed = places_of(gone)
    case.change(wish.id)
    for ticket in gone:
        ticket["is_cancelled"] = True
    if registration["state"] == "confirmed":
        case.void += [ticket["id"] for ticket in gone]
    is_whole = all(ticket["is_cancelled"] for ticket in registration["tickets"])
    if is_whole:
        registration.pop("expires_at", None)
        registration.update(state=state, ended_at=wish.now, ended_by=wish.by, reason=reason)
        _end_offer(case, wish, state)
    case.record(wish, state if is_whole else "reduced", {pool_id: -count for pool_id, count in freed.items()})
    case.move(wish, FREED, pools=dict(freed))
    return True


def _end_offer(case: Case, wish: Wish, state: str) -> None:
    entry = case.entry(wish.id)
    if entry and entry["state"] == "offered":
        removed = "removed" if isinstance(wish, Leave) and wish.is_removal else "left"
        entry.update(state="expired" if state == "expired" else removed, ended_at=wish.now)
