"""Events: listed, read, made, edited, and what becomes of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp import database
from webapp.access import actor, allowed, anyone, editor
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import Expanding, example
from webapp.api.bulk import Bulk, Results, each
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.api.views import EVENT_EXAMPLE, EventView
from webapp.data import asked, fitting, patched, sent
from webapp.database import IndexModel
from webapp.errors import Changed
from webapp.events import store
from webapp.events.event import DETAILS, Details, Event, Phase, State
from webapp.frequency import heavy
from webapp.responses import now

api = Blueprint("api_events", __name__)

ABOUT = "Events"
PUBLIC = {"state": {"$in": [State.PUBLISHED, State.CANCELLED]}, "deleted_at": None}
EXPANDING: Expanding = {"organiser": finding.their_organisers}
Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\"\\]*$")]

database.keep(
    "events",
    IndexModel([("organiser_id", 1), ("starts_at", 1), ("_id", 1)]),
    IndexModel([("organiser_id", 1), ("changed_at", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("starts_at", 1), ("_id", 1)]),
)


class EventBody(Details):
    """What an organiser says of an event."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({name: EVENT_EXAMPLE[name] for name in DETAILS})
    )


class Events(Listing):
    """Which events."""

    sort: Literal["starts_at", "-starts_at", "changed_at", "-changed_at"] = "starts_at"
    text: Word = Field("", description="Words in the title, the summary, the description, the tags or the place.")
    tag: Word = Field("", description="Carries this tag.")
    state: State | None = Field(None, description="Is in this state.")
    phase: Phase | None = Field(None, description="Upcoming, on now, or over.")
    starts_after: AwareDatetime | None = Field(None, description="Starts at this instant or later.")
    starts_before: AwareDatetime | None = Field(None, description="Starts before this instant.")
    changed_since: AwareDatetime | None = Field(None, description="Was changed at this instant or later.")

    def query(self) -> dict[str, Any]:
        """As the database asks for it."""
        found: dict[str, Any] = {}
        if words := self.text.split()[:8]:
            found["$text"] = {"$search": " ".join(f'"{word}"' for word in words)}
        found |= {name: value for name in ("state", "phase") if (value := getattr(self, name))}
        found |= {"tags": self.tag.lower()} if self.tag else {}
        found |= _between("starts_at", self.starts_after, self.starts_before)
        return found | _between("changed_at", self.changed_since, None)


class TeamsEvents(Events):
    """Which events, for the team."""

    deleted: bool = Field(default=False, description="Those that can be brought back, instead.")


@api.get("/api/v1/events")
@allowed(anyone)
@operation(ABOUT, lists=EventView, query=Events, expands=tuple(EXPANDING))
async def index() -> Response:
    """Lists public events."""
    given = asked(Events)
    return await _listed({"$and": [PUBLIC, given.query()]}, given)


@api.get("/api/v1/organisers/<organiser_slug>/events")
@allowed(editor)
@operation(ABOUT, lists=EventView, query=TeamsEvents, expands=tuple(EXPANDING))
async def of_organiser(organiser_slug: str) -> Response:
    """Lists an organiser's events, drafts too."""
    organiser, given = await finding.organiser(organiser_slug), asked(TeamsEvents)
    deleted = {"deleted_at": {"$ne": None} if given.deleted else None}
    return await _listed({"organiser_id": organiser.id, **deleted, **given.query()}, given)


@api.post("/api/v1/organisers/<organiser_slug>/events")
@allowed(editor)
@operation(ABOUT, answers=EventView, status=201, body=EventBody)
async def create(organiser_slug: str) -> Response:
    """Makes a draft."""
    organiser = await finding.organiser(organiser_slug)
    event = await store.create(organiser.id, await sent(EventBody), by=actor(), now=now())
    return await answering.made(EventView.of(event), _path(event), edit=str(event.version))


@api.post("/api/v1/organisers/<organiser_slug>/events/bulk")
@allowed(editor)
@heavy
@operation(ABOUT, answers=Results, body=Bulk)
async def create_many(organiser_slug: str) -> Response:
    """Makes up to a hundred drafts, each by itself; `results` says what became of each."""
    organiser, given = await finding.organiser(organiser_slug), await sent(Bulk)

    async def make(item: Mapping[str, Any]) -> EventView:
        event = await store.create(organiser.id, fitting(EventBody, item), by=actor(), now=now())
        return EventView.of(event)

    return await each(given, make, status=201)


@api.get("/api/v1/events/<slug>")
@allowed(anyone)
@operation(ABOUT, answers=EventView, query=Choosing, expands=tuple(EXPANDING))
async def read(slug: str) -> Response:
    """Reads an event; a draft is there for its editors only."""
    event, choosing = await finding.seen(slug), asked(Choosing)
    return await answering.one(EventView.of(event), edit=str(event.version), choosing=choosing, expanding=EXPANDING)


@api.patch("/api/v1/events/<slug>")
@allowed(editor)
@operation(ABOUT, answers=EventView, body=EventBody, edits=True)
async def edit(slug: str) -> Response:
    """Edits an event, if nobody else did since it was read."""
    event = await finding.there(slug)
    tags.expect(str(event.version))
    details = await patched(EventBody, {name: getattr(event, name) for name in DETAILS})
    try:
        after = await store.edit(event, details, version=event.version, by=actor(), now=now())
    except store.Edited as edited:
        raise Changed(str(edited)) from None
    return await _one(after)


@api.delete("/api/v1/events/<slug>")
@allowed(editor)
@operation(ABOUT, status=204, edits=True)
async def delete(slug: str) -> Response:
    """Takes an event away; it can be brought back for a while."""
    event = await finding.there(slug)
    tags.expect_if_given(str(event.version))
    await store.delete(event, by=actor(), now=now())
    return answering.nothing()


@api.post("/api/v1/events/<slug>/restore")
@allowed(editor)
@operation(ABOUT, answers=EventView)
async def restore(slug: str) -> Response:
    """Brings a deleted event back."""
    return await _one(await store.restore(await store.by_slug(slug), by=actor(), now=now()))


@api.post("/api/v1/events/<slug>/publish")
@allowed(editor)
@operation(ABOUT, answers=EventView)
async def publish(slug: str) -> Response:
    """Shows an event to everyone."""
    return await _one(await store.publish(await finding.there(slug), by=actor(), now=now()))


@api.post("/api/v1/events/<slug>/unpublish")
@allowed(editor)
@operation(ABOUT, answers=EventView)
async def unpublish(slug: str) -> Response:
    """Makes an event a draft again."""
    return await _one(await store.unpublish(await finding.there(slug), by=actor(), now=now()))


@api.post("/api/v1/events/<slug>/cancel")
@allowed(editor)
@operation(ABOUT, answers=EventView)
async def cancel(slug: str) -> Response:
    """Calls a published event off, and tells whoever has places."""
    return await _one(await store.cancel(await finding.there(slug), by=actor(), now=now()))


@api.post("/api/v1/events/<slug>/duplicate")
@allowed(editor)
@operation(ABOUT, answers=EventView, status=201)
async def duplicate(slug: str) -> Response:
    """Makes a draft with the same details."""
    copy = await store.duplicate(await finding.there(slug), by=actor(), now=now())
    return await answering.made(EventView.of(copy), _path(copy), edit=str(copy.version))


async def _listed(query: Mapping[str, Any], given: Events) -> Response:
    found = await listing.page("events", query, given, EventView.kept)
    return await answering.listed(found, given, EXPANDING)


async def _one(event: Event) -> Response:
    return await answering.one(EventView.of(event), edit=str(event.version))


def _path(event: Event) -> str:
    return f"/api/v1/events/{event.slug}"


def _between(field: str, first: datetime | None, last: datetime | None) -> dict[str, Any]:
    limits = ({"$gte": first} if first else {}) | ({"$lt": last} if last else {})
    return {field: limits} if limits else {}
