"""What is sent back: pages, fragments, redrawn regions. The only Jinja environment lives here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import jinja_partials
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel, ValidationError
from quart import Response, current_app, flash, get_flashed_messages, request
from quart import redirect as quart_redirect

from realtime import Bound, Drawn, Engine
from webapp import access, assets
from webapp.errors import Invalid
from webapp.settings import ROOT

Form = TypeVar("Form", bound=BaseModel)

environment = Environment(
    loader=ChoiceLoader([FileSystemLoader(ROOT / "webapp" / "templates"), FileSystemLoader(ROOT / "partials")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals["asset"] = assets.url
jinja_partials.register_environment(environment)


@dataclass(frozen=True)
class Notice:
    """A sentence shown once after an action; `undo` is the address that takes it back."""

    text: str
    undo: str = ""


class FormErrors(Invalid):
    """A form that cannot be accepted: what was typed, and a sentence per field."""

    def __init__(self, values: Mapping[str, Any], fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.values = values


def now() -> datetime:
    """The instant at which a request is handled."""
    return datetime.now(UTC)


def is_htmx() -> bool:
    """Whether htmx asks, and wants a fragment."""
    return request.headers.get("HX-Request") == "true"


def render(template: str, context: Mapping[str, Any]) -> str:
    """Draws a partial; the live engine draws regions with it."""
    return environment.get_template(template).render(context)


async def page(template: str, *bounds: Bound, status: int = 200, **context: Any) -> Response:
    """A whole page. The regions are drawn and stand in the template as `regions.<name>`."""
    drawn = await _engine().draw(*bounds) if bounds else []
    html = render(
        template,
        {
            # Where the page stands in its context otherwise: an answer to a form has the address of the form's action.
            "path": request.path,
            **context,
            "regions": {bound.region.name: Markup(one.html) for bound, one in zip(bounds, drawn, strict=True)},  # noqa: S704
            "shown": "~".join(f"{one.key}.{one.signature}.{one.version}" for one in drawn),
            "notices": await _notices(),
            "asker": access.who(),
        },
    )
    return _html(html, status)


async def fragment(template: str, *, status: int = 200, **context: Any) -> Response:
    """A partial, for htmx to swap in."""
    return _html(render(template, context), status)


async def regions(*bounds: Bound, status: int = 200) -> Response:
    """Regions as htmx swaps them into the page, each with its version."""
    return _html(_envelopes(await _engine().draw(*bounds)), status)


async def answer(*bounds: Bound, otherwise: str, notice: Notice | str | None = None) -> Response:
    """After an action: htmx is given the redrawn regions and the notice, a browser without it the page `otherwise`."""
    if not is_htmx():
        return await redirect(otherwise, notice)
    told = render("notices.html", {"notices": [_notice(notice)]}) if notice else ""
    envelope = f'<hx-partial hx-target="#notices" hx-swap="innerHTML">{told}</hx-partial>' if told else ""
    return _html(_envelopes(await _engine().draw(*bounds)) + envelope, 200)


async def redirect(path: str, notice: Notice | str | None = None) -> Response:
    """Sends the browser to another page of ours, where the notice is shown."""
    if notice:
        await flash(asdict(_notice(notice)))  # type: ignore[arg-type]
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": path})
    return cast(Response, quart_redirect(path, 303))


async def form(model: type[Form]) -> Form:
    """What was posted, as the model. Raises FormErrors with a sentence per field."""
    typed = await request.form
    values: dict[str, Any] = {name: typed.getlist(name)[-1] for name in typed}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FormErrors(values, sentences(error)) from None


def sentences(error: ValidationError) -> dict[str, str]:
    """A sentence per field, as a person needs it; the first error of a field counts."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        field = one.get("ctx", {}).get("field") or (str(one["loc"][0]) if one["loc"] else "")
        found.setdefault(field, sentence(cast(Mapping[str, Any], one)))
    return found


SENTENCES = {
    "missing": "Please fill this in.",
    "string_too_short": "Please fill this in.",
    "string_too_long": "Please shorten this to {max_length:,} characters.",
    "too_long": "Please give {max_length} at most.",
    "greater_than_equal": "This must be {ge:,g} or more.",
    "less_than_equal": "This must be {le:,g} or less.",
    "int": "Write a whole number, such as 80.",
    "float": "Write a number, such as 52.52.",
    "finite": "Write a number, such as 52.52.",
    "datetime": "Write a date and a time, such as 2026-05-03 20:00.",
    "date": "Write a date, such as 2026-05-03.",
    "bool": "Choose yes or no.",
    "enum": "Choose one of these.",
    "extra_forbidden": "There is no such field.",
}


def sentence(error: Mapping[str, Any]) -> str:
    """What is wrong, as a person needs it, of one of pydantic's errors."""
    kind = error["type"]
    words = SENTENCES.get(kind) or SENTENCES.get(kind.split("_")[0])
    if kind == "turnout" or not words:
        return str(error["msg"])
    return words.format(**error.get("ctx", {}))


def _engine() -> Engine:
    return cast(Engine, current_app.extensions["live"])


def _envelopes(drawn: Sequence[Drawn]) -> str:
    return "".join(_engine().envelope(one) for one in drawn)


async def _notices() -> list[Notice]:
    # The session is touched only where its cookie came along, so that pages stay cacheable and cheap.
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return []
    return [Notice(**cast(dict[str, Any], told)) for told in get_flashed_messages()]


def _notice(notice: Notice | str) -> Notice:
    return Notice(notice) if isinstance(notice, str) else notice


def _html(html: str, status: int) -> Response:
    return Response(html, status, content_type="text/html; charset=utf-8")
