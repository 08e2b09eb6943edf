"""A person's account: what is kept, what may be typed, and what makes a password good enough."""

import re
import unicodedata
from datetime import datetime
from functools import cache
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

SHORTEST, LONGEST = 10, 1_000
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffd]")


class Account(BaseModel):
    """What is kept of a person. `email` is as typed, `email_key` what makes it one of a kind."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    name: str
    email: str
    email_key: str
    password: str = Field(repr=False)
    created_at: datetime
    totp: str = Field("", repr=False, description="Sealed; `store.second_step_secret` opens it.")
    totp_step: int = 0
    recovery: list[str] = Field(default=[], repr=False)
    roles: dict[str, str] = {}
    """The role in each team, by the organiser's id; written by webapp.organisers only."""

    @property
    def has_second_step(self) -> bool:
        return bool(self.totp)


def _fault(message: str, field: str = "") -> PydanticCustomError:
    return PydanticCustomError("turnout", message, {"field": field} if field else None)


def _email(text: str) -> str:
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise _fault("Write an e-mail address, such as ana@example.org.")
    return text


def _name(text: str) -> str:
    if _UNREADABLE.search(text):
        raise _fault("This has characters that cannot be shown; please type it again.")
    return text


def _stripped(text: object) -> object:
    return text.strip() if isinstance(text, str) else text


def _one_line(text: object) -> object:
    return " ".join(text.split()) if isinstance(text, str) else text


def _together(text: object) -> object:
    return re.sub(r"[\s-]", "", text).lower() if isinstance(text, str) else text


def _normal(text: object) -> object:
    # Keyboards send one character in several forms; RFC 8265 compares passwords in this one.
    return unicodedata.normalize("NFC", text) if isinstance(text, str) and len(text) <= LONGEST else text


def _strong(password: str) -> str:
    if len(password) < SHORTEST:
        raise _fault(f"Please use {SHORTEST} characters or more; a few words in a row are easy to remember.")
    if is_common(password):
        raise _fault("This is one of the passwords that are tried first; please choose another.")
    return password


Email = Annotated[str, BeforeValidator(_stripped), AfterValidator(_email)]
Name = Annotated[
    str,
    Field(min_length=1, max_length=80),
    BeforeValidator(_one_line),
    AfterValidator(_name),
]
Typed = Annotated[str, Field(min_length=1, max_length=LONGEST), BeforeValidator(_normal)]
New = Annotated[str, Field(max_length=LONGEST), BeforeValidator(_normal), AfterValidator(_strong)]
Code = Annotated[str, Field(min_length=1, max_length=64), BeforeValidator(_together)]


class Address(BaseModel):
    """Whom to send a link to."""

    email: Email


class Credentials(BaseModel):
    """What somebody signs in with."""

    email: Email
    password: Typed


class Joining(BaseModel):
    """What makes an account of a confirmed address."""

    name: Name
    new_password: New


class Fresh(BaseModel):
    """A new password for whoever holds the link."""

    new_password: New


class Change(BaseModel):
    """A new password for whoever knows the old one."""

    password: Typed
    new_password: New

    @model_validator(mode="after")
    def _differs(self) -> Self:
        if self.password == self.new_password:
            raise _fault("This is the password you have already.", "new_password")
        return self


class Renaming(BaseModel):
    """What others see."""

    name: Name


class Label(BaseModel):
    """What a person calls one of their passkeys."""

    name: Name


class Confirmation(BaseModel):
    """The password again, before something that matters."""

    password: Typed


class Step(BaseModel):
    """The second step of signing in: six digits, or a recovery code."""

    code: Code


class StepOn(BaseModel):
    """Turning the second step on: digits that show that the other device works."""

    code: Code


def key_of(email: str) -> str:
    """What two spellings of one address have in common."""
    return unicodedata.normalize("NFKC", email).casefold()


def is_common(password: str) -> bool:
    """Whether a password, or the word before its closing digits and signs, is among the 30,000 that leaked most."""
    lower = password.casefold()
    core = re.sub(r"[\W\d_]+$", "", lower)
    return len(set(lower)) < 4 or lower in _common() or core in _common()


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])
