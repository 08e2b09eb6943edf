"""Events as an Atom feed (RFC 4287), the last changed first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from webapp.events.event import Event, State

ATOM = "http://www.w3.org/2005/Atom"
NOTHING_YET = datetime(2000, 1, 1, tzinfo=UTC)
MOST = 100

ElementTree.register_namespace("", ATOM)


def feed(events: Sequence[Event], *, name: str, base: str, path: str, page: str) -> bytes:
    """The feed at `path` of what `page` shows."""
    latest = sorted(events, key=lambda event: (event.changed_at, event.id), reverse=True)[:MOST]
    made = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(made, "id", f"{base}{path}")
    _add(made, "title", name)
    _add(made, "updated", _time(latest[0].changed_at if latest else NOTHING_YET))
    _link(made, "self", f"{base}{path}", "application/atom+xml")
    _link(made, "alternate", f"{base}{page}", "text/html")
    _add(_add(made, "author"), "name", name)
    for event in latest:
        _entry(made, event, base)
    text: bytes = ElementTree.tostring(made, encoding="utf-8", xml_declaration=True)
    return text


def _entry(feed: ElementTree.Element, event: Event, base: str) -> None:
    entry = _add(feed, "entry")
    called_off = "Cancelled: " if event.state is State.CANCELLED else ""
    _add(entry, "id", f"{base}{event.path}")
    _add(entry, "title", called_off + event.title)
    _add(entry, "published", _time(event.created_at))
    _add(entry, "updated", _time(event.changed_at))
    _link(entry, "alternate", f"{base}{event.path}", "text/html")
    for tag in event.tags:
        _add(entry, "category").set("term", tag)
    when = f"{event.starts:%-d %B %Y}" + ("" if event.all_day else f", {event.starts:%H:%M} ({event.zone})")
    _add(entry, "summary", ". ".join(part for part in (when, event.place_name, event.summary) if part))
    content = _add(entry, "content", event.description_html or event.summary or event.title)
    content.set("type", "html")


def _add(parent: ElementTree.Element, name: str, text: str = "") -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = text or None
    return child


def _link(parent: ElementTree.Element, relation: str, href: str, kind: str) -> None:
    _add(parent, "link").attrib.update({"rel": relation, "href": href, "type": kind})


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
