"""Who else has to know what becomes of an event: other features say so here, before anything is served."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from webapp.database import Session
from webapp.events.event import Event, Phase, State, is_moved

Check = Callable[[Event, Event], Awaitable[None]]
Follow = Callable[[Event, str, datetime], Awaitable[None]]
Tell = Callable[[Event, datetime, Session], Awaitable[None]]
TellMoved = Callable[[Event, Event, datetime, Session], Awaitable[None]]
_checks: list[Check] = []
_followers: list[Follow] = []
_of_cancelling: list[Tell] = []
_of_moves: list[TellMoved] = []
_of_ends: list[Tell] = []
_of_returns: list[Tell] = []


def when_edited(check: Check, follow: Follow) -> None:
    """Has `check(before, after)` asked before any edit, and `follow(after, by, now)` done after it."""
    _checks.append(check)
    _followers.append(follow)


def when_called_off(tell: Tell) -> None:
    """Has `tell(event, now, session)` done in every transaction that cancels an event."""
    _of_cancelling.append(tell)


def when_moved(tell: TellMoved) -> None:
    """Has `tell(before, after, now, session)` done in every transaction that gives a published event another time or
    place, unless its editor asks for silence.
    """
    _of_moves.append(tell)


def when_taken_away(tell: Tell, otherwise: Tell) -> None:
    """Has `tell(event, now, session)` done in every transaction that deletes a published event or makes it a draft, and
    `otherwise` in every one that brings it back.
    """
    _of_ends.append(tell)
    _of_returns.append(otherwise)


async def check(before: Event, after: Event) -> None:
    """Lets every feature that has a say look at an edit; each may raise."""
    for one in _checks:
        await one(before, after)


async def follow(event: Event, by: str, now: datetime) -> None:
    """Lets every feature follow an edit that is kept."""
    for one in _followers:
        await one(event, by, now)


async def tell_called_off(event: Event, now: datetime, session: Session) -> None:
    """Has those told who have to know that this event is cancelled; for whoever cancels it by a way of their own."""
    for tell in _of_cancelling:
        await tell(event, now, session)


async def tell_moved(before: Event, after: Event, now: datetime, session: Session) -> None:
    """Has those told who have to know that an event is at another time or place."""
    for tell in _of_moves:
        await tell(before, after, now, session)


async def tell_changed(before: Event, after: Event, now: datetime, session: Session) -> None:
    """Has those told who have to know that an event is cancelled, gone or back."""
    for tell in _concerned(before, after):
        await tell(after, now, session)


def tells(before: Event, after: Event) -> bool:
    """Whether an edit is one that those who come have to know of."""
    return (
        after.is_public and after.state is State.PUBLISHED and after.phase is not Phase.OVER and is_moved(before, after)
    )


def _concerned(before: Event, after: Event) -> Sequence[Tell]:
    """Whom it concerns that an event is not what it was: those who tell the people who come."""
    if after.state is State.CANCELLED and before.state is not State.CANCELLED:
        return _of_cancelling
    was, is_now = (one.state is State.PUBLISHED and not one.is_deleted for one in (before, after))
    if was == is_now or (was and before.phase is Phase.OVER):
        return ()
    return _of_returns if is_now else _of_ends
