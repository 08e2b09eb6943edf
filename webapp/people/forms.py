"""What a form shows again: everything but secrets."""

from collections.abc import Mapping
from typing import Any

from webapp.responses import FormErrors

SECRET = {"password", "new_password", "code"}
LABELS = {
    "email": "E-mail address",
    "name": "Name",
    "password": "Password",
    "new_password": "New password",
    "code": "Code",
}


def blank(**values: str) -> dict[str, Any]:
    """A form nobody has sent."""
    return {"values": values, "errors": {}, "first_error": None, "labels": LABELS}


def refused(wrong: FormErrors) -> dict[str, Any]:
    """A form that was sent, with what is wrong with it."""
    first = next((name for name in wrong.fields if name), None)
    errors = {"": "Please look at this again:", **wrong.fields}
    return {"values": kept(wrong.values), "errors": errors, "first_error": first, "labels": LABELS}


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """What may be shown again."""
    return {name: value for name, value in values.items() if name not in SECRET}
