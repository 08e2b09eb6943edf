"""What people see and do of events: the front page, the calendar, an event, and its organiser's pages."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from quart import Blueprint, Response, request

from webapp import markdown, when
from webapp.access import allowed, anyone, organiser, who
from webapp.errors import NotFound
from webapp.events import live, store
from webapp.events.editing import Form, Opened, merge, values_of
from webapp.events.event import Details, Event
from webapp.events.search import Search
from webapp.responses import FormErrors, Notice, answer, form, fragment, is_htmx, now, page, redirect

pages = Blueprint("events", __name__)

BLANK = {"zone": "UTC", "language": "en"}


@pages.get("/")
@allowed(anyone)
async def front() -> Response:
    """What is on, searched and narrowed."""
    search = Search.of(request.args.to_dict())
    bounds = live.event_tags(search.but()), live.event_list(search.query)
    shown = await page("events/index.html", *bounds, search=search)
    return _addressed(shown, "/", search)


@pages.get("/calendar")
@allowed(anyone)
async def calendar() -> Response:
    """A month, or with `day` a day."""
    day = Search.of(request.args.to_dict()).day
    if day and date.min < day < date.max:
        return await _day(day)
    month = _month(request.args.get("month", ""))
    return await page(
        "events/calendar.html",
        live.event_month(f"{month:%Y-%m}", ""),
        month=month,
        before=when.previous_month(month),
        after=when.next_month(month),
    )


@pages.get("/events/<slug>")
@allowed(anyone)
async def show(slug: str) -> Response:
    """An event; a draft only for its organiser."""
    event, may_edit = await _there(slug), organiser(who())
    if not event.is_public and not may_edit:
        raise NotFound("There is no such event; it may have been deleted.")
    region = live.event_page if event.is_public else live.event_draft
    regions = region(event.id), live.event_viewers(event.id)
    return await page("events/show.html", *regions, event=event, may_edit=may_edit)


@pages.get("/manage")
@allowed(organiser)
async def manage() -> Response:
    """Every event, for whoever runs them."""
    search = Search.of(request.args.to_dict())
    shown = await page("events/managing.html", live.manage_list(search.query), search=search)
    return _addressed(shown, "/manage", search)


@pages.get("/events/new")
@allowed(organiser)
async def new() -> Response:
    """An empty form."""
    return await _form(None, BLANK)


@pages.post("/events")
@allowed(organiser)
async def create() -> Response:
    """Keeps a draft and shows it."""
    if "preview" in await request.form:
        return await _preview(None)
    try:
        details = await form(Details)
    except FormErrors as wrong:
        return await _form(None, wrong.values, wrong.fields)
    event = await store.create(details, by=who().id, now=now())
    return await redirect(f"{event.path}/edit", _told("Saved as a draft.", details))


@pages.get("/events/<slug>/edit")
@allowed(organiser)
async def editor(slug: str) -> Response:
    """The form of an event."""
    event = await _there(slug)
    return await _form(event, values_of(event))


@pages.post("/events/<slug>/edit")
@allowed(organiser)
async def edit(slug: str) -> Response:
    """Saves an edit, or shows both edits when somebody else saved meanwhile."""
    event = await _there(slug)
    if "preview" in await request.form:
        return await _preview(event)
    try:
        opened, details = await form(Opened), await form(Details)
        after = await store.edit(event.id, details, version=opened.version, by=who().id, now=now())
    except FormErrors as wrong:
        return await _form(event, wrong.values, wrong.fields)
    except store.Edited as edited:
        return await _merge(edited, details)
    return await redirect(f"{after.path}/edit", _told("Saved.", details))


@pages.post("/events/<slug>/publish")
@allowed(organiser)
async def publish(slug: str) -> Response:
    """Shows an event to everyone."""
    event = await store.publish((await _there(slug)).id, now=now())
    return await _acted(event, "Published. Everyone can see it now.")


@pages.post("/events/<slug>/unpublish")
@allowed(organiser)
async def unpublish(slug: str) -> Response:
    """Makes an event a draft again."""
    event = await store.unpublish((await _there(slug)).id, now=now())
    return await _acted(event, "It is a draft again; only organisers see it.")


@pages.post("/events/<slug>/cancel")
@allowed(organiser)
async def cancel(slug: str) -> Response:
    """Calls an event off."""
    event = await store.cancel((await _there(slug)).id, now=now())
    return await _acted(event, "Cancelled. Its page stays and says so.")


@pages.post("/events/<slug>/duplicate")
@allowed(organiser)
async def duplicate(slug: str) -> Response:
    """Opens a draft with the same details."""
    copy = await store.duplicate((await _there(slug)).id, by=who().id, now=now())
    return await redirect(f"{copy.path}/edit", "This is the copy, a draft.")


@pages.post("/events/<slug>/delete")
@allowed(organiser)
async def delete(slug: str) -> Response:
    """Takes an event away, with a way back."""
    event = await store.delete((await _there(slug)).id, now=now())
    return await redirect("/manage", Notice(f"“{event.title}” is deleted.", undo=f"{event.path}/restore"))


@pages.post("/events/<slug>/restore")
@allowed(organiser)
async def restore(slug: str) -> Response:
    """Brings a deleted event back."""
    event = await store.restore((await store.by_slug(slug)).id, now=now())
    return await answer(live.manage_list(""), otherwise="/manage", notice=f"“{event.title}” is back.")


async def _there(slug: str) -> Event:
    event = await store.by_slug(slug)
    if event.is_deleted:
        raise NotFound("This event was deleted. Organisers can bring it back from their list.")
    return event


async def _acted(event: Event, notice: str) -> Response:
    regions = live.event_status(event.id), live.manage_list("")
    return await answer(*regions, otherwise=f"{event.path}/edit", notice=notice)


async def _day(day: date) -> Response:
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    return await page("events/calendar_day.html", live.event_day(str(day), ""), day=day, before=before, after=after)


async def _form(
    event: Event | None, values: Mapping[str, Any], errors: Mapping[str, str] | None = None, preview: str | None = None
) -> Response:
    status = 422 if errors else 200
    context = {
        "form": Form(values, errors or {}, preview),
        "action": f"{event.path}/edit" if event else "/events",
        "version": _opened(values, event) if event else None,
        "zones": when.zones(),
    }
    if is_htmx():
        return await fragment("events/form.html", status=status, **context)
    if not event:
        return await page("events/new.html", status=status, **context)
    regions = live.event_newer(event.id, _opened(values, event)), live.event_status(event.id)
    return await page("events/edit.html", *regions, status=status, event=event, **context)


def _opened(values: Mapping[str, Any], event: Event) -> str:
    """The version that the editor opened, also while the form goes back and forth."""
    typed = str(values.get("version", ""))
    return typed if typed.isdecimal() else str(event.version)


async def _preview(event: Event | None) -> Response:
    typed = (await request.form).to_dict()
    return await _form(event, typed, preview=markdown.render(typed.get("description", "")[:20_000]))


async def _merge(edited: store.Edited, mine: Details) -> Response:
    context = {"event": edited.theirs, "merge": merge(edited.before, edited.theirs, mine)}
    if is_htmx():
        return await fragment("events/merge.html", status=409, **context)
    return await page("events/merging.html", status=409, **context)


def _month(text: str) -> date:
    try:
        month = when.month_of(text)
    except ValueError:
        month = now().date().replace(day=1)
    is_far = not date(1900, 1, 1) <= month <= date(2200, 12, 1)
    return now().date().replace(day=1) if is_far else month


def _told(done: str, details: Details) -> str:
    return " ".join([done, *details.notes()])


def _addressed(shown: Response, path: str, search: Search) -> Response:
    """Lets the address say the same as a form that htmx sent, without its empty fields."""
    if is_htmx():
        shown.headers["HX-Replace-Url"] = f"{path}?{search.query}" if search.query else path
    return shown
