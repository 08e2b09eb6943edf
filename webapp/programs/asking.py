"""What a program sends to get tokens. Rules only."""

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from webapp.people.person import Code, Email, Name, Typed
from webapp.programs.token import ORDINARY, Scope, scopes_of

HOW = "Send an email and a password, or a refresh_token, or an api_token."
WHICH = "Scopes are read, write, checkin and admin, with spaces between."


def _scopes(text: object) -> object:
    try:
        found = scopes_of(text) if isinstance(text, str) else frozenset[Scope]()
    except ValueError:
        found = frozenset()
    if not found:
        raise PydanticCustomError("turnout", WHICH)
    return found


Scopes = Annotated[frozenset[Scope], BeforeValidator(_scopes), WithJsonSchema({"type": "string"}, mode="validation")]
Secret = Annotated[str, Field(min_length=1, max_length=200)]


class Asking(BaseModel):
    """A person's credentials, a refresh token or an API token; the name is what the person knows the program by."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "ana@example.org", "password": "seven blue herons", "scope": "read"}]
        },
    )

    email: Email | None = None
    password: Typed | None = None
    code: Code | None = None
    refresh_token: Secret | None = None
    api_token: Secret | None = None
    scope: Annotated[Scopes, Field(json_schema_extra={"default": "read write checkin"})] = frozenset(ORDINARY)
    name: Name | None = None

    @model_validator(mode="after")
    def _shows_one_thing(self) -> Self:
        shown = [self.email or self.password, self.refresh_token, self.api_token]
        if sum(one is not None for one in shown) != 1:
            raise PydanticCustomError("turnout", HOW)
        for field in ("email", "password"):
            if shown[0] and getattr(self, field) is None:
                raise PydanticCustomError("turnout", "Please fill this in.", {"field": field})
        return self
