"""An event as an entry in the calendar of somebody who comes: iCalendar (RFC 5545), published, not an invitation."""

from webapp.errors import NotFound
from webapp.events import store as events
from webapp.feeds.calendar import calendar
from webapp.registrations import store
from webapp.registrations.registration import State

AFTER = "The entry for your calendar comes when your places are confirmed."


async def of(registration_id: str, base: str) -> bytes:
    """The entry of a confirmed registration; it leads to its page. Raises NotFound."""
    mine = await store.get(registration_id)
    if mine.state is not State.CONFIRMED:
        raise NotFound(AFTER)
    event = await events.get(mine.organiser_id, mine.event_id)
    return calendar([(event, f"{base}{store.path_of(mine.id)}")])


async def attached(registration_id: str, base: str) -> bytes | None:
    """The same for a mail, which is sent without it where there is nothing to come to any more."""
    try:
        return await of(registration_id, base)
    except NotFound:
        return None
