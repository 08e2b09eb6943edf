"""Whoever fills a form in for longer than their places were kept: the same places once more, if they are still free."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp.errors import NotFound
from webapp.places import counter
from webapp.places.wishes import Expire
from webapp.registrations import confirming, taking
from webapp.registrations.registration import Attendee, Contact, Entry, Registration, State, Ticket, Wanted
from webapp.registrations.store import SoldOut
from webapp.ticket_types.store import GONE, Offered

LATE = "The time for these places was over. They were still free, so they are yours."


def as_filled_in(late: Registration, type_ids: Sequence[str]) -> Registration:
    """A registration with the tickets that its form shows; of one whose time is over the form says which they were."""
    if late.state is not State.EXPIRED:
        return late
    tickets = [Ticket(id=str(n), ticket_type_id=type_id, pools=[]) for n, type_id in enumerate(type_ids, 1)]
    return late.model_copy(update={"tickets": tickets})


async def confirm(
    offered: Offered,
    late: Registration,
    filled_in: Registration,
    contact: Contact,
    *,
    answers: Mapping[str, Any],
    attendees: Mapping[str, Attendee],
    by: str,
    now: datetime,
) -> Registration:
    """Takes the places of `filled_in` once more, as others may take them now, and confirms them.

    Sent twice, it is one registration. Raises SoldOut where they are gone or others wait for them, and like `take`.
    """
    who = [(one.ticket_type_id, attendees.get(one.id, Attendee())) for one in filled_in.live_tickets]
    code = _code(offered, late, [type_id for type_id, _ in who])
    # Until the clock has noticed, these very places still count as taken.
    await counter.ask(late.event_id, Expire(id=late.id, by="time", now=now))
    again = await _again(offered, late, dict(Counter(type_id for type_id, _ in who)), code, by=by, now=now)
    named = _named(again, who)
    return await confirming.confirm(again.id, contact, answers=answers, attendees=named, by=by, now=now)


async def _again(
    offered: Offered, late: Registration, counts: Mapping[str, int], code: str, *, by: str, now: datetime
) -> Registration:
    """The hold that follows a late one, or the one that follows that, if it is too late for that one, too."""
    wanted = Wanted(tickets=dict(counts), key=f"later than {late.id}", code=code, would_wait=False)
    got = await taking.take(offered, wanted, by=by, now=now, person_id=late.person_id)
    if isinstance(got, Entry):
        raise SoldOut(0)
    is_late = got.state is State.EXPIRED
    return await _again(offered, got, counts, code, by=by, now=now) if is_late else got


def _code(offered: Offered, late: Registration, type_ids: Sequence[str]) -> str:
    """The access code that was typed for these places, if they took one. Raises NotFound for others than those."""
    had = {one.ticket_type_id for one in late.tickets}
    if not set(type_ids) <= had:
        raise NotFound(GONE)
    return next((kind.code for kind in map(offered.type, type_ids) if kind.code), "")


def _named(mine: Registration, who: Sequence[tuple[str, Attendee]]) -> dict[str, Attendee]:
    """Who comes, by the ids of the new tickets."""
    left = list(who)
    named = {}
    for ticket in mine.live_tickets:
        found = next((one for one in left if one[0] == ticket.ticket_type_id), None)
        if found:
            left.remove(found)
            named[ticket.id] = found[1]
    return named
