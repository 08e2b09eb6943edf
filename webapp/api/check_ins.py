"""Check-ins: let a ticket in or out, or hear why not; look at what was scanned; take one's own back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response

from webapp import database
from webapp.access import allowed, door, who
from webapp.api import answering, finding, listing
from webapp.api.answering import Expanding, View, example
from webapp.api.bulk import Bulk, Results, each
from webapp.api.listing import Listing
from webapp.api.operation import operation
from webapp.api.tickets import TicketView
from webapp.data import asked, fitting, perhaps_sent, sent
from webapp.database import IndexModel, db
from webapp.door import lists, store
from webapp.door.checkin import Kind, Result, Scan, Standing, Verdict
from webapp.door.wishes import Door
from webapp.errors import Invalid, NotAllowed, NotFound
from webapp.events.event import Event
from webapp.frequency import at_the_door
from webapp.people.person import Name
from webapp.programs.guard import takes
from webapp.programs.token import Scope
from webapp.responses import now
from webapp.ticket_types.question import Question

api = Blueprint("api_check_ins", __name__)

ABOUT = "Check-ins"
PATH = "/api/v1/events/<slug>/check-ins"
NOT_FORCED = "Only an editor of the team may let in somebody whom the list refuses."
Id = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f]*$")]

database.keep("checkins", IndexModel([("event_id", 1), ("learnt_at", 1), ("_id", 1)]))


class CheckInBody(Scan):
    """A scan: a code or a ticket, on a list, one way. The same nonce is the same scan, however often it is sent."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra=example(
            {
                "code": "TO1.0Q8Y2C6B5N1ZR4TW.9F2K.SECRET.SIGNATURE",
                "list_id": "6b5n1zr4tw3c8w1x",
                "kind": "entry",
                "nonce": "b1946ac92492d2347c6235b4",
                "gate_id": "1x6b5n1zr4tw3c8w",
                "device": "Turnstile 3",
                "happened_at": None,
            }
        ),
    )

    kind: Literal[Kind.ENTRY, Kind.EXIT] = Kind.ENTRY
    force: str = Field("", max_length=200, description="Why somebody is let in whom the list refuses; for editors.")
    gate_id: Id = Field("", description="Where it was scanned.")
    device: Name | Literal[""] = Field("", description="What people call the device; the token's name otherwise.")


class AnnulBody(BaseModel):
    """Why a check-in is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"reason": "The wrong person"}))

    reason: str = Field("", max_length=200)


class BeforeView(BaseModel):
    """How the ticket stood to the list before: for who is already in, where, when and by whom."""

    is_inside: bool
    entries: int
    at: datetime | None
    gate: str
    device: str

    @classmethod
    def of(cls, standing: Standing) -> Self:
        return cls(**standing.model_dump(include=set(cls.model_fields)))


class CheckInView(View):
    """What a scan came to. `status` is ok, incomplete or error; `result` says why."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "program-9f2k:b1946ac92492d2347c6235b4",
                "status": "error",
                "result": "already_in",
                "reason": "Already in",
                "kind": "entry",
                "list_id": "6b5n1zr4tw3c8w1x",
                "ticket_id": "3c8w1x6b5n1zr4tw-1",
                "ticket_type_id": "9f2k7m3x5d8w1c6b",
                "name": "Ana",
                "happened_at": "2026-08-01T17:12:03.210000Z",
                "forced": False,
                "before": {
                    "is_inside": True,
                    "entries": 1,
                    "at": "2026-08-01T17:11:51Z",
                    "gate": "Gate B",
                    "device": "Turnstile 3",
                },
                "questions": [],
                "wrong": {},
            }
        )
    )

    status: Literal["ok", "incomplete", "error"]
    result: Result
    reason: str
    kind: Kind
    list_id: str
    ticket_id: str
    ticket_type_id: str
    name: str
    happened_at: datetime
    forced: bool
    before: BeforeView
    questions: list[Question] = Field(description="With `incomplete`: what to ask, and to send along as `answers`.")
    wrong: dict[str, str] = Field(description="Which of the answers do not do, and why.")

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        # As the database keeps it, so that the same scan is answered the same.
        at = verdict.happened_at.replace(microsecond=verdict.happened_at.microsecond // 1000 * 1000)
        said = {"status": _status(verdict.result), "reason": verdict.headline, "happened_at": at}
        asked_first = {"questions": list(verdict.questions), "wrong": dict(verdict.wrong)}
        before = BeforeView.of(verdict.standing)
        return cls.made_of(verdict, id=verdict.check_in_id, **said, **asked_first, before=before)


class CheckIns(Listing):
    """Which check-ins."""

    sort: Literal["learnt_at", "-learnt_at"] = "-learnt_at"
    list_id: Id = Field("", description="On this list.")
    gate_id: Id = Field("", description="At this gate.")
    ticket_id: Id = Field("", description="Of this ticket.")
    kind: Kind | None = Field(None, description="Of this kind.")
    result: Result | None = Field(None, description="With this result.")

    def query(self) -> dict[str, Any]:
        """As the database asks for it."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}


FILTERS = ("list_id", "gate_id", "ticket_id", "kind", "result")


@api.get(PATH)
@allowed(door)
@at_the_door
@operation(ABOUT, lists=CheckInView, query=CheckIns, expands=("ticket",))
async def index(slug: str) -> Response:
    """Lists what was scanned, refusals too, the latest first."""
    event, given = await finding.there(slug), asked(CheckIns)
    query = {"event_id": event.id, "organiser_id": event.organiser_id, **given.query()}
    found = await listing.page(
        "checkins", query, given, lambda row: CheckInView.of(Verdict.model_validate({**row, "check_in_id": row["_id"]}))
    )
    return await answering.listed(found, given, _expanding(event))


@api.post(PATH)
@allowed(door)
@takes(Scope.CHECKIN)
@at_the_door
@operation(ABOUT, answers=CheckInView, body=CheckInBody)
async def redeem(slug: str) -> Response:
    """Lets a ticket in or out. A ticket that is known and refused is 200 with the reason; an unknown one is 404."""
    event = await finding.there(slug)
    return await answering.one(await _redeemed(event, await sent(CheckInBody)))


@api.post(f"{PATH}/bulk")
@allowed(door)
@takes(Scope.CHECKIN)
@at_the_door
@operation(ABOUT, answers=Results, body=Bulk)
async def redeem_many(slug: str) -> Response:
    """Sends up to a hundred scans at once, such as those that were made without a network."""
    event, given = await finding.there(slug), await sent(Bulk)

    async def one(item: Mapping[str, Any]) -> CheckInView:
        return await _redeemed(event, fitting(CheckInBody, item))

    return await each(given, one, at_once=True)


@api.post(f"{PATH}/<check_in_id>/annul")
@allowed(door)
@takes(Scope.CHECKIN)
@at_the_door
@operation(ABOUT, answers=CheckInView, body=AnnulBody)
async def annul(slug: str, check_in_id: str) -> Response:
    """Takes back a check-in of this token, by its id or its nonce, within fifteen minutes."""
    event = await finding.there(slug)
    at = door_for(event, "", "", "")
    whole = check_in_id if ":" in check_in_id else f"{at.device_id}:{check_in_id}"
    if await db().checkins.find_one({"_id": whole, "event_id": event.id}, {"_id": 1}) is None:
        raise NotFound("There is no such check-in.")
    body = await perhaps_sent(AnnulBody)
    return await answering.one(CheckInView.of(await store.undo(at, whole, reason=body.reason, by=who().id, now=now())))


async def _redeemed(event: Event, body: CheckInBody) -> CheckInView:
    if body.force and not finding.is_editor(event):
        raise NotAllowed(NOT_FORCED)
    await lists.get(event, body.list_id)
    at = door_for(event, body.device, body.gate_id, await gate_named(event, body.gate_id))
    scan = Scan.model_validate(body.model_dump(include=set(Scan.model_fields)))
    verdict = await store.redeem(at, scan, by=who().id, now=now())
    if verdict.result is Result.UNKNOWN:
        raise NotFound("There is no such ticket at this event.")
    return CheckInView.of(verdict)


async def gate_named(event: Event, gate_id: str) -> str:
    if not gate_id:
        return ""
    for gate in await lists.gates(event):
        if gate.id == gate_id:
            return gate.name
    raise Invalid({"gate_id": "There is no such gate."})


def door_for(event: Event, device: str, gate_id: str, gate: str) -> Door:
    """Where a program scans: its token is the device."""
    person = who()
    claims = person.bearer.claims if person.bearer else None
    name = f"program-{claims.token_id or claims.session_id}" if claims else "program"
    return Door(event.organiser_id, event.id, name, device or person.name, gate_id, gate)


def _expanding(event: Event) -> Expanding:
    async def tickets(views: Sequence[Any]) -> list[TicketView | None]:
        whose = {"_id": {"$in": [view.ticket_id for view in views]}, "event_id": event.id}
        is_editor = finding.is_editor(event)
        found = {row["_id"]: TicketView.of(row, is_editor=is_editor) async for row in db().tickets.find(whose)}
        return [found.get(view.ticket_id) for view in views]

    return {"ticket": tickets}


def _status(result: Result) -> str:
    if result is Result.OK:
        return "ok"
    return "incomplete" if result is Result.INCOMPLETE else "error"
