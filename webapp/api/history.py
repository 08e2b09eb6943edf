"""The audit: what was done for an organiser, by whom, when and by which way."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp.access import allowed, manager
from webapp.api import answering, finding, listing
from webapp.api.answering import Expanding, View, example
from webapp.api.listing import Listing
from webapp.api.operation import operation
from webapp.audit.actor import Via
from webapp.audit.record import Kind, Record
from webapp.data import asked

api = Blueprint("api_history", __name__)

ABOUT = "Audit"
EXPANDING: Expanding = {"event": finding.their_events}
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{0,24}$")]


class ActorPart(BaseModel):
    """Who did it; without a name, somebody whose account is deleted."""

    person_id: str
    name: str
    address: str
    via: Via


class SubjectPart(BaseModel):
    """What was changed."""

    kind: Kind
    id: str
    title: str


class RecordView(View):
    """One act. It is written once and never changed; long texts are cut."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "w1c6b9f2k7m3x5d8",
                "at": "2026-05-03T11:30:00Z",
                "action": "edited",
                "sentence": "changed “Jazz by the water”",
                "subject": {"kind": "event", "id": "0q8y2c6b5n1zr4tw", "title": "Jazz by the water"},
                "event_id": "0q8y2c6b5n1zr4tw",
                "actor": {"person_id": "x5d8w1c6b9f2k7m3", "name": "Ben", "address": "203.0.113.7", "via": "api"},
                "before": {"capacity": "100"},
                "after": {"capacity": "120"},
            }
        )
    )

    at: datetime
    action: str
    sentence: str
    subject: SubjectPart
    event_id: str
    actor: ActorPart
    before: dict[str, str]
    after: dict[str, str]

    @classmethod
    def of(cls, one: Record) -> Self:
        subject = SubjectPart(kind=one.subject.kind, id=one.subject.id, title=one.subject.title)
        actor = ActorPart.model_validate(one.actor, from_attributes=True)
        return cls.made_of(one, subject=subject, actor=actor)


class Records(Listing):
    """Which acts."""

    sort: Literal["at", "-at"] = "-at"
    person_id: Id = Field("", description="Of this person.")
    event_id: Id = Field("", description="About this event and what belongs to it.")
    kind: Kind | None = Field(None, description="About this kind of thing.")
    since: AwareDatetime | None = Field(None, description="At this instant or later.")
    until: AwareDatetime | None = Field(None, description="Before this instant.")

    def query(self) -> dict[str, Any]:
        """As the database asks for it."""
        named = {"actor.person_id": self.person_id, "about_event": self.event_id, "subject.kind": self.kind}
        times = ({"$gte": self.since} if self.since else {}) | ({"$lt": self.until} if self.until else {})
        return {field: value for field, value in named.items() if value} | ({"at": times} if times else {})


@api.get("/api/v1/organisers/<organiser_slug>/audit")
@allowed(manager)
@operation(ABOUT, lists=RecordView, query=Records, expands=tuple(EXPANDING))
async def index(organiser_slug: str) -> Response:
    """Lists what was done for an organiser, the latest first."""
    organiser, given = await finding.organiser(organiser_slug), asked(Records)
    found = await listing.page(
        "records",
        {"organiser_id": organiser.id, **given.query()},
        given,
        lambda row: RecordView.of(Record.model_validate(row)),
    )
    return await answering.listed(found, given, EXPANDING)
