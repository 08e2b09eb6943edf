"""Events as people make them, for the tests of everything around them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.team import house
from webapp.audit.actor import Actor
from webapp.events import store
from webapp.events.event import Details, Event

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
ANA, BEN = Actor("ana", "Ana"), Actor("ben", "Ben")
SOON = (NOW + timedelta(days=2)).replace(tzinfo=None)


def typed(**more: Any) -> dict[str, Any]:
    """What somebody types into the form of an event."""
    starts, ends = SOON, SOON + timedelta(hours=2)
    times = {"starts": starts.isoformat(timespec="minutes"), "ends": ends.isoformat(timespec="minutes")}
    return {"title": "Jazz", **times, "zone": "Europe/Berlin", "language": "en", **more}


async def kept(**more: Any) -> Event:
    """A draft."""
    return await store.create((await house()).id, Details.model_validate(typed(**more)), now=NOW, by=ANA)


async def shown(**more: Any) -> Event:
    """A published event."""
    return await store.publish(await kept(**more), by=ANA, now=NOW)


async def again(event: Event) -> Event:
    """The event as it is now."""
    return await store.get(event.organiser_id, event.id)
