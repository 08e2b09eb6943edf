"""Events as people make them, for the tests of everything around them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.events import store
from webapp.events.event import Details, Event

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SOON = (NOW + timedelta(days=2)).replace(tzinfo=None)


def typed(**more: Any) -> dict[str, Any]:
    """What somebody types into the form of an event."""
    starts, ends = SOON, SOON + timedelta(hours=2)
    times = {"starts": starts.isoformat(timespec="minutes"), "ends": ends.isoformat(timespec="minutes")}
    return {"title": "Jazz", **times, "zone": "Europe/Berlin", "language": "en", **more}


async def kept(**more: Any) -> Event:
    """A draft."""
    return await store.create(Details.model_validate(typed(**more)), now=NOW, by="ana")


async def shown(**more: Any) -> Event:
    """A published event."""
    return await store.publish((await kept(**more)).id, now=NOW)
