"""Forms about accounts: shown, sent, and shown again with what is wrong; everything is kept but secrets."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from quart import Response, request

from realtime import Bound
from webapp.errors import Invalid
from webapp.responses import FormErrors, page

P = ParamSpec("P")
Shown = dict[str, Any]
Handler = Callable[P, Awaitable[Response]]

SECRET = {"password", "new_password", "code", "credential"}
LABELS = {
    "email": "E-mail address",
    "name": "Name",
    "password": "Password",
    "new_password": "New password",
    "code": "Code",
}


def blank(**values: str) -> Shown:
    """A form nobody has sent."""
    return {"values": values, "errors": {}, "first_error": None, "labels": LABELS}


def refused(values: Mapping[str, Any], wrong: Invalid) -> Shown:
    """A form that was sent, with what is wrong with it."""
    kept = {name: value for name, value in values.items() if name not in SECRET}
    first = next((name for name in wrong.fields if name), None)
    errors = {"": "Please look at this again:", **wrong.fields}
    return {"values": kept, "errors": errors, "first_error": first, "labels": LABELS}


async def shown(template: str, form: Shown, *bounds: Bound, **context: Any) -> Response:
    """The page of a form."""
    return await page(template, *bounds, form=form, status=422 if form["errors"] else 200, **context)


def or_again(draw: Callable[Concatenate[Shown, P], Awaitable[Response]]) -> Callable[[Handler[P]], Handler[P]]:
    """Declares how the form is drawn again, with what was typed, when its handler raises Invalid."""

    def declare(handler: Handler[P]) -> Handler[P]:
        @wraps(handler)
        async def handled(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return await handler(*args, **kwargs)
            except Invalid as wrong:
                values = wrong.values if isinstance(wrong, FormErrors) else await request.form
                return await draw(refused(values, wrong), *args, **kwargs)

        return handled

    return declare
