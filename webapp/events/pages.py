"""What people see and do of events: the front page, the calendar, an event, and its organiser's pages."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from quart import Blueprint, Response, current_app, request

from webapp import database, markdown, when
from webapp.access import actor, allowed, anyone, editor, who
from webapp.errors import Invalid, NotFound
from webapp.events import live, store, telling
from webapp.events.editing import Form, Opened, merge, values_of
from webapp.events.event import Details, Event, Phase, State
from webapp.events.search import Search
from webapp.feeds import markup
from webapp.looks.noting import note as note_look
from webapp.messages.store import coming
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser, Role
from webapp.registrations.live import event_seats
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
    event = await store.there(slug)
    may_edit = who().may(event.organiser_id, Role.EDITOR)
    if not event.is_public and not may_edit:
        raise NotFound("There is no such event; it may have been deleted.")
    region = live.event_page if event.is_public else live.event_draft
    regions = [region(event.organiser_id, event.id), live.event_viewers(event.id)]
    if event.is_public:
        note_look(event)
        regions.append(event_seats(event.organiser_id, event.id))
    for_programs = await _for_programs(event) if event.is_public else {}
    asked = {"event": event, "may_edit": may_edit, "key": database.new_id(), "now": now(), **for_programs}
    return await page("events/show.html", *regions, **asked)


async def _for_programs(event: Event) -> dict[str, Any]:
    organiser = await organisers.get(event.organiser_id)
    base = current_app.extensions["settings"].address
    linked = markup.linked_data(event, base=base, organiser=organiser.name, organiser_path=organiser.path)
    return {"base": base, "linked_data": linked}


@pages.get("/manage/<organiser_slug>")
@allowed(editor)
async def manage(organiser_slug: str) -> Response:
    """Every event of an organiser, for those who run them."""
    organiser, search = await organisers.by_slug(organiser_slug), Search.of(request.args.to_dict())
    region = live.manage_list(organiser.id, search.query)
    shown = await page("events/managing.html", region, organiser=organiser, search=search)
    return _addressed(shown, organiser.manage_path, search)


@pages.get("/manage/<organiser_slug>/events/new")
@allowed(editor)
async def new(organiser_slug: str) -> Response:
    """An empty form."""
    return await _form(await organisers.by_slug(organiser_slug), BLANK)


@pages.post("/manage/<organiser_slug>/events")
@allowed(editor)
async def create(organiser_slug: str) -> Response:
    """Keeps a draft and shows it."""
    organiser = await organisers.by_slug(organiser_slug)
    if "preview" in await request.form:
        return await _preview(organiser)
    try:
        details = await form(Details)
    except FormErrors as wrong:
        return await _form(organiser, wrong.values, wrong.fields)
    event = await store.create(organiser.id, details, by=actor(), now=now())
    return await redirect(f"{event.path}/edit", _told("Saved as a draft.", details))


@pages.get("/events/<slug>/edit")
@allowed(editor)
async def editing(slug: str) -> Response:
    """The form of an event."""
    event = await store.there(slug)
    return await _form(event, values_of(event))


@pages.post("/events/<slug>/edit")
@allowed(editor)
async def edit(slug: str) -> Response:
    """Saves an edit, or shows both edits when somebody else saved meanwhile."""
    event = await store.there(slug)
    if "preview" in await request.form:
        return await _preview(event)
    is_quiet = "quiet" in await request.form
    try:
        opened, details = await form(Opened), await form(Details)
        after = await store.edit(event, details, version=opened.version, by=actor(), now=now(), is_quiet=is_quiet)
    except Invalid as wrong:
        return await _form(event, (await request.form).to_dict(), wrong.fields)
    except store.Edited as edited:
        return await _merge(edited, details, is_quiet=is_quiet)
    people = await coming(after) if telling.tells(event, after) and not is_quiet else 0
    saved = f"Saved. {_people(people)} told of it by mail." if people else "Saved."
    return await redirect(f"{after.path}/edit", _told(saved, details))


@pages.post("/events/<slug>/publish")
@allowed(editor)
async def publish(slug: str) -> Response:
    """Shows an event to everyone."""
    event = await store.publish(await store.there(slug), by=actor(), now=now())
    return await _acted(event, "Published. Everyone can see it now.")


@pages.get("/events/<slug>/taking-away")
@allowed(editor)
async def taking_away(slug: str) -> Response:
    """Says who counts on an event before it is deleted or, with `how=unpublish`, made a draft."""
    event = await store.there(slug)
    how = "unpublish" if request.args.get("how") == "unpublish" else "delete"
    organiser, people = await _organiser_of(event), await coming(event)
    return await page("events/taking_away.html", event=event, organiser=organiser, how=how, people=people)


@pages.post("/events/<slug>/unpublish")
@allowed(editor)
async def unpublish(slug: str) -> Response:
    """Makes an event a draft again; asks first where people count on it."""
    event = await store.there(slug)
    if await _is_counted_on(event):
        return await redirect(f"{event.path}/taking-away?how=unpublish")
    event = await store.unpublish(event, by=actor(), now=now())
    return await _acted(event, "It is a draft again; only organisers see it.")


@pages.post("/events/<slug>/cancel")
@allowed(editor)
async def cancel(slug: str) -> Response:
    """Calls an event off."""
    event = await store.cancel(await store.there(slug), by=actor(), now=now())
    return await _acted(event, "Cancelled. Its page stays and says so.")


@pages.post("/events/<slug>/duplicate")
@allowed(editor)
async def duplicate(slug: str) -> Response:
    """Opens a draft with the same details."""
    copy = await store.duplicate(await store.there(slug), by=actor(), now=now())
    return await redirect(f"{copy.path}/edit", "This is the copy, a draft.")


@pages.post("/events/<slug>/delete")
@allowed(editor)
async def delete(slug: str) -> Response:
    """Takes an event away, with a way back; asks first where people count on it."""
    event = await store.there(slug)
    if await _is_counted_on(event):
        return await redirect(f"{event.path}/taking-away")
    event = await store.delete(event, by=actor(), now=now())
    notice = Notice(f"“{event.title}” is deleted.", undo=f"{event.path}/restore")
    return await redirect((await _organiser_of(event)).manage_path, notice)


@pages.post("/events/<slug>/restore")
@allowed(editor)
async def restore(slug: str) -> Response:
    """Brings a deleted event back."""
    event = await store.restore(await store.by_slug(slug), by=actor(), now=now())
    region, otherwise = live.manage_list(event.organiser_id, ""), (await _organiser_of(event)).manage_path
    return await answer(region, otherwise=otherwise, notice=f"“{event.title}” is back.")


async def _is_counted_on(event: Event) -> bool:
    if "sure" in await request.form or event.state is not State.PUBLISHED or event.phase is Phase.OVER:
        return False
    return await coming(event) > 0


def _people(count: int) -> str:
    return "1 person is" if count == 1 else f"{count:,} people are"


async def _organiser_of(event: Event) -> Organiser:
    return await organisers.get(event.organiser_id)


async def _acted(event: Event, notice: str) -> Response:
    regions = live.event_status(event.organiser_id, event.id), live.manage_list(event.organiser_id, "")
    return await answer(*regions, otherwise=f"{event.path}/edit", notice=notice)


async def _day(day: date) -> Response:
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    return await page("events/calendar_day.html", live.event_day(str(day), ""), day=day, before=before, after=after)


async def _form(
    subject: Event | Organiser,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    preview: str | None = None,
) -> Response:
    """The form of an event, or of an organiser's next one."""
    status = 422 if errors else 200
    if isinstance(subject, Organiser):
        action, version = f"{subject.manage_path}/events", None
    else:
        action, version = f"{subject.path}/edit", _opened(values, subject)
    shown = Form(values, errors or {}, preview)
    context: dict[str, Any] = {"form": shown, "action": action, "version": version, "zones": when.zones()}
    context["people"] = await coming(subject) if isinstance(subject, Event) and subject.is_public else 0
    if is_htmx():
        return await fragment("events/form.html", status=status, **context)
    if isinstance(subject, Organiser):
        return await page("events/new.html", status=status, organiser=subject, **context)
    mine = subject.organiser_id, subject.id
    regions = live.event_newer(*mine, _opened(values, subject)), live.event_status(*mine)
    organiser = await _organiser_of(subject)
    return await page("events/edit.html", *regions, status=status, event=subject, organiser=organiser, **context)


def _opened(values: Mapping[str, Any], event: Event) -> str:
    """The version that the editor opened, also while the form goes back and forth."""
    typed = str(values.get("version", ""))
    return typed if typed.isdecimal() else str(event.version)


async def _preview(subject: Event | Organiser) -> Response:
    typed = (await request.form).to_dict()
    return await _form(subject, typed, preview=markdown.render(typed.get("description", "")[:20_000]))


async def _merge(edited: store.Edited, mine: Details, *, is_quiet: bool) -> Response:
    context = {"event": edited.theirs, "merge": merge(edited.before, edited.theirs, mine), "is_quiet": is_quiet}
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
