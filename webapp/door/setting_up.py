"""The page on which a door is set up, and how its forms are read, kept and shown again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from quart import Response, request

from webapp import meanwhile
from webapp.access import actor, who
from webapp.door import lists, live
from webapp.door.checkin import Entries
from webapp.errors import Conflict
from webapp.events.event import Event
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.responses import FormErrors, now, page, redirect, sentences
from webapp.ticket_types import store as ticket_types

Form = TypeVar("Form", bound=BaseModel)
Shown = dict[str, Any]
SEVERAL = {"question_ids", "ticket_type_ids", "list_ids", "gate_ids"}
LABELS = {
    "name": "Name",
    "whom": "For whom",
    "gate": "Name",
    "opens": "Lets in from",
    "closes": "Lets in until",
    "limit": "People inside at most",
    "hours": "Hours",
    "ticket_type_ids": "Ticket types",
    "entries": "How often",
    "takes_walk_ins": "Walk-ins",
    "is_area": "An area of its own",
    "question_ids": "Questions",
    "list_ids": "Check-in lists",
    "gate_ids": "Gates",
}
HOW_OFTEN = (
    (Entries.ONCE.value, "Once", "The second scan of a ticket is refused, also after leaving."),
    (Entries.AFTER_EXIT.value, "Again after leaving", "Somebody who was scanned out may come back."),
    (Entries.MANY.value, "As often as they like", "Nobody is refused for having been let in before."),
)


class Named(Protocol):
    """A list or a gate."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


async def added(event: Event, what: str, form: type[Form], add: Callable[..., Awaitable[Named]]) -> Response:
    """Keeps a new list or gate, or shows the page with the form as it was sent."""
    try:
        made = await add(event, await in_form(form), by=actor(), now=now())
    except (FormErrors, Conflict) as wrong:
        return await setup_page(event, what, wrong)
    return await redirect(setup_path(event), f"The {what} “{made.name}” is there.")


async def changed(
    event: Event,
    form: type[Form],
    change: Callable[..., Awaitable[T]],
    again: Callable[[FormErrors | Conflict], Awaitable[Response]],
    *,
    there: Callable[[], Awaitable[T]],
    typed_of: Callable[[T], Shown],
    names: Mapping[str, str] | None = None,
) -> Response:
    """Keeps a changed list or gate, or shows its form `again`, also where somebody else changed it meanwhile."""

    async def write(seen: T) -> T:
        return await change(event, seen.id, given, seen=seen, by=actor(), now=now())

    try:
        given = await in_form(form)
        await meanwhile.save(await sent(), there, typed_of, write, names)
    except (FormErrors, Conflict) as wrong:
        return await again(wrong)
    return await redirect(setup_path(event), "Saved.")


async def removed(event: Event, what: str, subject_id: str, remove: Callable[..., Awaitable[Named]]) -> Response:
    """Takes a list or gate away; what was scanned there stays."""
    gone = await remove(event, subject_id, by=actor(), now=now())
    return await redirect(setup_path(event), f"The {what} “{gone.name}” is gone. What was scanned there stays.")


def blank(**values: Any) -> Shown:
    """A form that nobody has sent."""
    return {"values": values, "errors": {}, "first_error": None, "labels": LABELS}


async def head(event: Event) -> Shown:
    """What every page of a door shows."""
    may_edit = who().may(event.organiser_id, Role.EDITOR)
    return {"event": event, "organiser": await organisers.get(event.organiser_id), "may_edit": may_edit}


async def setup_page(event: Event, which: str = "", wrong: FormErrors | Conflict | None = None) -> Response:
    """The page on which a door is set up, with the form that was sent as it was typed."""
    forms = {
        "list": blank(entries=Entries.ONCE.value),
        "gate": blank(),
        "limit": blank(**meanwhile.opening({"limit": await lists.limit(event.id) or ""})),
        "link": blank(hours=24),
    }
    if wrong:
        forms[which] = await refused(wrong, "gate" if which == "gate" else "name")
    choices = {
        "kinds": sorted((await ticket_types.names(event)).items(), key=lambda one: one[1]),
        "lists": [(one.id, one.name) for one in await lists.of(event)],
        "gates": [(one.id, one.name) for one in await lists.gates(event)],
        "how_often": HOW_OFTEN,
        "questions": await questions(event),
    }
    region = live.door_setup(event.organiser_id, event.id)
    context = {"forms": forms, "choices": choices, **await head(event)}
    return await page("door/setting_up.html", region, status=status_of(wrong) if wrong else 200, **context)


async def in_form(model: type[Form]) -> Form:
    """What was posted, as the model. Raises FormErrors with a sentence per field."""
    values = await sent()
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FormErrors(values, sentences(error)) from None


async def refused(wrong: FormErrors | Conflict, taken: str = "name") -> Shown:
    """The form that was sent, with what is wrong with it."""
    fields = wrong.fields if isinstance(wrong, FormErrors | Meanwhile) else {taken: str(wrong)}
    errors = {"": "Please look at this again:", **fields}
    values = wrong.values if isinstance(wrong, Meanwhile) else await sent()
    return {**blank(**values), "errors": errors, "first_error": next(filter(None, fields), None)}


def status_of(wrong: FormErrors | Conflict) -> int:
    """How a form that was refused is answered."""
    return Meanwhile.status if isinstance(wrong, Meanwhile) else FormErrors.status


def setup_path(event: Event) -> str:
    """Where a door is set up."""
    return f"{event.path}/door/setup"


async def questions(event: Event) -> list[tuple[str, str]]:
    """What a list may ask first."""
    return [(one.id, one.label) for one in (await ticket_types.form(event.id)).questions]


async def sent() -> Shown:
    """What was posted, as a form shows it again."""
    typed = await request.form
    return {name: typed.getlist(name) if name in SEVERAL else typed.getlist(name)[-1] for name in typed}
