"""The form of a registration: its fields as text, and what was typed as contact, answers and attendees.

Whoever registers fills it in, and changes it later; the team changes it by the same rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from webapp.meanwhile import differing
from webapp.registrations.registration import Attendee, Contact, Registration, Ticket
from webapp.responses import sentences
from webapp.ticket_types import question
from webapp.ticket_types.question import NO, YES, Answers, Kind, Per

Typed = MultiDict[str, str]
CONTACT = {"name": "Name", "email": "E-mail address"}


@dataclass(frozen=True)
class Form:
    """What a form shows: values as text, a sentence per wrong field."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def first_error(self) -> str | None:
        return next(iter(self.errors), None)


@dataclass(frozen=True)
class Filled:
    """What was typed; with errors, only these mean anything. `attendees` are by the ids of their tickets."""

    contact: Contact
    answers: Answers
    attendees: dict[str, Attendee]
    errors: dict[str, str]


def read(mine: Registration, asked: question.Form, typed: Typed, *, may_leave_open: bool = False) -> Filled:
    """The whole form of a registration. Answers to what is not asked any more stay.

    With `may_leave_open`, what was not answered before need not be now.
    """
    contact, errors = _contact(typed)
    questions = asked.asked(Per.REGISTRATION)
    if may_leave_open:
        questions = question.without_new_duties(questions, mine.answers)
    answers, wrong = question.read(questions, _lists("q.", typed))
    errors |= {f"q.{key}": sentence for key, sentence in wrong.items()}
    attendees, wrong_tickets = read_attendees(mine.live_tickets, asked, typed, may_leave_open=may_leave_open)
    return Filled(contact, _not_asked(mine.answers, asked) | answers, attendees, errors | wrong_tickets)


def read_attendees(
    tickets: Sequence[Ticket], asked: question.Form, typed: Typed, *, may_leave_open: bool = False
) -> tuple[dict[str, Attendee], dict[str, str]]:
    """Who comes with each of the tickets, and a sentence for each field that does not do."""
    attendees: dict[str, Attendee] = {}
    errors: dict[str, str] = {}
    for number, ticket in enumerate(tickets, 1):
        of = f"t{number}."
        questions = asked.asked(Per.TICKET)
        if may_leave_open:
            questions = question.without_new_duties(questions, ticket.answers)
        answers, wrong = question.read(questions, _lists(f"{of}q.", typed))
        values = {name: typed.get(f"{of}{name}", "") for name in ("name", "email")}
        try:
            answered = _not_asked(ticket.answers, asked) | answers
            attendees[ticket.id] = Attendee.model_validate(values | {"answers": answered})
        except ValidationError as fault:
            errors |= {f"{of}{name}": sentence for name, sentence in sentences(fault).items()}
        errors |= {f"{of}q.{key}": sentence for key, sentence in wrong.items()}
    return attendees, errors


def values_of(mine: Registration, asked: question.Form, *, name: str = "") -> dict[str, Any]:
    """A registration as its form shows it; `name` is that of whoever opens it for the first time."""
    boxes = {one.id for one in asked.questions if one.kind is Kind.CONSENT}
    values: dict[str, Any] = {"name": mine.name or name, "email": mine.email, "step": str(mine.step)}
    values |= {f"q.{key}": _shown(answer, is_box=key in boxes) for key, answer in mine.answers.items()}
    for number, ticket in enumerate(mine.live_tickets, 1):
        values |= {f"t{number}.name": ticket.name, f"t{number}.email": ticket.email}
        answers = ticket.answers.items()
        values |= {f"t{number}.q.{key}": _shown(answer, is_box=key in boxes) for key, answer in answers}
    return values


def values_in(typed: Typed, asked: question.Form) -> dict[str, Any]:
    """What was typed as the form shows it again; of many answers all."""
    several = {one.id for one in asked.questions if one.kind is Kind.MANY}
    return {
        name: typed.getlist(name) if name.rpartition("q.")[2] in several else typed.getlist(name)[-1] for name in typed
    }


def renumbered(values: Mapping[str, Any], before: Sequence[Ticket], after: Sequence[Ticket]) -> dict[str, Any]:
    """What was typed for tickets of which some are gone and others new, each with its ticket."""
    numbers = {ticket.id: number for number, ticket in enumerate(after, 1)}
    theirs = {f"t{old}": numbers.get(ticket.id, 0) for old, ticket in enumerate(before, 1)}
    moved = {}
    for name, value in values.items():
        head, dot, rest = name.partition(".")
        if head not in theirs:
            moved[name] = value
        elif theirs[head]:
            moved[f"t{theirs[head]}{dot}{rest}"] = value
    return moved


def labels(asked: question.Form, tickets: int) -> dict[str, str]:
    """What each field is called."""
    found = CONTACT | {f"q.{one.id}": one.label for one in asked.asked(Per.REGISTRATION)}
    for number in range(1, tickets + 1):
        found |= {f"t{number}.name": f"Ticket {number}", f"t{number}.email": f"Ticket {number}"}
        found |= {f"t{number}.q.{one.id}": f"Ticket {number}: {one.label}" for one in asked.asked(Per.TICKET)}
    return found


def still_open(mine: Registration, asked: question.Form) -> list[str]:
    """The fields of what has to be answered and is not yet."""
    found = [f"q.{one.id}" for one in question.missing(asked.asked(Per.REGISTRATION), mine.answers)]
    for number, ticket in enumerate(mine.live_tickets, 1):
        found += [f"t{number}.q.{one.id}" for one in question.missing(asked.asked(Per.TICKET), ticket.answers)]
    return found


def step_in(typed: Typed) -> int | None:
    """At which step the registration was when its form was opened; None where that is not said."""
    text = typed.get("step", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def meanwhile(
    theirs: Registration, asked: question.Form, typed: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The form again where somebody else has saved it: saving it once more replaces what they wrote."""
    now, names = values_of(theirs, asked), labels(asked, len(theirs.live_tickets))
    told = "Somebody else has changed this since you opened it. Saving it again replaces what they wrote."
    return {**typed, "step": now["step"]}, {"": told, **differing(now, typed, names)}


def said(answer: Any) -> str:
    """An answer in a sentence or a table."""
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    return ", ".join(answer) if isinstance(answer, list) else str(answer)


def _contact(typed: Typed) -> tuple[Contact, dict[str, str]]:
    values = {name: typed.get(name, "") for name in CONTACT}
    try:
        return Contact.model_validate(values), {}
    except ValidationError as fault:
        return Contact.model_construct(name=values["name"], email=values["email"]), sentences(fault)


def _lists(prefix: str, typed: Typed) -> dict[str, list[str]]:
    return {name.removeprefix(prefix): typed.getlist(name) for name in typed if name.startswith(prefix)}


def _not_asked(answers: Answers, asked: question.Form) -> Answers:
    ids = {one.id for per in (Per.REGISTRATION, Per.TICKET) for one in asked.asked(per)}
    return {key: answer for key, answer in answers.items() if key not in ids}


def _shown(answer: Any, *, is_box: bool) -> Any:
    if isinstance(answer, bool):
        return "true" if is_box else YES if answer else NO
    return answer if isinstance(answer, list) else str(answer)
