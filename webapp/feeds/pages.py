"""The feeds: calendars and Atom of all events, an organiser's or one; somebody's own calendar; the sitemap."""

import hashlib
from datetime import timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

from quart import Blueprint, Response, current_app, request

from webapp.access import allowed, anyone, signed_in, who
from webapp.errors import NotFound
from webapp.events import finding
from webapp.events import store as events
from webapp.events.event import Event
from webapp.events.search import Search
from webapp.feeds import atom, links
from webapp.feeds.calendar import calendar
from webapp.organisers import store as organisers
from webapp.people.pages import never_kept
from webapp.registrations import store as registrations
from webapp.responses import now, page, redirect

STAYS = timedelta(days=30)
"""Events stay in a feed for so long after their end."""

CALENDAR, ATOM = "text/calendar; charset=utf-8", "application/atom+xml; charset=utf-8"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_ADDRESSES = 50_000
FOR_FIVE_MINUTES, FOR_THEM_ALONE = "public, max-age=300", "private, no-cache"

pages = Blueprint("feeds", __name__)
mine = Blueprint("my_calendar", __name__)
mine.after_request(never_kept)


@pages.get("/events.ics")
@allowed(anyone)
async def all_events() -> Response:
    """Public events as a calendar, also only those with a tag or at a place."""
    found, name, query = await _searched()
    return _calendar(found, name, f"/events.ics{query}")


@pages.get("/events.atom")
@allowed(anyone)
async def all_news() -> Response:
    """The same as an Atom feed."""
    found, name, query = await _searched()
    made = atom.feed(found, name=name, base=_base(), path=f"/events.atom{query}", page=f"/{query}")
    return _sent(made, ATOM)


@pages.get("/organisers/<organiser_slug>/events.ics")
@allowed(anyone)
async def organisers_events(organiser_slug: str) -> Response:
    """An organiser's public events as a calendar."""
    organiser = await organisers.by_slug(organiser_slug)
    found = await finding.public_since(now() - STAYS, Search(), organiser_id=organiser.id)
    return _calendar(found, organiser.name, f"{organiser.path}/events.ics")


@pages.get("/organisers/<organiser_slug>/events.atom")
@allowed(anyone)
async def organisers_news(organiser_slug: str) -> Response:
    """The same as an Atom feed."""
    organiser = await organisers.by_slug(organiser_slug)
    found = await finding.public_since(now() - STAYS, Search(), organiser_id=organiser.id)
    path = f"{organiser.path}/events.atom"
    return _sent(atom.feed(found, name=organiser.name, base=_base(), path=path, page=organiser.path), ATOM)


@pages.get("/events/<slug>/event.ics")
@allowed(anyone)
async def one_event(slug: str) -> Response:
    """A public event as a calendar, which follows it when it is moved or called off."""
    event = await events.by_slug(slug)
    if not event.is_public:
        raise NotFound("There is no such event; it may have been deleted.")
    return _calendar([event], event.title, f"{event.path}/event.ics")


@pages.get("/calendars/<token>.ics")
@allowed(anyone)
async def my_events(token: str) -> Response:
    """The events that somebody comes to, for whoever has their link."""
    person_id = await links.whose(token)
    coming = await registrations.confirmed_of(person_id)
    paths = {event_id: registrations.path_of(registration_id) for registration_id, event_id in coming}
    found = await finding.public_among(list(paths))
    entries = [(event, f"{_base()}{paths[event.id]}") for event in found]
    made = calendar(entries, name="Where you are expected", url=f"{_base()}{request.path}")
    return _sent(made, CALENDAR, FOR_THEM_ALONE)


@mine.get("/me/calendar")
@allowed(signed_in)
async def my_calendar() -> Response:
    """Somebody's link to their calendar."""
    token = await links.of(who().id)
    return await page("feeds/mine.html", address=f"{_base()}/calendars/{token}.ics" if token else "")


@mine.post("/me/calendar")
@allowed(signed_in)
async def make_link() -> Response:
    """Makes a link; one from before opens nothing any more."""
    await links.make(who().id, now=now())
    return await redirect("/me/calendar", "Here is your link.")


@mine.post("/me/calendar/revoke")
@allowed(signed_in)
async def revoke_link() -> Response:
    """Takes the link back."""
    await links.take_back(who().id)
    return await redirect("/me/calendar", "The link opens nothing any more.")


@pages.get("/sitemap.xml")
@allowed(anyone)
async def sitemap() -> Response:
    """Every public page, for search engines (sitemaps.org)."""
    made = ElementTree.Element("urlset", xmlns=SITEMAP)
    for path, changed_at in [("/", None), ("/calendar", None), *await finding.addresses(MOST_ADDRESSES - 2)]:
        url = ElementTree.SubElement(made, "url")
        ElementTree.SubElement(url, "loc").text = f"{_base()}{path}"
        if changed_at:
            ElementTree.SubElement(url, "lastmod").text = changed_at.isoformat(timespec="seconds")
    return _sent(ElementTree.tostring(made, encoding="utf-8", xml_declaration=True), "application/xml; charset=utf-8")


@pages.get("/robots.txt")
@allowed(anyone)
async def robots() -> Response:
    """What search engines may read: what everybody may, but nobody's own pages."""
    hidden = ("/manage", "/me", "/admin", "/door", "/registrations", "/tickets", "/calendars", "/live", "/api")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in hidden), f"Sitemap: {_base()}/sitemap.xml", ""]
    return _sent("\n".join(lines).encode(), "text/plain; charset=utf-8")


async def _searched() -> tuple[list[Event], str, str]:
    """The events that were asked for, what to call them, and the query that asks for them."""
    given = Search.of({name: request.args.get(name, "") for name in ("tag", "place", "text")})
    asked = {name: value for name in ("text", "tag", "place") if (value := getattr(given, name))}
    found = await finding.public_since(now() - STAYS, given)
    name = "Events" + (f": {', '.join(asked.values())}" if asked else "")
    return found, name, f"?{urlencode(asked)}" if asked else ""


def _calendar(found: list[Event], name: str, path: str) -> Response:
    entries = [(event, f"{_base()}{event.path}") for event in found]
    return _sent(calendar(entries, name=name, url=f"{_base()}{path}"), CALENDAR)


def _sent(content: bytes, kind: str, kept: str = FOR_FIVE_MINUTES) -> Response:
    """The bytes, or 304 to who has them already."""
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = kept
    tag = hashlib.sha256(content).hexdigest()[:32]
    response.set_etag(tag)
    if tag in request.if_none_match:
        response.status_code = 304
        response.set_data(b"")
    return response


def _base() -> str:
    address: str = current_app.extensions["settings"].address
    return address
