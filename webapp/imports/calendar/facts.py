"""What one VEVENT says about every occurrence of it: everything but the times."""

import re
from collections.abc import Iterable
from typing import Any

import icalendar

from webapp.imports.calendar.component import Parsed
from webapp.imports.calendar.texts import cut, markdown_of, one_line

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8}){0,3})")
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)
_MOST_TAGS, _LONGEST_TAG = 10, 40
_LONGEST = {
    "title": 120,
    "description": 20_000,
    "place_name": 120,
    "place_address": 300,
    "organiser_name": 120,
}


def facts(parsed: Parsed) -> dict[str, Any]:
    """The details of an event without its times. What is cut is noted on `parsed`."""
    event = parsed.event
    found = {
        "title": one_line(str(event["SUMMARY"])),
        "description": _description(event),
        "online_url": _online(event),
        "tags": _tags(event),
        "language": _language(event),
        "organiser_name": one_line(_parameter(event.get("ORGANIZER"), "CN")),
        **_place(event),
        **_coordinates(event),
    }
    return found | {name: _fitting(str(found[name]), name, most, parsed) for name, most in _LONGEST.items()}


def _fitting(text: str, name: str, most: int, parsed: Parsed) -> str:
    text = text.replace("\ufffd", "")
    if len(text) > most:
        label = name.replace("_", " ")
        parsed.notes.append((parsed.block.line, f"Its {label} is longer than {most:,} characters and was cut."))
    return cut(text, most)


def is_cancelled(event: icalendar.Event) -> bool:
    return str(event.get("STATUS", "")).strip().upper() == "CANCELLED"


def _description(event: icalendar.Event) -> str:
    text = markdown_of(str(event.get("DESCRIPTION", "")))
    url = _address(event.get("URL"))
    if not url or url in text:
        return text
    return f"{text}\n\n<{url}>".strip()


def _online(event: icalendar.Event) -> str:
    places = [
        *_many(event.get("CONFERENCE")),
        event.get("X-GOOGLE-CONFERENCE"),
        event.get("X-MICROSOFT-SKYPETEAMSMEETINGURL"),
        event.get("LOCATION"),
    ]
    return next((url for url in map(_address, places) if url), "")


def _address(value: Any) -> str:
    found = _WEB.fullmatch(str(value or "").strip())
    return found[0] if found and len(found[0]) <= 500 and not re.search(r"[<>\"\\]", found[0]) else ""


def _place(event: icalendar.Event) -> dict[str, str]:
    """A place is named in its first line, or before the first comma; the rest is its address."""
    text = str(event.get("LOCATION", "")).strip()
    structured = event.get("X-APPLE-STRUCTURED-LOCATION")
    if _address(text):
        text = ""
    named, address = _parameter(structured, "X-TITLE"), _parameter(structured, "X-ADDRESS").replace("\\n", "\n")
    if named and address:
        return {"place_name": one_line(named), "place_address": ", ".join(_parts(address))}
    parts = _parts(text or named or address)
    return {"place_name": parts[0] if parts else "", "place_address": ", ".join(parts[1:])}


def _parts(text: str) -> list[str]:
    return [part for part in map(one_line, re.split(r"[\r\n]+|,", text)) if part]


def _coordinates(event: icalendar.Event) -> dict[str, float | None]:
    nowhere: dict[str, float | None] = {"latitude": None, "longitude": None}
    geo = event.get("GEO")
    pair = (geo.latitude, geo.longitude) if geo is not None else _structured(event)
    if pair is None or not (abs(pair[0]) <= 90 and abs(pair[1]) <= 180) or pair == (0, 0):
        return nowhere
    return {"latitude": float(pair[0]), "longitude": float(pair[1])}


def _structured(event: icalendar.Event) -> tuple[float, float] | None:
    found = re.fullmatch(r"geo:(-?\d+\.?\d*),(-?\d+\.?\d*).*", str(event.get("X-APPLE-STRUCTURED-LOCATION", "")))
    return (float(found[1]), float(found[2])) if found else None


def _tags(event: icalendar.Event) -> list[str]:
    words = [one_line(str(word)).lower() for group in _many(event.get("CATEGORIES")) for word in group.cats]
    return [word for word in dict.fromkeys(words) if 0 < len(word) <= _LONGEST_TAG][:_MOST_TAGS]


def _language(event: icalendar.Event) -> str:
    found = _LANGUAGE.fullmatch(_parameter(event["SUMMARY"], "LANGUAGE"))
    return f"{found[1].lower()}{found[2]}" if found else "en"


def _parameter(value: Any, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, "") or "").strip().strip('"')


def _many(value: Any) -> Iterable[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
