"""What the scanning page asks for to go on without network: its worker, the pack, and where to leave what it kept."""

from base64 import b64decode
from binascii import Error

from quart import Blueprint, Response, jsonify, request

from webapp import assets, frequency
from webapp.access import allowed, anyone, door_device
from webapp.door import live, offline, uploads
from webapp.door.pack import Pack
from webapp.door.phone import arranged, here_now, standing_at
from webapp.responses import now

pages = Blueprint("offline", __name__)

HIGH = "/door"
"""Whatever the worker may see: the scanning pages, and nothing else of Turnout."""


@pages.get("/door/worker.js")
@frequency.free
@allowed(anyone)
async def worker() -> Response:
    """The service worker of the scanning pages. Asked for afresh each time; it knows no version of any page."""
    response = Response(assets.content("worker.js"), content_type="text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = HIGH
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.route("/door/pack", methods=["GET", "POST"])
@frequency.at_the_door
@allowed(door_device)
async def pack() -> Response:
    """What differs from the pack that the phone has, as far as it goes into one part.

    `etag` names a whole pack that the phone has, `have` are its digests in base64; whoever sends neither has nothing.
    """
    typed, there = await request.form, await _pack()
    if typed.get("etag") == there.etag:
        return await _sent(there, Response(status=204))
    try:
        have = b64decode(typed.get("have", ""), validate=True)
    except (Error, ValueError):
        have = b""
    body = there.part(have, {"device_id": here_now().id})
    return await _sent(there, Response(body, content_type="application/octet-stream"))


@pages.post("/door/upload")
@frequency.at_the_door
@allowed(door_device)
async def upload() -> Response:
    """Learns of scans that the phone made without network; answers each of them, in their order."""
    device, around = here_now(), await arranged()
    gates = device.gates_among(around.gates)
    list_ids = {one.id for one in device.lists_among(around.lists)}
    text = (await request.form).get("entries", "")
    told = await uploads.learn(device, gates, list_ids, text, now=now())
    return _dated(jsonify([one.model_dump(mode="json") for one in told]))


async def _pack() -> Pack:
    event = (await arranged()).event
    asked, _, _ = await standing_at(here_now())
    return await offline.pack_of(event, asked, public_key=live.key_of(event.id).public)


async def _sent(there: Pack, response: Response) -> Response:
    device = here_now()
    response.headers["ETag"] = f'"{there.etag}"'
    response.headers["Turnout-Until"] = offline.until((await arranged()).event, device).isoformat()
    return _dated(response)


def _dated(response: Response) -> Response:
    """By this a phone knows how far its clock is off."""
    response.headers["Turnout-Now"] = now().isoformat()
    return response
