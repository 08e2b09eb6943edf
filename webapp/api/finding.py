"""What an address of the API is about, and what belongs to things that are listed."""

from collections.abc import Sequence
from typing import Any

from webapp.access import who
from webapp.api.views import EventView, OrganiserView
from webapp.database import db
from webapp.errors import NotFound
from webapp.events import store as events
from webapp.events.event import Event
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser, Role

GONE = "There is no such event; it may have been deleted."
there = events.there


async def seen(slug: str) -> Event:
    """An event as far as the asker may see it: a draft is there for its editors only. Raises NotFound."""
    event = await there(slug)
    if not event.is_public and not is_editor(event):
        raise NotFound(GONE)
    return event


def is_editor(event: Event) -> bool:
    """Whether the asker is of the event's team, and more than at its door."""
    return who().may(event.organiser_id, Role.EDITOR)


async def organiser(slug: str) -> Organiser:
    """Raises NotFound."""
    return await organisers.by_slug(slug)


async def their_organisers(views: Sequence[Any]) -> list[OrganiserView | None]:
    """The organiser of each."""
    found = {one.id: OrganiserView.of(one) for one in await organisers.among({view.organiser_id for view in views})}
    return [found.get(view.organiser_id) for view in views]


async def their_events(views: Sequence[Any]) -> list[EventView | None]:
    """The event of each."""
    rows = db().events.find({"_id": {"$in": list({view.event_id for view in views})}})
    found = {row["_id"]: EventView.kept(row) async for row in rows}
    return [found.get(view.event_id) for view in views]
