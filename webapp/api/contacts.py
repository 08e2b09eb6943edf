"""Who registers and who comes, as programs say it: names, addresses, and answers to the event's questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from webapp.api.answering import example
from webapp.api.problem import escaped
from webapp.errors import Invalid
from webapp.registrations.registration import Attendee, Contact, Registration
from webapp.ticket_types import question
from webapp.ticket_types.question import NO, YES, Form, Kind, Per, Question
from webapp.ticket_types.ticket_type import MOST_TICKETS

Value = str | bool | int | float | Annotated[list[str], Field(max_length=50)] | None
Answers = Annotated[dict[str, Value], Field(max_length=question.MOST_QUESTIONS)]
NO_QUESTION = "There is no such question."
NO_TICKET = "There is no such ticket in this registration."


class AttendeeBody(Attendee):
    """Who comes with a ticket."""

    model_config = ConfigDict(extra="forbid")

    answers: Answers = Field(default_factory=dict)


class NamedBody(Attendee):
    """Somebody else who comes with a ticket."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"name": "Eve", "email": "eve@example.org"}))

    answers: Annotated[dict[str, Any], Field(max_length=0)] = Field(default_factory=dict)


class ConfirmBody(Contact):
    """Who registers, who comes, and what they answer, by the ids of tickets and questions."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "name": "Ana",
                "email": "ana@example.org",
                "answers": {},
                "attendees": {"3c8w1x6b5n1zr4tw-1": {"name": "Ana", "answers": {"food7k2m": "Vegan"}}},
            }
        ),
    )

    answers: Answers = Field(default_factory=dict)
    attendees: Annotated[dict[str, AttendeeBody], Field(max_length=MOST_TICKETS)] = Field(default_factory=dict)


@dataclass(frozen=True)
class Edited:
    """A registration as an edit makes it."""

    contact: Contact
    answers: dict[str, Any]
    attendees: dict[str, Attendee]


def known(mine: Registration, form: Form) -> dict[str, Any]:
    """What a registration says of its people, and what they answered to what is still asked, to be patched."""
    people = {
        one.id: {"name": one.name, "email": one.email, "answers": _to(form.asked(Per.TICKET), one.answers)}
        for one in mine.live_tickets
    }
    answers = _to(form.asked(Per.REGISTRATION), mine.answers)
    return {"name": mine.name, "email": mine.email, "answers": answers, "attendees": people}


def edited(mine: Registration, form: Form, body: ConfirmBody) -> Edited:
    """The registration as the body says it. Answers that are not touched stay, whatever is asked by now.

    Raises Invalid with every fault.
    """
    _check_tickets(mine, body.attendees)
    answers, wrong = _again(form.asked(Per.REGISTRATION), mine.answers, body.answers, "/answers")
    people = {}
    for ticket in mine.live_tickets:
        if one := body.attendees.get(ticket.id):
            place = f"/attendees/{escaped(ticket.id)}/answers"
            theirs, more = _again(form.asked(Per.TICKET), ticket.answers, one.answers, place)
            people[ticket.id] = Attendee(name=one.name, email=one.email, answers=theirs)
            wrong |= more
    if wrong:
        raise Invalid(wrong)
    return Edited(Contact(name=body.name, email=body.email), answers, people)


def answered(mine: Registration, form: Form, body: ConfirmBody) -> tuple[dict[str, Any], dict[str, Attendee]]:
    """The answers of whoever registers, and everybody who comes with theirs. Raises Invalid with every fault."""
    _check_tickets(mine, body.attendees)
    answers, wrong = read(form.asked(Per.REGISTRATION), body.answers, "/answers")
    people = {}
    for ticket in mine.live_tickets:
        one = body.attendees.get(ticket.id, AttendeeBody())
        theirs, more = read(form.asked(Per.TICKET), one.answers, f"/attendees/{escaped(ticket.id)}/answers")
        people[ticket.id] = Attendee(name=one.name, email=one.email, answers=theirs)
        wrong |= more
    if wrong:
        raise Invalid(wrong)
    return answers, people


def _check_tickets(mine: Registration, named: Mapping[str, Any]) -> None:
    there = {one.id for one in mine.live_tickets}
    wrong = {f"/attendees/{escaped(key)}": NO_TICKET for key in named if key not in there}
    if wrong:
        raise Invalid(wrong)


def _to(asked: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    return {one.id: answers[one.id] for one in asked if one.id in answers}


def _again(
    asked: Sequence[Question], kept: Mapping[str, Any], given: Mapping[str, Value], place: str
) -> tuple[dict[str, Any], dict[str, str]]:
    known = _to(asked, kept)
    if given == known:
        return dict(kept), {}
    answers, wrong = read(asked, given, place)
    ids = {one.id for one in asked}
    return {key: value for key, value in kept.items() if key not in ids} | answers, wrong


def read(asked: Sequence[Question], given: Mapping[str, Value], place: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers to what is asked, and a sentence for each that does not do, by its place in the body."""
    known = {one.id: one for one in asked}
    typed = {key: _typed(known[key], value) for key, value in given.items() if key in known}
    answers, wrong = question.read(asked, typed)
    wrong |= {key: NO_QUESTION for key in given if key not in known}
    return answers, {f"{place}/{escaped(key)}": sentence for key, sentence in wrong.items()}


def _typed(asked: Question, value: Value) -> list[str]:
    """An answer as a form would send it, so that one rule reads both."""
    if isinstance(value, list):
        return value
    if isinstance(value, bool):
        no = [] if asked.kind is Kind.CONSENT else [NO]
        return [YES] if value else no
    return [] if value is None else [str(value)]
