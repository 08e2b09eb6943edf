"""The organiser's own questions, and whether what was typed answers them."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp.errors import Conflict, Invalid, NotFound
from webapp.events.event import Line

Answers = dict[str, Any]
MOST_QUESTIONS = 40
LONGEST_LINE, LONGEST_TEXT = 300, 4_000
YES, NO = "yes", "no"


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    MANY = "many"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    CONSENT = "consent"


class Per(StrEnum):
    """Who answers: whoever registers, each attendee, or at the door whoever comes in."""

    REGISTRATION = "registration"
    TICKET = "ticket"
    DOOR = "door"


class Condition(BaseModel):
    """Shown only where another question has this answer."""

    question: str
    answer: str


class Question(BaseModel):
    """One question."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")

    id: str
    label: Line = Field(min_length=1, max_length=200)
    help: Line = Field("", max_length=300)
    kind: Kind = Kind.TEXT
    per: Per = Per.REGISTRATION
    is_required: bool = False
    options: list[Line] = Field(default_factory=list, max_length=50)
    only_if: Condition | None = None

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(option, option) for option in self.options]


class Form(BaseModel):
    """What an event asks of those who register, and how long places are kept for them meanwhile."""

    model_config = ConfigDict(extra="ignore")

    is_open: bool = True
    hold_minutes: int = Field(10, ge=1, le=120)
    offer_minutes: int = Field(12 * 60, ge=5, le=7 * 24 * 60)
    questions: list[Question] = Field(default_factory=list, max_length=MOST_QUESTIONS)

    def asked(self, per: Per) -> list[Question]:
        return [question for question in self.questions if question.per is per]


def for_others(form: Form) -> Form:
    """What somebody may answer for others: nothing has to be, and consent is only one's own."""
    asked = [one.model_copy(update={"is_required": False}) for one in form.questions if one.kind is not Kind.CONSENT]
    return form.model_copy(update={"questions": asked})


def without_new_duties(questions: Sequence[Question], known: Mapping[str, Any]) -> list[Question]:
    """The same, of which only what was answered before has to be answered."""
    return [one.model_copy(update={"is_required": one.is_required and one.id in known}) for one in questions]


def missing(questions: Sequence[Question], known: Mapping[str, Any]) -> list[Question]:
    """Those that have to be answered and are not, after the answers that are known."""
    return [one for one in questions if one.is_required and one.id not in known and is_shown(one, dict(known))]


def faults(question: Question, before: Sequence[Question]) -> dict[str, str]:
    """A sentence for every field of a question that does not go with those `before` it."""
    found = {}
    if question.kind in (Kind.CHOICE, Kind.MANY) and len(question.options) < 2:
        found["options"] = "Write two or more, each on a line of its own."
    if question.only_if and question.only_if.question not in {one.id for one in before if one.per is question.per}:
        found["only_if"] = "It can only follow from a question that is asked before it, in the same place."
    return found


def found(form: Form, question_id: str) -> Question:
    """A question of a form. Raises NotFound."""
    for question in form.questions:
        if question.id == question_id:
            return question
    raise NotFound("There is no such question any more.")


def added(form: Form, question: Question) -> Form:
    """The form with another question, after the others. Raises Conflict where it asks enough, and Invalid."""
    if len(form.questions) >= MOST_QUESTIONS:
        raise Conflict(f"An event can ask {MOST_QUESTIONS} questions.")
    _check(question, form.questions)
    return form.model_copy(update={"questions": [*form.questions, question]})


def replaced(form: Form, question: Question) -> Form:
    """The form in which a question is asked so from now on. Raises NotFound, and Invalid."""
    position = form.questions.index(found(form, question.id))
    _check(question, form.questions[:position])
    questions = [question if one.id == question.id else one for one in form.questions]
    return form.model_copy(update={"questions": questions})


def _check(question: Question, before: Sequence[Question]) -> None:
    wrong = faults(question, before)
    if wrong:
        raise Invalid(wrong)


def without(questions: Sequence[Question], question_id: str) -> list[Question]:
    """The questions without this one and those that only follow from it."""
    left = [one for one in questions if one.id != question_id]
    return [one for one in left if not one.only_if or one.only_if.question != question_id]


def read(questions: Sequence[Question], typed: Mapping[str, Sequence[str]]) -> tuple[Answers, dict[str, str]]:
    """The answers among what was typed, by the question's id, and a sentence for each that does not do."""
    answers: Answers = {}
    wrong: dict[str, str] = {}
    for question in questions:
        if not is_shown(question, answers):
            continue
        values = [value.strip() for value in typed.get(question.id, ()) if value.strip()]
        try:
            answer = _READ[question.kind](question, values)
        except ValueError as error:
            wrong[question.id] = str(error)
            continue
        if answer is not None:
            answers[question.id] = answer
        elif question.is_required:
            wrong[question.id] = _MISSING.get(question.kind, "Please fill this in.")
    return answers, wrong


def open_among(questions: Sequence[Question], known: Mapping[str, Any]) -> list[Question]:
    """Those that are to be asked yet of somebody whose answers are known so far."""
    found = []
    for question in questions:
        if question.id in known:
            continue
        if question.only_if is None or question.only_if.question not in known:
            found.append(question)
        elif is_shown(question, dict(known)):
            found.append(question.model_copy(update={"only_if": None}))
    return found


def is_shown(question: Question, answers: Answers) -> bool:
    """Whether it is asked at all, after the answers to those before it."""
    if question.only_if is None:
        return True
    given = answers.get(question.only_if.question)
    if isinstance(given, bool):
        given = YES if given else NO
    return question.only_if.answer in given if isinstance(given, list) else given == question.only_if.answer


def _text(longest: int, values: list[str]) -> str | None:
    text = values[-1] if values else None
    if text and len(text) > longest:
        raise ValueError(f"Please shorten this to {longest:,} characters.")
    return text


def _choice(question: Question, values: list[str]) -> str | None:
    if values and values[-1] not in question.options:
        raise ValueError("Choose one of these.")
    return values[-1] if values else None


def _many(question: Question, values: list[str]) -> list[str] | None:
    if not set(values) <= set(question.options):
        raise ValueError("Choose among these.")
    return list(dict.fromkeys(values)) or None


def _number(_: Question, values: list[str]) -> float | int | None:
    if not values:
        return None
    try:
        number = float(values[-1].replace(",", "."))
    except ValueError:
        raise ValueError("Write a number, such as 3 or 2.5.") from None
    if not abs(number) <= 1e12:
        raise ValueError("Write a smaller number.")
    return int(number) if number.is_integer() else number


def _yes_no(_: Question, values: list[str]) -> bool | None:
    if values and values[-1] not in (YES, NO):
        raise ValueError("Choose yes or no.")
    return values[-1] == YES if values else None


def _date(_: Question, values: list[str]) -> str | None:
    if not values:
        return None
    try:
        return date.fromisoformat(values[-1]).isoformat()
    except ValueError:
        raise ValueError("Write a date, such as 2026-05-03.") from None


_MISSING = {
    Kind.CHOICE: "Please choose.",
    Kind.MANY: "Please choose at least one.",
    Kind.YES_NO: "Please choose yes or no.",
    Kind.CONSENT: "Please agree, or it cannot go on.",
}
_READ: Mapping[Kind, Any] = {
    Kind.TEXT: lambda _, values: _text(LONGEST_LINE, values),
    Kind.LONG: lambda _, values: _text(LONGEST_TEXT, values),
    Kind.CHOICE: _choice,
    Kind.MANY: _many,
    Kind.NUMBER: _number,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.CONSENT: lambda _, values: True if values else None,
}
