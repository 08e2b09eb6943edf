"""Messages: what an event's team writes to those who registered, and what they were told by Turnout itself."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp import database
from webapp.access import actor, allowed, editor
from webapp.api import answering, finding, listing
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, fitting, perhaps_sent, sent
from webapp.frequency import heavy
from webapp.mail.failing import Why
from webapp.messages import again, store
from webapp.messages.message import Audience, Message, Writing
from webapp.responses import now

api = Blueprint("api_messages", __name__)

ABOUT = "Messages"
PATH = "/api/v1/events/<slug>/messages"
TYPED = {"subject": "Bring a coat", "text": "The doors open at seven, and it is windy.", "state": "confirmed"}


class MessageBody(Writing):
    """What to write, and to whom: those in a state, of one ticket type or of all. The same key is the same message."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(TYPED))

    key: str = Field(default_factory=database.new_id, min_length=8, max_length=64)


class MessageView(View):
    """A message, and how far it is. Of the mails that were `posted`, others than those counted are on their way."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "5n1zr4tw3c8w1x6b",
                "event_id": "0q8y2c6b5n1zr4tw",
                "subject": TYPED["subject"],
                "text": TYPED["text"],
                "states": ["confirmed"],
                "ticket_type_id": "",
                "by": "Ana",
                "why": "",
                "created_at": "2026-07-30T10:00:00Z",
                "registrations": 50,
                "posted": 50,
                "sent": 48,
                "failed": 1,
                "put_off": 1,
            }
        )
    )

    event_id: str
    subject: str
    text: str
    states: list[str] = Field(description="Of the registrations that it goes to.")
    ticket_type_id: str = Field(description="Empty for all.")
    by: str = Field(description="Who wrote it; empty where Turnout did.")
    why: str = Field(description="What Turnout tells of; empty where somebody wrote it.")
    created_at: datetime
    registrations: int = Field(description="How many it goes to.")
    posted: int
    sent: int
    failed: int
    put_off: int = Field(description="How many are tried again.")

    @classmethod
    def of(cls, one: Message) -> Self:
        why = one.why if one.is_automatic else ""
        return cls.made_of(one, by=one.by_name, why=why, registrations=one.total)


class AudienceView(View):
    """How many registrations a message would go to just now; the id is the event's."""

    model_config = ConfigDict(json_schema_extra=example({"id": "0q8y2c6b5n1zr4tw", "registrations": 50}))

    registrations: int


class AgainBody(BaseModel):
    """Which of the mails that could not be delivered is tried once more; none named, all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"mail_id": ""}))

    mail_id: str = Field("", max_length=100)


class UndeliveredView(View):
    """A mail of a message that did not arrive; the id is the mail's."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "5n1zr4tw3c8w1x6b-w3c8w1x6b5n1zr4t",
                "registration_id": "w3c8w1x6b5n1zr4t",
                "name": "Ana",
                "email": "ana@example.org",
                "why": "full",
                "at": "2026-07-30T11:00:00Z",
            }
        )
    )

    registration_id: str
    name: str
    email: str = Field(description="Where it would go now; empty where it cannot go.")
    why: Why | None
    at: datetime

    @classmethod
    def of(cls, one: again.Undelivered) -> Self:
        return cls.made_of(one, id=one.mail_id)


class Messages(Listing):
    """Which messages."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class Undelivered(Listing):
    """Which mails."""

    sort: Literal["at", "-at"] = "at"


class Reached(Choosing):
    """To whom."""

    state: Literal["confirmed", "pending", "cancelled"] = "confirmed"
    ticket_type_id: str = Field("", max_length=40, description="Empty for all.")


@api.get(PATH)
@allowed(editor)
@operation(ABOUT, lists=MessageView, query=Messages)
async def index(slug: str) -> Response:
    """Lists what was written to those who registered."""
    event, given = await finding.there(slug), asked(Messages)
    mine = {"event_id": event.id, "organiser_id": event.organiser_id}
    found = await listing.page("messages", mine, given, lambda row: MessageView.of(Message.model_validate(row)))
    return await answering.listed(found, given)


@api.post(PATH)
@allowed(editor)
@heavy
@operation(ABOUT, answers=MessageView, status=201, body=MessageBody)
async def write(slug: str) -> Response:
    """Writes to those who registered; refused where nobody would get it."""
    event = await finding.there(slug)
    message = await store.write(event, await sent(MessageBody), by=actor(), now=now())
    return await answering.made(MessageView.of(message), f"/api/v1/events/{slug}/messages/{message.id}")


@api.get(f"{PATH}/audience")
@allowed(editor)
@operation(ABOUT, answers=AudienceView, query=Reached)
async def reached(slug: str) -> Response:
    """Counts whom a message would reach."""
    event, given = await finding.there(slug), asked(Reached)
    whom = fitting(Audience, given.model_dump(include=set(Audience.model_fields)))
    view = AudienceView(id=event.id, registrations=await store.reached(event, whom))
    return await answering.one(view, choosing=given)


@api.get(f"{PATH}/<message_id>")
@allowed(editor)
@operation(ABOUT, answers=MessageView, query=Choosing)
async def read(slug: str, message_id: str) -> Response:
    """Reads a message, and how far it is."""
    message = await store.get(await finding.there(slug), message_id)
    return await answering.one(MessageView.of(message), choosing=asked(Choosing))


@api.get(f"{PATH}/<message_id>/undelivered")
@allowed(editor)
@operation(ABOUT, lists=UndeliveredView, query=Undelivered)
async def undelivered(slug: str, message_id: str) -> Response:
    """Lists whom a message did not reach, and why."""
    event, given = await finding.there(slug), asked(Undelivered)
    failed = await again.undelivered(event, await store.get(event, message_id))
    views = [UndeliveredView.of(one) for one in failed]
    return await answering.listed(listing.among(views, given), given)


@api.post(f"{PATH}/<message_id>/again")
@allowed(editor)
@heavy
@operation(ABOUT, answers=MessageView, body=AgainBody)
async def send_again(slug: str, message_id: str) -> Response:
    """Tries what could not be delivered once more, at the addresses of now."""
    event = await finding.there(slug)
    message, body = await store.get(event, message_id), await perhaps_sent(AgainBody)
    await again.send_again(event, message, by=actor(), now=now(), mail_id=body.mail_id)
    return await answering.one(MessageView.of(await store.get(event, message_id)))
