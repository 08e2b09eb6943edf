"""Decides what a scan or an undo comes to, and what is to be written of it. Rules only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.door.checkin import (
    UNDO_WITHIN,
    CheckInList,
    Kind,
    Presence,
    Result,
    Scan,
    Standing,
    Ticket,
    Verdict,
    happened,
    judge,
    moved,
    passed,
)
from webapp.door.codes import secret_in
from webapp.door.wishes import Door, Outcome, Redeem, Undo, Wish
from webapp.errors import Conflict, NotAllowed, NotFound
from webapp.ticket_types.question import Answers, Question, open_among, read

Document = dict[str, Any]


@dataclass
class Case:
    """What one transaction is about: what was read, and what is to be written."""

    event_id: str
    lists: Mapping[str, CheckInList]
    by_secret: Mapping[str, Ticket]
    by_id: Mapping[str, Ticket]
    known: dict[str, Document]
    presence: dict[str, Presence]
    seen: Mapping[str, int]
    questions: Sequence[Question] = ()
    answers: Mapping[str, Answers] = field(default_factory=dict)
    records: list[Document] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    minutes: dict[datetime, Counter[str]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def ticket(self, scan: Scan) -> Ticket | None:
        return self.by_id.get(scan.ticket_id) if scan.ticket_id else self.by_secret.get(secret_in(scan.code))

    def keep(self, record: Document) -> None:
        self.records.append(record)
        self.known[record["_id"]] = record
        minute = record["happened_at"].replace(second=0, microsecond=0)
        kind = "refused" if record["is_refusal"] else record["kind"]
        self.minutes.setdefault(minute, Counter())[f"gates.{record['gate_id'] or 'none'}.{kind}"] += 1
        self.kinds[str(kind)] += 1

    def answer(self, ticket_id: str, answers: Answers) -> Answers:
        """Remembers what somebody was asked, so that it is asked once; None is no answer."""
        before = self.presence.get(ticket_id, Presence())
        self.presence[ticket_id] = before.model_copy(update={"answers": {**before.answers, **answers}})
        return answers

    def move(self, ticket_id: str, standings: Mapping[str, Standing]) -> int:
        """The ticket stands like this to these lists now; answers the step."""
        before = self.presence.get(ticket_id, Presence())
        after = before.changed(standings)
        for name, count in moved(before, after).items():
            self.counts[name] += count
        self.presence[ticket_id] = after
        self.touched.add(ticket_id)
        return after.step


def decide(case: Case, wish: Wish) -> Outcome:
    """Grants a wish, or says why not; what was granted before is answered the same."""
    if wish.id in case.known:
        return _as_before(case, wish)
    return _redeem(case, wish) if isinstance(wish, Redeem) else _undo(case, wish)


def _as_before(case: Case, wish: Wish) -> Outcome:
    kept = case.known[wish.id]
    ticket = case.ticket(wish.scan) if isinstance(wish, Redeem) else None
    if ticket and ticket.id != kept["ticket_id"]:
        return Conflict("This scan has the number of another ticket's. Scan again.")
    return _verdict(kept)


def _redeem(case: Case, wish: Redeem) -> Outcome:
    asked, scan, ticket = case.lists.get(wish.scan.list_id), wish.scan, case.ticket(wish.scan)
    if asked is None or asked.archived_at:
        return NotFound("This check-in list is gone. Choose another.")
    at = happened(scan, wish.now, wish.door.since)
    presence = case.presence.get(ticket.id, Presence()) if ticket else Presence()
    result = judge(scan, asked, ticket, presence, at)
    if result is Result.NOT_INSIDE and _left(case, asked, presence, scan.kind, at):
        result = Result.OK
    record = _record(wish, asked, ticket, result=result, standing=presence.on(asked.id), at=at)
    if ticket and result is Result.OK and scan.kind is Kind.ENTRY and not scan.force:
        questions, answers, wrong = _asked(case, asked, ticket, scan)
        if questions and (wrong or scan.answers is None):
            told = {"result": Result.INCOMPLETE, "questions": questions, "wrong": wrong}
            return _verdict({**record, **told})
        if questions:
            record["answers"] = case.answer(ticket.id, {one.id: answers.get(one.id) for one in questions})
    if ticket and result is Result.OK:
        names = {"gate": wish.door.gate, "device": wish.door.device, "check_in_id": wish.id}
        after = passed(presence.on(asked.id), scan.kind, at, **names)
        if after:
            record |= _moved(case, ticket.id, asked, after, scan)
    case.keep(record)
    return _verdict(record)


def _moved(case: Case, ticket_id: str, asked: CheckInList, after: Standing, scan: Scan) -> Document:
    """Moves a ticket on the list, and off those that this leaves; answers what is kept of it."""
    presence = case.presence.get(ticket_id, Presence())
    left = _left(case, asked, presence, scan.kind, after.at)
    if scan.kind is Kind.ENTRY and set(_others(case, asked, presence, scan.kind)) - set(left):
        # Learnt of late: they are in another area since.
        after = after.model_copy(update={"is_inside": False})
    was = {list_id: presence.on(list_id) for list_id in left}
    where = after.model_dump(include={"at", "gate", "device", "check_in_id"})
    gone = {list_id: one.model_copy(update={"is_inside": False, **where}) for list_id, one in was.items()}
    step = case.move(ticket_id, {**gone, asked.id: after})
    kept = {"left": {list_id: one.model_dump() for list_id, one in was.items()}} if was else {}
    return {"step": step, "is_inside": after.is_inside, **kept}


def _left(case: Case, asked: CheckInList, presence: Presence, kind: Kind, at: datetime | None) -> list[str]:
    """The lists that somebody leaves by passing this one, unless they entered there later."""
    others = _others(case, asked, presence, kind)
    return [one for one in others if (since := presence.on(one).at) is None or at is None or since <= at]


def _others(case: Case, asked: CheckInList, presence: Presence, kind: Kind) -> list[str]:
    """Where else they are: in another area when they enter one; on a list that is gone when they go out."""
    if kind is Kind.ENTRY:
        candidates = [one for one in case.lists.values() if one.is_area and asked.is_area]
    else:
        candidates = [one for one in case.lists.values() if one.archived_at]
    return presence.inside_of(one for one in candidates if one.id != asked.id)


def _asked(
    case: Case, asked: CheckInList, ticket: Ticket, scan: Scan
) -> tuple[list[Question], Answers, dict[str, str]]:
    """What the list asks and nobody has answered yet; the answers to that, and what is wrong with them."""
    known = {**case.answers.get(ticket.id, {}), **case.presence.get(ticket.id, Presence()).answers}
    wanted = [one for one in case.questions if one.id in asked.question_ids]
    questions = open_among(wanted, known)
    return questions, *(read(questions, scan.answers) if scan.answers is not None else ({}, {}))


def _undo(case: Case, wish: Undo) -> Outcome:
    done = case.known.get(wish.subject)
    if done is None or done["event_id"] != case.event_id:
        return NotFound("There is no such check-in.")
    if done["kind"] == Kind.UNDO or done["is_refusal"]:
        return NotAllowed("Nobody came in or went out by this, so there is nothing to take back.")
    if done["device_id"] != wish.door.device_id:
        return NotAllowed("Only the device that scanned this can take it back.")
    if wish.now - done["learnt_at"] > UNDO_WITHIN:
        return NotAllowed("This is longer than fifteen minutes ago; it cannot be taken back any more.")
    standing = case.presence.get(done["ticket_id"], Presence()).on(done["list_id"])
    if standing.check_in_id != wish.subject:
        return Conflict("This ticket was scanned again since, so this cannot be taken back.")
    before = {done["list_id"]: Standing.model_validate(done["standing"]), **_restored(case, done)}
    record = {
        **{name: value for name, value in done.items() if name not in {"left", "answers", "said_at"}},
        **_where(wish.door),
        "_id": wish.id,
        "kind": Kind.UNDO,
        "undoes": wish.subject,
        "reason": wish.reason,
        "by": wish.by,
        "happened_at": wish.now,
        "learnt_at": wish.now,
        "standing": standing.model_dump(),
        "step": case.move(done["ticket_id"], before),
        "is_inside": before[done["list_id"]].is_inside,
        "restored": [list_id for list_id in before if list_id != done["list_id"]],
    }
    case.keep(record)
    return _verdict(record)


def _restored(case: Case, done: Document) -> dict[str, Standing]:
    """How a ticket stood to the lists that a check-in left, where nothing happened since."""
    presence = case.presence.get(done["ticket_id"], Presence())
    was = {list_id: Standing.model_validate(one) for list_id, one in done.get("left", {}).items()}
    return {list_id: one for list_id, one in was.items() if presence.on(list_id).check_in_id == done["_id"]}


def _record(
    wish: Redeem, asked: CheckInList, ticket: Ticket | None, *, result: Result, standing: Standing, at: datetime
) -> Document:
    return {
        "_id": wish.id,
        "organiser_id": wish.door.organiser_id,
        "event_id": wish.door.event_id,
        **_where(wish.door),
        "list_id": asked.id,
        "ticket_id": ticket.id if ticket else "",
        "ticket_type_id": ticket.ticket_type_id if ticket else "",
        "name": ticket.name if ticket else "",
        "kind": wish.scan.kind,
        "result": result,
        "is_refusal": result is not Result.OK,
        "forced": bool(wish.scan.force) and result is Result.OK,
        "reason": wish.scan.force,
        "nonce": wish.scan.nonce,
        "standing": standing.model_dump(),
        "happened_at": at,
        "learnt_at": wish.now,
        "by": wish.by,
        **({"said_at": wish.scan.happened_at} if wish.scan.happened_at not in (None, at) else {}),
    }


def _where(door: Door) -> Document:
    return {"gate_id": door.gate_id, "gate": door.gate, "device_id": door.device_id, "device": door.device}


def _verdict(record: Document) -> Verdict:
    return Verdict.model_validate({**record, "check_in_id": record["_id"]})
