"""More tickets for a registration that is there, fewer, or others: what may be chosen, and how it is asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.errors import Conflict, Invalid, NotAllowed
from webapp.places import counter
from webapp.places.wishes import SOLD_OUT, TOO_MANY, Amend, Document
from webapp.registrations import ending, posting, store, taking
from webapp.registrations.registration import Attendee, Registration, State, counted, id_of
from webapp.ticket_types import question
from webapp.ticket_types.question import Per
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import MOST_TICKETS, TicketType

Documents = tuple[Document, ...]

TOO_MANY_AT_ONCE = f"One registration can have {MOST_TICKETS} tickets."


@dataclass(frozen=True)
class Choice:
    """A ticket type with how many one has, and how many one could have or get."""

    kind: TicketType
    have: int
    options: list[int]


def choices(offered: Offered, held: Registration, now: datetime) -> list[Choice]:
    """How many of which ticket type a hold could be for."""
    have = counted(held)
    return [
        Choice(kind, have[kind.id], sorted({0, have[kind.id], *range(kind.least, kind.most + 1)}))
        for kind in offered.types
        if have[kind.id] or (kind.is_open(now) and not kind.is_hidden)
    ]


def more(offered: Offered, mine: Registration, now: datetime) -> list[Choice]:
    """How many more of which ticket type a registration could get."""
    if not taking.is_open(offered, now):
        return []
    have, free = counted(mine), MOST_TICKETS - len(mine.live_tickets)
    found = [
        Choice(kind, have[kind.id], [n for n in range(1, free + 1) if kind.least <= have[kind.id] + n <= kind.most])
        for kind in offered.types
        if kind.is_open(now) and _is_for(kind, mine, have)
    ]
    return [one for one in found if one.options]


async def recount(
    offered: Offered, held: Registration, counts: Mapping[str, int], *, by: str, now: datetime
) -> Registration:
    """Makes a hold one for so many of each ticket type. Raises SoldOut, Invalid, NotAllowed, TooLate."""
    wanted, have = {key: count for key, count in counts.items() if count}, counted(held)
    if not wanted:
        raise Invalid({"": "Choose at least one ticket, or give them all back."})
    _check(offered, {key: count for key, count in wanted.items() if count > have[key]}, have, now)
    for type_id, count in wanted.items():
        if count < have[type_id]:
            _check_least(offered, type_id, count)
    fewer = [one for type_id in have for one in _last(held, type_id, have[type_id] - wanted.get(type_id, 0))]
    added = [(offered.type(type_id), count - have[type_id]) for type_id, count in wanted.items()]
    needs_approval = any(kind.needs_approval for kind in offered.types if kind.id in wanted)
    asked = {"most": _most(offered), "needs_approval": needs_approval, "give_back": tuple(fewer)}
    # Of one step there is one next: a form that is sent twice changes the hold once.
    return await _amend(held, _tickets(held, added, str(held.step)), by=by, now=now, **asked)


async def add(
    offered: Offered,
    mine: Registration,
    counts: Mapping[str, int],
    attendees: Sequence[Attendee] = (),
    *,
    key: str,
    by: str,
    now: datetime,
) -> Registration:
    """More tickets for whoever has some. The same key asks once. Raises SoldOut, Invalid, NotAllowed, TooLate."""
    have = counted(mine)
    _check(offered, {type_id: have[type_id] + count for type_id, count in counts.items()}, have, now)
    picked = [(offered.type(type_id), count) for type_id, count in counts.items()]
    if mine.state is State.CONFIRMED and any(kind.needs_approval and not have[kind.id] for kind, _ in picked):
        raise NotAllowed("The organiser decides about these tickets; ask for them on the page of the event.")
    tickets = _tickets(mine, picked, key, attendees)
    posted = posting.told_of_change(offered.event, mine, len(mine.live_tickets) + len(tickets), now)
    if mine.state is State.CONFIRMED:
        posted += posting.handed_on(offered.event, tickets, mine.name, mine.email, now)
    return await _amend(mine, tickets, by=by, now=now, most=_most(offered), letters=posted)


async def add_for(
    offered: Offered,
    mine: Registration,
    counts: Mapping[str, int],
    attendees: Sequence[Attendee] = (),
    *,
    key: str,
    by: str,
    now: datetime,
    records: Documents = (),
) -> Registration:
    """The same by the team: of any type, however many of it, before others who wait, but never beyond what there is.

    What has to be answered about the new tickets, and is not, whoever registered is asked by mail.
    """
    tickets = _tickets(mine, [(offered.type(type_id), count) for type_id, count in counts.items()], key, attendees)
    count, is_asked = len(mine.live_tickets) + len(tickets), _is_asked(offered, tickets)
    posted = posting.told_of_change(offered.event, mine, count, now, is_asked=is_asked)
    if mine.state is State.CONFIRMED:
        posted += posting.handed_on(offered.event, tickets, mine.name, mine.email, now)
    how = {"most": {"": MOST_TICKETS}, "passes_the_line": True, "letters": posted, "records": records}
    return await _amend(mine, tickets, by=by, now=now, **how)


async def give_back(
    offered: Offered, mine: Registration, tickets: Sequence[str], *, by: str, now: datetime
) -> Registration:
    """Gives some tickets back, as long as the rest is enough for its type. Raises Conflict and NotFound."""
    left = Counter(one.ticket_type_id for one in mine.live_tickets if one.id not in tickets)
    for type_id in {one.ticket_type_id for one in mine.live_tickets if one.id in tickets}:
        if left[type_id]:
            _check_least(offered, type_id, left[type_id])
    return await ending.cancel(mine.id, tickets=tuple(tickets), by=by, now=now)


async def _amend(mine: Registration, tickets: Documents, *, by: str, now: datetime, **how: Any) -> Registration:
    outcome = await counter.ask(mine.event_id, Amend(id=mine.id, by=by, now=now, add=tickets, **how))
    if outcome.refused == SOLD_OUT:
        raise store.SoldOut(outcome.waiting)
    if outcome.refused == TOO_MANY:
        raise Conflict("These would be too many tickets for one registration. Make another one for the rest.")
    return store.registration_of(outcome)


def _check(offered: Offered, counts: Mapping[str, int], have: Mapping[str, int], now: datetime) -> None:
    if counts:
        taking.check_open(offered, now)
    for type_id, count in counts.items():
        kind = offered.type(type_id)
        # Who has one of a hidden type has typed its code before.
        taking.check_pick(kind, count, kind.code if have.get(type_id) else "", offered.event, now)


def _check_least(offered: Offered, type_id: str, count: int) -> None:
    kind = next((one for one in offered.types if one.id == type_id), None)
    if kind and count < kind.least:
        raise Conflict(f"“{kind.name}” is for {kind.least} or more. Give all of them back, or none.")


def _most(offered: Offered) -> dict[str, int]:
    return {"": MOST_TICKETS, **{kind.id: kind.most for kind in offered.types}}


def _is_for(kind: TicketType, mine: Registration, have: Mapping[str, int]) -> bool:
    return bool(have[kind.id]) or not (kind.is_hidden or (kind.needs_approval and mine.state is State.CONFIRMED))


def _last(held: Registration, type_id: str, count: int) -> list[str]:
    of_type = [ticket.id for ticket in held.live_tickets if ticket.ticket_type_id == type_id]
    return of_type[len(of_type) - count :] if count > 0 else []


def _tickets(
    mine: Registration, picked: Sequence[tuple[TicketType, int]], key: str, attendees: Sequence[Attendee] = ()
) -> Documents:
    """The documents of further tickets; their ids follow from the key, and stand after those of the first ones."""
    kinds = [kind for kind, count in picked for _ in range(count)]
    if len(kinds) > MOST_TICKETS:
        raise Invalid({"": TOO_MANY_AT_ONCE})
    who = [*attendees, *[Attendee()] * len(kinds)][: len(kinds)]
    run = f"{mine.id}-x{id_of(mine.id, key)[:8]}"
    return tuple(
        {
            "id": f"{run}{n:02}",
            "ticket_type_id": kind.id,
            "pools": kind.pools,
            "is_cancelled": False,
            **one.model_dump(),
        }
        for n, (kind, one) in enumerate(zip(kinds, who, strict=True), 1)
    )


def _is_asked(offered: Offered, tickets: Documents) -> bool:
    asked = offered.form.asked(Per.TICKET)
    return any(question.missing(asked, ticket["answers"]) for ticket in tickets)
