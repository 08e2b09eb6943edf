"""Personal data of past events: for how long an organiser keeps it, and having it destroyed now."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp.access import actor, allowed, owner
from webapp.api import answering, finding, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.errors import Invalid, NotFound
from webapp.events import store as events
from webapp.organisers.organiser import Organiser
from webapp.responses import now
from webapp.retention import policy, rounds, store
from webapp.retention.erasure import Erasure
from webapp.retention.policy import Keeping

api = Blueprint("api_personal_data", __name__)

ABOUT = "Personal data"
PATH, SHRED = "/api/v1/organisers/<organiser_slug>/personal-data", "/api/v1/events/<slug>/shred"
HOW_MANY = "Say after how many days, such as 90."
NOTHING_YET = "Nothing of this event was destroyed."


class KeepingBody(Keeping):
    """As the installation has it, for ever, or so many days after an event's end; it counts for past events too."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"keeping": "days", "personal_days": 90}))


class KeepingView(View):
    """For how long an organiser keeps who came; the id is the organiser's."""

    model_config = ConfigDict(
        json_schema_extra=example({"id": "7mrxm5hj4y7cvp2k", "keeping": "days", "personal_days": 90, "days": 90})
    )

    keeping: Literal["default", "forever", "days"]
    personal_days: int | None
    days: int = Field(description="What counts, also where the installation decides; 0 for ever.")


class SureBody(BaseModel):
    """That nobody needs it any more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"is_sure": True}))

    is_sure: Literal[True]


class ErasureView(View):
    """How far the destroying is; the id is the event's."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"id": "0q8y2c6b5n1zr4tw", "asked_at": "2026-09-01T09:00:00Z", "people": 83}
            | {"done_at": "2026-09-01T09:00:05Z"}
        )
    )

    asked_at: datetime
    people: int = Field(description="How many were taken out so far.")
    done_at: datetime | None

    @classmethod
    def of(cls, one: Erasure) -> Self:
        return cls.made_of(one)


@api.get(PATH)
@allowed(owner)
@operation(ABOUT, answers=KeepingView, query=Choosing)
async def read(organiser_slug: str) -> Response:
    """Reads for how long an organiser keeps personal data of past events."""
    return await _kept(await finding.organiser(organiser_slug), asked(Choosing))


@api.patch(PATH)
@allowed(owner)
@operation(ABOUT, answers=KeepingView, body=KeepingBody, edits=True)
async def edit(organiser_slug: str) -> Response:
    """Keeps it for another time; that counts at once, also for what is over."""
    organiser = await finding.organiser(organiser_slug)
    before = await policy.keeping_of(organiser.id)
    tags.expect(_tag(before))
    body = await patched(KeepingBody, before.model_dump())
    if body.keeping == "days" and body.personal_days is None:
        raise Invalid({"/personal_days": HOW_MANY})
    with tags.of_one_version():
        await policy.choose(organiser, body, seen=before, by=actor(), now=now())
    await rounds.hurry()
    return await _kept(organiser, Choosing())


@api.get(SHRED)
@allowed(owner)
@operation(ABOUT, answers=ErasureView, query=Choosing)
async def erasure(slug: str) -> Response:
    """Reads how far the destroying of an event's personal data is."""
    event = await events.by_slug(slug)
    one = await store.of_event(event.id)
    if one is None:
        raise NotFound(NOTHING_YET)
    return await answering.one(ErasureView.of(one), choosing=asked(Choosing))


@api.post(SHRED)
@allowed(owner)
@operation(ABOUT, answers=ErasureView, body=SureBody)
async def shred(slug: str) -> Response:
    """Destroys who came to an event that is over, for good; numbers stay."""
    event = await events.by_slug(slug)
    await sent(SureBody)
    return await answering.one(ErasureView.of(await store.shred(event, by=actor(), now=now())))


async def _kept(organiser: Organiser, choosing: Choosing) -> Response:
    keeping = await policy.keeping_of(organiser.id)
    values: dict[str, Any] = {**keeping.model_dump(), "days": await policy.days_of(organiser.id)}
    return await answering.one(KeepingView(id=organiser.id, **values), edit=_tag(keeping), choosing=choosing)


def _tag(keeping: Keeping) -> str:
    return tags.edit_of(keeping.model_dump())
