"""What a team sees of a door, and how many may be inside."""

from quart import Blueprint, Response

from webapp import meanwhile
from webapp.access import actor, allowed, door, editor
from webapp.door import clashes, lists, live
from webapp.door.making import LimitForm
from webapp.door.setting_up import head, in_form, sent, setup_page, setup_path
from webapp.events import store as events
from webapp.meanwhile import Meanwhile
from webapp.responses import FormErrors, answer, now, page, redirect

pages = Blueprint("door", __name__)


@pages.get("/events/<slug>/door")
@allowed(door)
async def board(slug: str) -> Response:
    """What happens at the door just now."""
    event = await events.there(slug)
    whose = event.organiser_id, event.id
    regions = live.door_clashes(*whose), live.door_board(*whose), live.door_devices(*whose)
    return await page("door/dashboard.html", *regions, **await head(event))


@pages.post("/events/<slug>/door/clashes/<clash_id>/seen")
@allowed(door)
async def see_clash(slug: str, clash_id: str) -> Response:
    """Somebody has seen whom a phone let pass without network."""
    event = await events.there(slug)
    await clashes.see(event, clash_id, by=actor(), now=now())
    return await answer(live.door_clashes(event.organiser_id, event.id), otherwise=f"{event.path}/door")


@pages.get("/events/<slug>/door/setup")
@allowed(editor)
async def setup(slug: str) -> Response:
    """Lists, gates, the limit and door links."""
    return await setup_page(await events.there(slug))


@pages.post("/events/<slug>/door/limit")
@allowed(editor)
async def set_limit(slug: str) -> Response:
    """Keeps how many may be inside."""
    event = await events.there(slug)

    async def there() -> LimitForm:
        return LimitForm(limit=await lists.limit(event.id))

    async def write(seen: LimitForm) -> None:
        await lists.set_limit(event, given, seen=seen, by=actor(), now=now())

    try:
        given = await in_form(LimitForm)
        await meanwhile.save(await sent(), there, LimitForm.model_dump, write)
    except (FormErrors, Meanwhile) as wrong:
        return await setup_page(event, "limit", wrong)
    return await redirect(setup_path(event), "Saved.")
