"""The check-in lists of a door: made, changed and taken away."""

from quart import Blueprint, Response

from webapp import meanwhile, when
from webapp.access import allowed, editor
from webapp.door import lists
from webapp.door.checkin import CheckInList
from webapp.door.making import ListForm
from webapp.door.setting_up import HOW_OFTEN, Shown, added, blank, changed, head, questions, refused, removed, status_of
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Event
from webapp.responses import FormErrors, page
from webapp.ticket_types import store as ticket_types

pages = Blueprint("check_in_lists", __name__)

TICKED = ("takes_walk_ins", "trusts_codes", "is_area")


@pages.post("/events/<slug>/door/lists")
@allowed(editor)
async def add_list(slug: str) -> Response:
    """Keeps a new check-in list."""
    return await added(await events.there(slug), "list", ListForm, lists.add)


@pages.get("/events/<slug>/door/lists/<list_id>")
@allowed(editor)
async def one_list(slug: str, list_id: str) -> Response:
    """The form of a check-in list."""
    event = await events.there(slug)
    found = await lists.get(event, list_id)
    return await _list_form(event, found, blank(**meanwhile.opening(_typed_of(found, event))))


@pages.post("/events/<slug>/door/lists/<list_id>")
@allowed(editor)
async def change_list(slug: str, list_id: str) -> Response:
    """Keeps other rules of a check-in list; where somebody else saved others meanwhile, both are shown."""
    event = await events.there(slug)
    found = await lists.get(event, list_id)

    async def again(wrong: FormErrors | Conflict) -> Response:
        return await _list_form(event, found, await refused(wrong), status=status_of(wrong))

    async def there() -> CheckInList:
        return await lists.get(event, list_id)

    def typed_of(one: CheckInList) -> Shown:
        return _typed_of(one, event)

    titles = {value: title for value, title, _ in HOW_OFTEN}
    names = titles | await ticket_types.names(event) | dict(await questions(event))
    return await changed(event, ListForm, lists.change, again, there=there, typed_of=typed_of, names=names)


@pages.post("/events/<slug>/door/lists/<list_id>/remove")
@allowed(editor)
async def remove_list(slug: str, list_id: str) -> Response:
    """Takes a check-in list away; what was scanned on it stays."""
    return await removed(await events.there(slug), "list", list_id, lists.remove)


async def _list_form(event: Event, found: CheckInList, form: Shown, status: int = 200) -> Response:
    kinds = sorted((await ticket_types.names(event)).items(), key=lambda one: one[1])
    shown = {"form": form, "list": found, "kinds": kinds, "how_often": HOW_OFTEN}
    shown |= {"questions": await questions(event), "is_last": len(await lists.of(event)) == 1}
    return await page("door/one_list.html", status=status, **shown, **await head(event))


def _typed_of(found: CheckInList, event: Event) -> Shown:
    times = {"opens": found.opens_at, "closes": found.closes_at}
    walls = {name: when.wall(at, event.zone).isoformat(timespec="minutes") for name, at in times.items() if at}
    ticked = {name: "true" for name in TICKED if getattr(found, name)}
    return {
        "name": found.name,
        "entries": found.entries.value,
        "ticket_type_ids": found.ticket_type_ids,
        "question_ids": found.question_ids,
        **walls,
        **ticked,
    }
