"""The live regions of events: drawn for pages, fragments and streams by the same code."""

from asyncio import gather
from datetime import UTC, date, datetime
from typing import Any

from realtime import anyone, region, viewers
from webapp import when
from webapp.access import editor
from webapp.errors import NotFound
from webapp.events import finding, schedule, store
from webapp.events.event import Listed, Phase, State
from webapp.events.search import Search
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser
from webapp.registrations.glances import PACE, WATCHED, glances

Context = dict[str, Any]
OF_ONE = {"events": ("_id", "event_id")}
WITH_ITS_ORGANISER = {**OF_ONE, "organisers": ("_id", "organiser_id")}


@region("events/event.html", watches=WITH_ITS_ORGANISER, visible_to=anyone)
async def event_page(organiser_id: str, event_id: str) -> Context | None:
    """An event as everyone sees it; gone while it is a draft."""
    context = await event_draft.load(organiser_id, event_id)
    return context if context and context["one"].event.is_public else None


@region("events/event.html", watches=WITH_ITS_ORGANISER, visible_to=editor)
async def event_draft(organiser_id: str, event_id: str) -> Context | None:
    """An event as its organiser sees it, in every state."""
    event, organiser = await gather(store.if_there(organiser_id, event_id), _known(organiser_id))
    return {"one": schedule.dated(event), "organiser": organiser} if event and organiser else None


@region("events/viewers.html", watches={"@viewers": "_id"}, visible_to=anyone)
async def event_viewers(event_id: str) -> Context:
    """How many have the event open just now."""
    return {"count": viewers(event_viewers(event_id))}


@region("events/list.html", watches={"events": "*", **WATCHED}, visible_to=anyone, pace=PACE)
async def event_list(query: str) -> Context:
    """Public events that are on or to come, as searched for, day by day."""
    search = Search.parse(query)
    found = await finding.upcoming(search)
    more = search.model_copy(update={"after": found.after}).query if found.after else None
    shown = {"listing": schedule.listing(found.events), "glances": await glances(found.events)}
    return {"search": search, "more": more, **shown}


@region("events/tags.html", watches={"events": "*"}, visible_to=anyone)
async def event_tags(query: str) -> Context:
    """The tags of what is to come, to narrow the list by."""
    return {"search": Search.parse(query), "tags": await finding.tags(12)}


@region("events/month.html", watches={"events": "*"}, visible_to=anyone)
async def event_month(month: str, query: str) -> Context:
    """A month of public events as a calendar; `month` is written 2026-05."""
    first, search = when.month_of(month), Search.parse(query)
    found = await finding.in_month(_midnight(first), search)
    weeks = schedule.weeks(first, found)
    here = [day for week in weeks for day in week if day.date.month == first.month and day.events]
    return {"month": first, "weeks": weeks, "days": here, "search": search}


@region("events/day.html", watches={"events": "*", **WATCHED}, visible_to=anyone, pace=PACE)
async def event_day(day: str, query: str) -> Context:
    """Everything public on one day, past days too; `day` is written 2026-05-23."""
    on = date.fromisoformat(day)
    found = await finding.in_month(_midnight(on.replace(day=1)), Search.parse(query).model_copy(update={"day": on}))
    shown = schedule.Day(on, [schedule.dated(event) for event in found])
    return {"day": shown, "glances": await glances(found)}


@region("events/manage.html", watches={"events": "organiser_id", "organisers": "_id"}, visible_to=editor)
async def manage_list(organiser_id: str, query: str) -> Context | None:
    """An organiser's events in every state, and what was deleted lately."""
    organiser, search = await _known(organiser_id), Search.parse(query)
    if organiser is None:
        return None
    found = await finding.kept(organiser_id, search)
    more = search.model_copy(update={"after": found.after}).query if found.after else None
    deleted = await finding.deleted(organiser_id) if search.is_empty else []
    shown = {"sections": _sections(found.events), "deleted": deleted, "more": more}
    return {"organiser": organiser, "search": search, **shown}


@region("events/status.html", watches=OF_ONE, visible_to=editor)
async def event_status(organiser_id: str, event_id: str) -> Context | None:
    """The state of an event and what can be done with it."""
    event = await store.if_there(organiser_id, event_id)
    return {"event": event} if event else None


@region("events/newer.html", watches=OF_ONE, visible_to=editor)
async def event_newer(organiser_id: str, event_id: str, version: str) -> Context | None:
    """Whether somebody saved a newer version than the one that is being edited."""
    event = await store.if_there(organiser_id, event_id)
    return {"event": event, "is_newer": event.version > int(version)} if event else None


async def _known(organiser_id: str) -> Organiser | None:
    try:
        return await organisers.get(organiser_id)
    except NotFound:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def _sections(events: list[Listed]) -> list[tuple[str, list[schedule.Dated]]]:
    titles = {"draft": "Drafts", "published": "Published", "cancelled": "Cancelled", "over": "Over"}
    sections: dict[str, list[schedule.Dated]] = {title: [] for title in titles.values()}
    for event in events:
        is_over = event.phase is Phase.OVER and event.state is not State.DRAFT
        sections[titles["over" if is_over else event.state]].append(schedule.dated(event))
    return [(title, found) for title, found in sections.items() if found]
