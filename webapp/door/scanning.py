"""What helpers do with a phone that a door link was opened on: scan, look up by name, take back. Nothing else."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from quart import Blueprint, Response, current_app, request

from webapp import frequency, when
from webapp.access import allowed, anyone, door_device
from webapp.database import new_id
from webapp.door import cookie, devices, lists, live, store, tickets
from webapp.door.checkin import CheckInList, Presence, Result, Scan, Ticket, Verdict
from webapp.door.making import DeviceForm, PlaceForm
from webapp.door.phone import arranged, here_now, standing_at
from webapp.door.setting_up import blank
from webapp.errors import NotAllowed, NotFound, TurnoutError
from webapp.events import store as events
from webapp.responses import FormErrors, form, fragment, is_htmx, now, page, redirect

pages = Blueprint(cookie.BLUEPRINT, __name__)
Shown = dict[str, Any]
BEGIN_AGAIN = "Scan again: something was missing."


@pages.get("/door/<token>")
@allowed(anyone)
async def opened(token: str) -> Response:
    """Asks a helper who opened a door link what to call the phone. Opening changes nothing."""
    return await _enrolling(await devices.by_link(token, now=now()), blank())


@pages.post("/door/<token>")
@allowed(anyone)
async def enrol(token: str) -> Response:
    """Makes the phone one of the door."""
    link = await devices.by_link(token, now=now())
    try:
        given = await form(DeviceForm)
    except FormErrors as wrong:
        shown = {**blank(**wrong.values), "errors": wrong.fields, "first_error": next(iter(wrong.fields), None)}
        return await _enrolling(link, shown, status=422)
    secret, device = await devices.enrol(link, given, now=now())
    is_plain = current_app.extensions["settings"].is_plain
    return cookie.give(await redirect("/door"), secret, until=device.expires_at, is_plain=is_plain)


@pages.get("/door")
@frequency.at_the_door
@allowed(door_device)
async def scanner() -> Response:
    """The scanning page; with `q` also who is called so."""
    text = request.args.get("q", "")[:100]
    if is_htmx():
        return await fragment("door/found.html", **await _looked_up(text))
    return await _scanner(text)


@pages.post("/door/scan")
@frequency.at_the_door
@allowed(door_device)
async def scan() -> Response:
    """Lets somebody in or out, or says why not."""
    device = here_now()
    asked, _, door = await standing_at(device)
    typed = (await request.form).to_dict()
    if typed.get("force") and not device.may_force:
        raise NotAllowed("This phone may not let in somebody whom the list refuses. Ask whoever leads the door.")
    known: Shown = {
        name: typed[name] for name in ("code", "ticket_id", "nonce", "happened_at", "force") if name in typed
    }
    if typed.get("answering"):
        known["answers"] = await _answers()
    try:
        given = Scan.model_validate({**known, "list_id": asked.id, "kind": device.kind})
    except ValidationError:
        return await told(None, BEGIN_AGAIN)
    try:
        return await told(await store.redeem(door, given, by=device.by, now=now()))
    except TurnoutError as refused:
        return await told(None, str(refused))


@pages.post("/door/undo")
@frequency.at_the_door
@allowed(door_device)
async def undo() -> Response:
    """Takes the phone's own check-in back."""
    device = here_now()
    _, _, door = await standing_at(device)
    typed = await request.form
    check_in_id, reason = typed.get("check_in_id", "")[:120], typed.get("reason", "")[:200]
    try:
        return await told(await store.undo(door, check_in_id, reason=reason, by=device.by, now=now()))
    except TurnoutError as refused:
        return await told(None, str(refused))


@pages.post("/door/place")
@frequency.at_the_door
@allowed(door_device)
async def move() -> Response:
    """Puts the phone to another list, gate or direction."""
    device = here_now()
    given, around = await form(PlaceForm), await arranged()
    is_list = given.list_id in {one.id for one in device.lists_among(around.lists)}
    is_gate = not given.gate_id or given.gate_id in {one.id for one in device.gates_among(around.gates)}
    if not is_list or not is_gate:
        raise NotFound("There is no such list or gate for this phone.")
    await devices.move(device, given)
    return await redirect("/door")


@pages.get("/door/here")
@frequency.at_the_door
@allowed(door_device)
async def here() -> Response:
    """Says that the phone is there; recognising it notes that."""
    return Response(status=204)


@pages.post("/door/leave")
@frequency.at_the_door
@allowed(door_device)
async def leave() -> Response:
    """Lets the phone scan no more."""
    device = here_now()
    await devices.leave(device, now=now())
    await live.shut_out(device.id)
    return await redirect("/", "This phone does not scan any more.")


async def _enrolling(link: devices.Link, shown: Shown, status: int = 200) -> Response:
    event = await events.get(link.organiser_id, link.event_id)
    return await page("door/enrolling.html", status=status, event=event, link=link, form=shown)


async def _scanner(text: str = "", status: int = 200, **told: Any) -> Response:
    device = here_now()
    around, (asked, gate, _) = await arranged(), await standing_at(device)
    gates = {one.id: one.name for one in device.gates_among(around.gates)}
    context = {
        "event": around.event,
        "device": device,
        "asked": asked,
        "gate": gate,
        "place": blank(list_id=asked.id, gate_id=gate.id if gate else "", kind=device.kind.value),
        "lists": {one.id: one.name for one in device.lists_among(around.lists)},
        "gates": {"": "No gate", **gates} if gates else {},
        "nonce": new_id(),
        "public_key": live.key_of(around.event.id).public,
        **(told or _nothing_told()),
        **await _looked_up(text),
    }
    return await page(
        "door/scanner.html", live.door_strip(device.organiser_id, device.event_id), status=status, **context
    )


def _nothing_told() -> Shown:
    return {"verdict": None, "trouble": "", "detail": "", "kind": "", "asking": blank()}


async def _answers() -> dict[str, list[str]]:
    typed = await request.form
    return {name[2:]: typed.getlist(name) for name in typed if name.startswith("q.")}


async def told(verdict: Verdict | None, trouble: str = "") -> Response:
    """The verdict: for htmx alone, without it on the whole page, which may be sent again: the nonce is the same."""
    device = here_now()
    told: Shown = {
        "verdict": verdict,
        "trouble": trouble,
        "detail": await _detail(verdict) if verdict else "",
        "kind": (await arranged()).kinds.get(verdict.ticket_type_id, "") if verdict else "",
        "asking": await _asking(verdict),
    }
    if is_htmx():
        return await fragment("door/verdict.html", device=device, again=new_id(), **told)
    return await _scanner(status=200 if verdict else 422, **told)


async def _detail(verdict: Verdict) -> str:
    """What helps whoever stands there: who let them in before, or when the list lets in."""
    if verdict.result is Result.ALREADY_IN:
        return verdict.before(now())
    if verdict.result not in (Result.NOT_YET, Result.TOO_LATE):
        return ""
    event = (await arranged()).event
    asked = await lists.get(event, verdict.list_id)
    word, at = ("From", asked.opens_at) if verdict.result is Result.NOT_YET else ("Until", asked.closes_at)
    shown = when.wall(at, event.zone) if at else None
    return f"{word} {shown.day} {shown:%B, %H:%M}" if shown else ""


async def _asking(verdict: Verdict | None) -> Shown:
    """The form with the questions of a verdict, as far as it was filled in."""
    wrong = {f"q.{one}": said for one, said in verdict.wrong.items()} if verdict else {}
    typed = {name: value for name, value in (await request.form).items() if name.startswith("q.")}
    return {**blank(**typed), "errors": wrong, "first_error": next(iter(wrong), None)}


async def _looked_up(text: str) -> Shown:
    device = here_now()
    asked, _, _ = await standing_at(device)
    found = await tickets.named(device.event_id, text)
    presence = await store.presence_of([one.id for one in found])
    return {"text": text, "found": [_row(one, asked, presence) for one in found], "device": device}


def _row(ticket: Ticket, asked: CheckInList, presence: Mapping[str, Presence]) -> Shown:
    standing = presence.get(ticket.id, Presence()).on(asked.id)
    return {"ticket": ticket, "standing": standing, "is_on_list": asked.has(ticket), "nonce": new_id()}
