"""The door links: made, shown and taken back."""

from quart import Blueprint, Response, request

from webapp import when
from webapp.access import actor, allowed, door, editor, who
from webapp.door import codes, devices, live
from webapp.door.making import LinkForm
from webapp.door.setting_up import Shown, head, in_form, setup_page, setup_path
from webapp.errors import Conflict, NotFound
from webapp.events import store as events
from webapp.organisers.organiser import Role
from webapp.responses import FormErrors, answer, now, page, redirect

pages = Blueprint("door_links", __name__)

MY_PHONE_HOURS = 12


@pages.post("/events/<slug>/door/my-phone")
@allowed(door)
async def my_phone(slug: str) -> Response:
    """A door link for the phone of somebody in the team, opened at once."""
    event = await events.there(slug)
    may_force = who().may(event.organiser_id, Role.EDITOR)
    given = LinkForm(name=who().name or "Somebody of the team", hours=MY_PHONE_HOURS, may_force=may_force)
    link = await devices.add_link(event, given, by=actor(), now=now())
    return await redirect(link.path)


@pages.post("/events/<slug>/door/links")
@allowed(editor)
async def add_link(slug: str) -> Response:
    """Makes a door link and shows it."""
    event = await events.there(slug)
    try:
        link = await devices.add_link(event, await in_form(LinkForm), by=actor(), now=now())
    except (FormErrors, Conflict) as wrong:
        return await setup_page(event, "link", wrong)
    return await redirect(f"{event.path}/door/links/{link.id}")


@pages.get("/events/<slug>/door/links/<link_id>")
@allowed(editor)
async def one_link(slug: str, link_id: str) -> Response:
    """A door link as an address and as a code to scan."""
    event = await events.there(slug)
    for link in await devices.links(event):
        if link.id == link_id:
            address = f"{request.scheme}://{request.host}{link.path}"
            shown: Shown = {"link": link, "address": address, "picture": codes.picture(address)}
            return await page(
                "door/link.html", **shown, until=when.wall(link.expires_at, event.zone), **await head(event)
            )
    raise NotFound("This door link was taken back.")


@pages.post("/events/<slug>/door/links/<link_id>/revoke")
@allowed(editor)
async def revoke_link(slug: str, link_id: str) -> Response:
    """Takes a door link back; its phones are shut out at once."""
    event = await events.there(slug)
    for device_id in await devices.revoke(event, link_id, by=actor(), now=now()):
        await live.shut_out(device_id)
    region = live.door_setup(event.organiser_id, event.id)
    return await answer(region, otherwise=setup_path(event), notice="Taken back. Its phones cannot scan any more.")
