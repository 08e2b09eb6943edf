"""What counts as a look at an event's page. Rules only."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)

# Every browser calls itself Mozilla; programs that do so too say what they are beside it. Cubot makes phones.
BROWSER = re.compile(r"Mozilla/\d", re.ASCII)
PROGRAM = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|preview|headless|lighthouse|monitor|facebookexternalhit|https?:", re.ASCII | re.I
)


@dataclass(frozen=True)
class Spot:
    """Where looks are added up: an event, within an hour."""

    event_id: str
    organiser_id: str
    hour: datetime

    @property
    def ends_at(self) -> datetime:
        return self.hour + HOUR


def spot(event_id: str, organiser_id: str, now: datetime) -> Spot:
    """Where a look of now counts."""
    return Spot(event_id, organiser_id, now.replace(minute=0, second=0, microsecond=0))


def is_somebodys(agent: str, purpose: str = "") -> bool:
    """Whether a person seems to look: by a browser, which did not merely fetch ahead (its header Sec-Purpose)."""
    return not purpose and bool(BROWSER.match(agent)) and not PROGRAM.search(agent)
