"""The cookie of a phone at the door: a secret that its link gave it, good for scanning and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime

from quart import Response
from werkzeug.http import parse_cookie

from webapp.door import devices
from webapp.door.devices import Device

BLUEPRINT = "scanning"
BLUEPRINTS = {BLUEPRINT, "offline", "walk_ins"}
PLAIN, SECURE = "turnout_door", "__Host-turnout_door"


async def device(cookies: Mapping[str, str]) -> Device | None:
    """The phone that these cookies belong to, if it may still scan."""
    secret = cookies.get(SECURE) or cookies.get(PLAIN)
    return await devices.recognise(secret, now=datetime.now(UTC)) if secret else None


async def device_in(header: str) -> Device | None:
    """The same for a Cookie header outside of a request."""
    return await device(parse_cookie(header))


async def again(known: Device) -> Device | None:
    """The same phone, unless its link has ended."""
    return known if await devices.is_still(known.id, now=datetime.now(UTC)) else None


def give(response: Response, secret: str, *, until: datetime, is_plain: bool) -> Response:
    """Lets a browser be this phone; the __Host- prefix needs https."""
    name = PLAIN if is_plain else SECURE
    response.set_cookie(name, secret, expires=until, httponly=True, secure=not is_plain, samesite="Lax")
    return response
