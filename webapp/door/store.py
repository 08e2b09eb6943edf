"""The one function through which everybody comes in and goes out: `redeem`; and `undo`."""

from datetime import datetime

from webapp.door.checkin import Scan, Verdict
from webapp.door.turnstile import Turnstiles
from webapp.door.wishes import Door, Redeem, Undo
from webapp.door.writing import answers_at, presence_of

__all__ = ["Door", "answers_at", "presence_of", "redeem", "undo"]

_turnstiles = Turnstiles()


async def redeem(door: Door, scan: Scan, *, by: str, now: datetime) -> Verdict:
    """Lets a ticket in or out, or says why not; kept as a check-in either way. The same nonce gets the same answer.

    Raises NotFound for a list of another event, Unavailable when the database stays away.
    """
    return await _turnstiles.ask(Redeem(door, scan, by, now))


async def undo(door: Door, check_in_id: str, *, reason: str, by: str, now: datetime) -> Verdict:
    """Takes a check-in back, within fifteen minutes and by the device that made it.

    Raises NotFound, NotAllowed when it is another device's or too old, Conflict when the ticket was scanned since.
    """
    return await _turnstiles.ask(Undo(door, check_in_id, reason, by, now))
