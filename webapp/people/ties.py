"""What other features keep of a person: each says how it is told and how it ends, so that people need not know them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from webapp.database import Session

Tell = Callable[[str], Awaitable[dict[str, Any]]]
Part = Callable[[str, Session], Awaitable[None]]
Warn = Callable[[str, datetime], Awaitable[list[str]]]

_told: list[Tell] = []
_parted: list[Part] = []
_warned: list[Warn] = []


def told(tell: Tell) -> Tell:
    """Registers `tell(person_id)`: what else is kept of a person, as JSON, by its name."""
    _told.append(tell)
    return tell


def parted(part: Part) -> Part:
    """Registers `part(person_id, session)`, run in the transaction that deletes a person; raising forbids it."""
    _parted.append(part)
    return part


def warned(warn: Warn) -> Warn:
    """Registers `warn(person_id, now)`: sentences about what somebody loses who deletes the account."""
    _warned.append(warn)
    return warn


async def losses(person_id: str, now: datetime) -> list[str]:
    """What somebody loses who deletes the account, in sentences."""
    return [sentence for warn in _warned for sentence in await warn(person_id, now)]


async def everything(person_id: str) -> dict[str, Any]:
    """What all features tell of a person."""
    return {name: value for tell in _told for name, value in (await tell(person_id)).items()}


async def end(person_id: str, session: Session) -> None:
    """Ends what ties a person to the rest. Raises what a feature has against it."""
    for part in _parted:
        await part(person_id, session)
