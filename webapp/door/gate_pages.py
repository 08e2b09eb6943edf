"""The gates of a door: made, renamed and taken away."""

from quart import Blueprint, Response

from webapp import meanwhile
from webapp.access import allowed, editor
from webapp.door import lists
from webapp.door.lists import Gate
from webapp.door.making import GateForm
from webapp.door.setting_up import Shown, added, blank, changed, head, refused, removed, status_of
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Event
from webapp.responses import FormErrors, page

pages = Blueprint("gates", __name__)


@pages.post("/events/<slug>/door/gates")
@allowed(editor)
async def add_gate(slug: str) -> Response:
    """Keeps a new gate."""
    return await added(await events.there(slug), "gate", GateForm, lists.add_gate)


@pages.get("/events/<slug>/door/gates/<gate_id>")
@allowed(editor)
async def one_gate(slug: str, gate_id: str) -> Response:
    """The form of a gate."""
    event = await events.there(slug)
    found = await lists.gate(event, gate_id)
    return await _gate_form(event, found, blank(**meanwhile.opening(_typed_of(found))))


@pages.post("/events/<slug>/door/gates/<gate_id>")
@allowed(editor)
async def rename_gate(slug: str, gate_id: str) -> Response:
    """Keeps another name of a gate; where somebody else kept another one meanwhile, both are shown."""
    event = await events.there(slug)
    found = await lists.gate(event, gate_id)

    async def again(wrong: FormErrors | Conflict) -> Response:
        return await _gate_form(event, found, await refused(wrong, "gate"), status=status_of(wrong))

    async def there() -> Gate:
        return await lists.gate(event, gate_id)

    return await changed(event, GateForm, lists.rename_gate, again, there=there, typed_of=_typed_of)


@pages.post("/events/<slug>/door/gates/<gate_id>/remove")
@allowed(editor)
async def remove_gate(slug: str, gate_id: str) -> Response:
    """Takes a gate away; what was scanned there stays."""
    return await removed(await events.there(slug), "gate", gate_id, lists.remove_gate)


def _typed_of(found: Gate) -> Shown:
    return {"gate": found.name}


async def _gate_form(event: Event, found: Gate, form: Shown, status: int = 200) -> Response:
    return await page("door/one_gate.html", status=status, form=form, gate=found, **await head(event))
