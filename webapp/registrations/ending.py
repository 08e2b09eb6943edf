"""How registrations end: given back or cancelled, in whole or in part, or because their time is over."""

import asyncio
from datetime import datetime

from webapp.database import db
from webapp.events import store as events
from webapp.events.event import Event
from webapp.places import counter
from webapp.places.case import holder_of
from webapp.places.wishes import Document, Expire, GiveBack
from webapp.registrations import letters, posting
from webapp.registrations.registration import Registration, State
from webapp.registrations.store import get, registration_of

EXPIRED_AT_ONCE = 400

Documents = tuple[Document, ...]


async def cancel(
    registration_id: str,
    *,
    by: str,
    now: datetime,
    tickets: tuple[str, ...] = (),
    reason: str = "",
    records: Documents = (),
) -> Registration:
    """Gives back all places of a registration, or those of some tickets. Raises NotFound."""
    before = await get(registration_id)
    posted: Documents = ()
    if before.email and not before.is_over:
        event = await events.get(before.organiser_id, before.event_id)
        left = sum(one.id not in tickets for one in before.live_tickets) if tickets else 0
        whole = _refused if before.state is State.PENDING and not before.is_own(by) else _cancelled
        posted = posting.told_of_change(event, before, left, now) if left else whole(event, before, reason, now)
        posted += _lost(event, before, tickets, now)
    wish = GiveBack(id=before.id, by=by, now=now, tickets=tickets, reason=reason, letters=posted, records=records)
    return registration_of(await counter.ask(before.event_id, wish))


async def expire(now: datetime) -> int:
    """Ends the holds and offers whose time is over; says how many. Safe to run on every worker."""
    query = {"expires_at": {"$lte": now}}
    due = await db().registrations.find(query, {"event_id": 1}).sort("expires_at", 1).to_list(EXPIRED_AT_ONCE)
    wishes = [counter.ask(one["event_id"], Expire(id=one["_id"], by="time", now=now)) for one in due]
    outcomes = await asyncio.gather(*wishes)
    return sum(not outcome.refused for outcome in outcomes)


def _cancelled(event: Event, before: Registration, reason: str, now: datetime) -> Documents:
    letter = letters.cancelled(event.title, reason)
    return (posting.about(before.id, "cancellation", letter, event, to=before.email, now=now),)


def _refused(event: Event, before: Registration, reason: str, now: datetime) -> Documents:
    letter = letters.refused(event.title, reason)
    return (posting.about(before.id, "refusal", letter, event, to=before.email, now=now),)


def _lost(event: Event, before: Registration, tickets: tuple[str, ...], now: datetime) -> Documents:
    """The letters to those who hold tickets that are given back, and are not who registered."""
    if before.state is not State.CONFIRMED:
        return ()
    gone = [one for one in before.live_tickets if not tickets or one.id in tickets]
    held = [one.email for one in gone if holder_of({"email": one.email}, before.email)]
    letter = letters.ticket_cancelled(event.title)
    return tuple(posting.about(before.id, "taken back", letter, event, to=to, now=now) for to in held)
