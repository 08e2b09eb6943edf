"""The dashboard of an event in the browser, and any minute of it once more."""

from datetime import datetime
from typing import Any

from markupsafe import Markup
from quart import Blueprint, Response, request

from webapp.access import allowed, editor
from webapp.dashboard import live
from webapp.dashboard.replay import moment
from webapp.events import store as events
from webapp.events.event import Event
from webapp.events.live import event_viewers
from webapp.organisers import store as organisers
from webapp.responses import fragment, is_htmx, page, render

pages = Blueprint("dashboard", __name__)


@pages.get("/events/<slug>/dashboard")
@allowed(editor)
async def show(slug: str) -> Response:
    """How it stands just now."""
    event = await events.there(slug)
    mine = event.organiser_id, event.id
    regions = (
        *(live.dashboard_attention(*mine), live.dashboard_places(*mine), live.dashboard_sales(*mine)),
        *(live.dashboard_door(*mine), live.dashboard_feed(*mine)),
        live.dashboard_looking(event.organiser_id, event_viewers(event.id).key),
    )
    return await page("dashboard/show.html", *regions, **await _about(event))


@pages.get("/events/<slug>/dashboard/replay")
@allowed(editor)
async def replay(slug: str) -> Response:
    """How it stood at the end of a minute."""
    event = await events.there(slug)
    asked = {name: request.args.get(name, "")[:20] for name in ("day", "clock", "minute")}
    at = await moment(event, **asked)
    parts = [Markup(await drawn(event, name, at.until)) for name in live.PARTS]  # noqa: S704 - drawn by us
    if is_htmx():
        return await fragment("dashboard/replayed.html", at=at, parts=parts)
    return await page("dashboard/replay.html", at=at, parts=parts, **await _about(event))


async def drawn(event: Event, name: str, until: datetime) -> str:
    """A part of the dashboard as it was at the end of a minute; it is no region, since nothing can change it."""
    return render(f"dashboard/{name}.html", {"live": "", **await live.PARTS[name](event, until)})


async def _about(event: Event) -> dict[str, Any]:
    return {"event": event, "organiser": await organisers.get(event.organiser_id)}
