"""Questions: what an event asks of those who register, and how long places are kept for them meanwhile."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from quart import Blueprint, Response

from webapp import database
from webapp.access import actor, allowed, anyone, editor
from webapp.api import answering, finding, listing, tags
from webapp.api.answering import View, example
from webapp.api.listing import Choosing, Listing
from webapp.api.operation import operation
from webapp.data import asked, patched, sent
from webapp.errors import EditedMeanwhile, NotFound
from webapp.events.event import Event
from webapp.responses import now
from webapp.ticket_types import store
from webapp.ticket_types.question import Condition, Form, Kind, Per, Question, added, found, replaced, without

api = Blueprint("api_questions", __name__)

ABOUT = "Questions"
EXAMPLE = {
    "label": "What do you eat?",
    "help": "For the buffet.",
    "kind": "choice",
    "per": "ticket",
    "is_required": True,
    "options": ["Everything", "Vegetarian", "Vegan"],
    "only_if": None,
}
KEEPING = {"is_open", "hold_minutes", "offer_minutes"}


class ConditionBody(Condition):
    """Asked only where another question has this answer."""

    model_config = ConfigDict(extra="forbid")


class QuestionBody(Question):
    """A question. Its id is given by Turnout."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(EXAMPLE))

    id: str = Field("", max_length=0)
    only_if: ConditionBody | None = None


class QuestionView(View):
    """A question that an event asks."""

    model_config = ConfigDict(json_schema_extra=example({"id": "food7k2m", "position": 0, **EXAMPLE}))

    position: int
    label: str
    help: str
    kind: Kind
    per: Per
    is_required: bool
    options: list[str]
    only_if: Condition | None

    @classmethod
    def of(cls, one: Question, position: int) -> Self:
        return cls.made_of(one, position=position)


class Questions(Listing):
    """Which questions."""

    sort: Literal["position", "-position"] = "position"
    per: Per | None = Field(None, description="Asked of whoever registers, or for each ticket.")


class FormBody(BaseModel):
    """Whether people can register, and how long places are kept."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"is_open": True, "hold_minutes": 10, "offer_minutes": 720})
    )

    is_open: bool = True
    hold_minutes: int = Field(10, ge=1, le=120)
    offer_minutes: int = Field(12 * 60, ge=5, le=7 * 24 * 60)


class FormView(View):
    """Whether people can register for an event, and how long places are kept for them."""

    model_config = ConfigDict(
        json_schema_extra=example({"id": "0q8y2c6b5n1zr4tw", "is_open": True, "hold_minutes": 10, "offer_minutes": 720})
    )

    is_open: bool
    hold_minutes: int
    offer_minutes: int


@api.get("/api/v1/events/<slug>/form")
@allowed(anyone)
@operation(ABOUT, answers=FormView, query=Choosing)
async def read_form(slug: str) -> Response:
    """Reads whether people can register, and how long places are kept."""
    event = await finding.seen(slug)
    return await _form(event, await store.form(event.id), asked(Choosing))


@api.patch("/api/v1/events/<slug>/form")
@allowed(editor)
@operation(ABOUT, answers=FormView, body=FormBody, edits=True)
async def edit_form(slug: str) -> Response:
    """Opens or closes registration, and says how long places are kept."""
    event = await finding.there(slug)
    before = await store.form(event.id)
    tags.expect(tags.edit_of(before.model_dump(include=KEEPING)))
    body = await patched(FormBody, before.model_dump(include=KEEPING))

    def kept(form: Form) -> Form:
        if form.model_dump(include=KEEPING) != before.model_dump(include=KEEPING):
            raise EditedMeanwhile
        return form.model_copy(update=body.model_dump())

    with tags.of_one_version():
        return await _form(event, await store.edit_form(event, kept, by=actor(), now=now()), Choosing())


@api.get("/api/v1/events/<slug>/questions")
@allowed(anyone)
@operation(ABOUT, lists=QuestionView, query=Questions)
async def index(slug: str) -> Response:
    """Lists what an event asks, in order."""
    event, given = await finding.seen(slug), asked(Questions)
    views = [view for view in _views(await store.form(event.id)) if given.per in (None, view.per)]
    return await answering.listed(listing.among(views, given), given)


@api.post("/api/v1/events/<slug>/questions")
@allowed(editor)
@operation(ABOUT, answers=QuestionView, status=201, body=QuestionBody)
async def create(slug: str) -> Response:
    """Asks another question, after the others."""
    event, body = await finding.there(slug), await sent(QuestionBody)
    question_id = database.new_id()[:8]

    def longer(form: Form) -> Form:
        return added(form, _question(body, question_id))

    position, question = _found(await store.edit_form(event, longer, by=actor(), now=now()), question_id)
    view = QuestionView.of(question, position)
    return await answering.made(view, f"/api/v1/events/{slug}/questions/{question.id}", edit=_tag(question))


@api.get("/api/v1/events/<slug>/questions/<question_id>")
@allowed(anyone)
@operation(ABOUT, answers=QuestionView, query=Choosing)
async def read(slug: str, question_id: str) -> Response:
    """Reads a question."""
    form = await store.form((await finding.seen(slug)).id)
    position, question = _found(form, question_id)
    return await answering.one(QuestionView.of(question, position), edit=_tag(question), choosing=asked(Choosing))


@api.patch("/api/v1/events/<slug>/questions/<question_id>")
@allowed(editor)
@operation(ABOUT, answers=QuestionView, body=QuestionBody, edits=True)
async def edit(slug: str, question_id: str) -> Response:
    """Edits a question; answers that people gave stay."""
    event = await finding.there(slug)
    _, before = _found(await store.form(event.id), question_id)
    tags.expect(_tag(before))
    body = await patched(QuestionBody, before.model_dump(exclude={"id"}))

    def other(form: Form) -> Form:
        if found(form, question_id) != before:
            raise EditedMeanwhile
        return replaced(form, _question(body, question_id))

    with tags.of_one_version():
        position, after = _found(await store.edit_form(event, other, by=actor(), now=now()), question_id)
    return await answering.one(QuestionView.of(after, position), edit=_tag(after))


@api.delete("/api/v1/events/<slug>/questions/<question_id>")
@allowed(editor)
@operation(ABOUT, status=204, edits=True)
async def delete(slug: str, question_id: str) -> Response:
    """Asks a question no more, nor those that follow from it."""
    event = await finding.there(slug)

    def shorter(form: Form) -> Form:
        tags.expect_if_given(_tag(_found(form, question_id)[1]))
        return form.model_copy(update={"questions": without(form.questions, question_id)})

    await store.edit_form(event, shorter, by=actor(), now=now())
    return answering.nothing()


def _question(body: QuestionBody, question_id: str) -> Question:
    return Question.model_validate({**body.model_dump(), "id": question_id})


def _found(form: Form, question_id: str) -> tuple[int, Question]:
    for position, question in enumerate(form.questions):
        if question.id == question_id:
            return position, question
    raise NotFound("There is no such question any more.")


def _views(form: Form) -> list[QuestionView]:
    return [QuestionView.of(one, position) for position, one in enumerate(form.questions)]


def _tag(question: Question) -> str:
    return tags.edit_of(question.model_dump(mode="json"))


async def _form(event: Event, form: Form, choosing: Choosing) -> Response:
    kept = form.model_dump(include=KEEPING)
    view = FormView.model_validate({"id": event.id, **kept})
    return await answering.one(view, edit=tags.edit_of(kept), choosing=choosing)
