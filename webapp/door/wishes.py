"""What can be asked at a door: to let somebody in or out, and to take that back."""

from dataclasses import dataclass
from datetime import datetime

from webapp.door.checkin import Scan, Verdict
from webapp.errors import TurnoutError


@dataclass(frozen=True)
class Door:
    """Where a scan comes from; `since` is when the device began."""

    organiser_id: str
    event_id: str
    device_id: str
    device: str
    gate_id: str = ""
    gate: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Redeem:
    """A scan. The same nonce of the same device is the same scan."""

    door: Door
    scan: Scan
    by: str
    now: datetime

    @property
    def id(self) -> str:
        return f"{self.door.device_id}:{self.scan.nonce}"

    @property
    def subject(self) -> str:
        return self.id


@dataclass(frozen=True)
class Undo:
    """A check-in is taken back."""

    door: Door
    subject: str
    reason: str
    by: str
    now: datetime

    @property
    def id(self) -> str:
        return f"{self.subject}:undo"


Wish = Redeem | Undo
Outcome = Verdict | TurnoutError
