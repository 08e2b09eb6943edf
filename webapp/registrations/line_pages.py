"""The line of an event, as its team sees it move, serves it by hand and stops it."""

from quart import Blueprint, Response

from webapp.access import actor, allowed, editor
from webapp.events import store as events
from webapp.events.event import Event
from webapp.registrations import live, team, waiting
from webapp.registrations.organising import about
from webapp.responses import answer, now, page

pages = Blueprint("line", __name__)


@pages.get("/events/<slug>/line")
@allowed(editor)
async def line(slug: str) -> Response:
    """Who waits."""
    event = await events.there(slug)
    mine = event.organiser_id, event.id
    regions = live.registration_line(*mine), live.line_movement(*mine)
    return await page("registrations/waiting_list.html", *regions, **await about(event))


@pages.post("/events/<slug>/line/entries/<entry_id>/offer")
@allowed(editor)
async def offer(slug: str, entry_id: str) -> Response:
    """Offers places to somebody now."""
    event = await events.there(slug)
    entry = await waiting.of_event(event, entry_id)
    await team.offer(entry, by=actor(), now=now())
    return await _moved(event, "Offered.")


@pages.post("/events/<slug>/line/entries/<entry_id>/remove")
@allowed(editor)
async def remove(slug: str, entry_id: str) -> Response:
    """Takes somebody out of the line."""
    event = await events.there(slug)
    entry = await waiting.of_event(event, entry_id)
    await team.remove(entry, by=actor(), now=now())
    return await _moved(event, "Taken out of the line.")


@pages.post("/events/<slug>/line/<type_id>/pause")
@allowed(editor)
async def pause(slug: str, type_id: str) -> Response:
    """Stops a line."""
    return await _paused(slug, type_id, is_paused=True)


@pages.post("/events/<slug>/line/<type_id>/resume")
@allowed(editor)
async def resume(slug: str, type_id: str) -> Response:
    """Lets a line move on."""
    return await _paused(slug, type_id, is_paused=False)


async def _paused(slug: str, type_id: str, *, is_paused: bool) -> Response:
    event = await events.there(slug)
    await team.pause(event, type_id, is_paused=is_paused, by=actor(), now=now())
    return await _moved(event, "The line stands still." if is_paused else "The line moves on.")


async def _moved(event: Event, told: str) -> Response:
    region = live.registration_line(event.organiser_id, event.id)
    return await answer(region, otherwise=f"{event.path}/line", notice=told)
