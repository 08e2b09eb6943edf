"""What programs read in the page of an event: schema.org/Event as JSON-LD, and OpenGraph."""

import json
from datetime import date
from typing import Any

from markupsafe import Markup

from webapp.events.event import Event, State
from webapp.feeds.calendar import times

SCHEMA = "https://schema.org"


def linked_data(event: Event, *, base: str, organiser: str, organiser_path: str) -> Markup:
    """The event as a data block; nothing in it can end the block, and no browser runs it."""
    text = json.dumps(described(event, base=base, organiser=organiser, organiser_path=organiser_path))
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(safe))  # noqa: S704 - escaped above


def described(event: Event, *, base: str, organiser: str, organiser_path: str) -> dict[str, Any]:
    """The event in the words of schema.org."""
    starts, ends = times(event)
    url = f"{base}{event.path}"
    status = "EventCancelled" if event.state is State.CANCELLED else "EventScheduled"
    return {
        "@context": SCHEMA,
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": event.title,
        **({"description": event.summary} if event.summary else {}),
        "startDate": _written(starts),
        "endDate": _written(ends),
        **({"doorTime": event.doors_at.isoformat()} if event.doors_at else {}),
        "eventStatus": f"{SCHEMA}/{status}",
        "eventAttendanceMode": f"{SCHEMA}/{_mode(event)}EventAttendanceMode",
        "inLanguage": event.language,
        "location": _places(event),
        "organizer": {"@type": "Organization", "name": organiser, "url": f"{base}{organiser_path}"},
        **({"keywords": ", ".join(event.tags)} if event.tags else {}),
        **({"maximumAttendeeCapacity": event.capacity} if event.capacity else {}),
    }


def _places(event: Event) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if event.place_name or event.place_address or not event.online_url:
        place: dict[str, Any] = {"@type": "Place", "name": event.place_name or event.place_address or "To be announced"}
        if event.place_address:
            place["address"] = event.place_address
        if event.latitude is not None:
            spot = {"latitude": event.latitude, "longitude": event.longitude}
            place["geo"] = {"@type": "GeoCoordinates", **spot}
        found.append(place)
    if event.online_url:
        found.append({"@type": "VirtualLocation", "url": event.online_url})
    return found


def _mode(event: Event) -> str:
    is_somewhere = bool(event.place_name or event.place_address)
    return "Mixed" if event.online_url and is_somewhere else "Online" if event.online_url else "Offline"


def _written(at: date) -> str:
    return at.isoformat()
