"""An event's questions in the browser: asked, changed, and asked no more."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from quart import Blueprint, Response, request

from webapp import database, meanwhile
from webapp.access import actor, allowed, editor
from webapp.errors import Conflict, EditedMeanwhile, Invalid
from webapp.events import store as events
from webapp.events.event import Event
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.responses import now, page, redirect, sentences
from webapp.ticket_types import store
from webapp.ticket_types.pages import KINDS, shown, typed_in
from webapp.ticket_types.question import Condition, Form, Per, Question, added, found, replaced, without

pages = Blueprint("questions", __name__)


@pages.post("/events/<slug>/questions")
@allowed(editor)
async def ask(slug: str) -> Response:
    """Another question, after the others."""
    event, typed = await events.there(slug), (await request.form).to_dict()
    try:
        question = _question(typed, database.new_id()[:8])
        await store.edit_form(event, lambda before: added(before, question), by=actor(), now=now())
    except Invalid as wrong:
        return await shown(event, "question", typed, _named(wrong))
    except Conflict as full:
        return await shown(event, "question", typed, {"label": str(full)}, full.status)
    return await redirect(f"{event.path}/tickets", "It is asked from now on.")


@pages.get("/events/<slug>/questions/<question_id>")
@allowed(editor)
async def one(slug: str, question_id: str) -> Response:
    """The form of a question."""
    event = await events.there(slug)
    asked = await store.form(event.id)
    question = found(asked, question_id)
    return await _form(event, asked, question, typed_in(meanwhile.opening(_values_of(question))))


@pages.post("/events/<slug>/questions/<question_id>")
@allowed(editor)
async def edit(slug: str, question_id: str) -> Response:
    """Asks it otherwise, answers stay; where somebody else changed it meanwhile, both are shown."""
    event, typed = await events.there(slug), (await request.form).to_dict()
    asked = await store.form(event.id)
    known = found(asked, question_id)

    async def there() -> Question:
        return found(await store.form(event.id), question_id)

    async def write(seen: Question) -> Form:
        def other(form: Form) -> Form:
            if found(form, question_id) != seen:
                raise EditedMeanwhile
            return replaced(form, question)

        return await store.edit_form(event, other, by=actor(), now=now())

    names = {one.id: one.label for one in asked.questions} | {kind.value: name for kind, name in KINDS.items()}
    try:
        question = _question(typed, question_id)
        await meanwhile.save(typed, there, _values_of, write, names)
    except Invalid as wrong:
        return await _form(event, asked, known, typed_in(typed, _named(wrong)), wrong.status)
    except Meanwhile as edited:
        return await _form(event, asked, known, typed_in(edited.values, edited.fields), edited.status)
    return await redirect(f"{event.path}/tickets", "Saved. It is asked so from now on.")


@pages.post("/events/<slug>/questions/<question_id>/remove")
@allowed(editor)
async def stop_asking(slug: str, question_id: str) -> Response:
    """One question less; answers that people gave stay."""
    event = await events.there(slug)

    def shorter(before: Form) -> Form:
        found(before, question_id)
        return before.model_copy(update={"questions": without(before.questions, question_id)})

    await store.edit_form(event, shorter, by=actor(), now=now())
    return await redirect(f"{event.path}/tickets", "It is not asked any more.")


async def _form(event: Event, asked: Form, question: Question, form: dict[str, Any], status: int = 200) -> Response:
    ids = [one.id for one in asked.questions]
    context = {
        "event": event,
        "organiser": await organisers.get(event.organiser_id),
        "question": question,
        "form": form,
        "kinds": KINDS,
        "before": asked.questions[: ids.index(question.id)],
    }
    return await page("ticket_types/question.html", status=status, **context)


def _values_of(question: Question) -> dict[str, Any]:
    only_if = question.only_if or Condition(question="", answer="")
    return {
        "label": question.label,
        "help": question.help,
        "kind": question.kind.value,
        "options": "\n".join(question.options),
        "if_question": only_if.question,
        "if_answer": only_if.answer,
        "is_required": "true" if question.is_required else "",
        "per_ticket": "true" if question.per is Per.TICKET else "",
        "at_door": "true" if question.per is Per.DOOR else "",
    }


def _per(typed: Mapping[str, str]) -> Per:
    if typed.get("at_door"):
        return Per.DOOR
    return Per.TICKET if typed.get("per_ticket") else Per.REGISTRATION


def _question(typed: Mapping[str, str], question_id: str) -> Question:
    options = [line.strip() for line in typed.get("options", "").splitlines() if line.strip()]
    condition, answer = typed.get("if_question", ""), typed.get("if_answer", "").strip()
    values = {
        "id": question_id,
        "label": typed.get("label", ""),
        "help": typed.get("help", ""),
        "kind": typed.get("kind", ""),
        "per": _per(typed),
        "is_required": bool(typed.get("is_required")),
        "options": options,
        "only_if": Condition(question=condition, answer=answer) if condition and answer else None,
    }
    try:
        return Question.model_validate(values)
    except ValidationError as error:
        raise Invalid(sentences(error)) from None


def _named(wrong: Invalid) -> dict[str, str]:
    return {"label" if field == "only_if" else field: sentence for field, sentence in wrong.fields.items()}
