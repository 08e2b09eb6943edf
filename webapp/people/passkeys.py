"""Passkeys: what a device is asked for and what its answer proves (W3C Web Authentication). The door to webauthn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.errors import Invalid
from webapp.people.person import Account

LONGEST = 20_000
WRONG = "This passkey does not open anything here. Try another one, or use your password."
NOT_MADE = "The device's answer cannot be used. Please try again."

Answer = TypeVar("Answer", AuthenticationCredential, RegistrationCredential)


class Passkey(BaseModel):
    """What is kept of a passkey: a public key. Its other half never leaves the person's device."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    person_id: str
    name: str
    credential_id: str
    public_key: bytes = Field(repr=False)
    sign_count: int
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class Site:
    """Whom passkeys are for: the origin of our pages, and the name (RP ID) under which devices keep them."""

    origin: str
    name: str


@dataclass(frozen=True)
class Made:
    """A passkey that a device has just made."""

    credential_id: str
    public_key: bytes
    sign_count: int


def site_of(origin: str) -> Site | None:
    """The site of an origin; None where browsers give no passkeys: by number, and without https but for localhost."""
    parts = urlsplit(origin)
    name = parts.hostname or ""
    is_local = name == "localhost" or name.endswith(".localhost")
    is_number = ":" in name or name.rpartition(".")[2].isdigit()
    return Site(origin, name) if (parts.scheme == "https" or is_local) and not is_number else None


def to_make(site: Site, person: Account, there: Iterable[Passkey], challenge: bytes) -> str:
    """What a device needs to make a passkey, as JSON; it refuses where it holds one of those that are there."""
    return options_to_json(
        generate_registration_options(
            rp_id=site.name,
            rp_name="Turnout",
            user_id=person.id.encode(),
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenge,
            timeout=300_000,
            exclude_credentials=_descriptors(there),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
    )


def to_show(site: Site, challenge: bytes, among: Iterable[Passkey] = ()) -> str:
    """What a device needs to show a passkey, as JSON: one of these, or whichever it holds for the site."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.name,
            challenge=challenge,
            timeout=300_000,
            allow_credentials=_descriptors(among),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def read_made(text: str) -> RegistrationCredential:
    """A browser's answer to `to_make`. Raises Invalid."""
    try:
        return parse_registration_credential_json(_short_enough(text))
    except Exception as error:  # strangers write this; whatever it breaks, it is refused
        raise Invalid({"": NOT_MADE}) from error


def read_shown(text: str) -> AuthenticationCredential:
    """A browser's answer to `to_show`. Raises Invalid."""
    try:
        return parse_authentication_credential_json(_short_enough(text))
    except Exception as error:
        raise Invalid({"": WRONG}) from error


def challenge_in(answer: Answer) -> bytes:
    """The challenge that an answer says it answers. Raises Invalid."""
    try:
        return parse_client_data_json(answer.response.client_data_json).challenge
    except Exception as error:
        raise Invalid({"": WRONG}) from error


def check_made(answer: RegistrationCredential, site: Site, challenge: bytes) -> Made:
    """What to keep of a new passkey, which has verified who its owner is. Raises Invalid."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:
        raise Invalid({"": NOT_MADE}) from error
    return Made(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def check_shown(answer: AuthenticationCredential, site: Site, challenge: bytes, passkey: Passkey) -> int:
    """The device's count of its signatures, once the answer proves that it holds the passkey. Raises Invalid.

    A count that does not grow means that there are two of the device; one that is always 0 is kept by none.
    """
    if answer.response.user_handle != passkey.person_id.encode():
        raise Invalid({"": WRONG})
    try:
        shown = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise Invalid({"": WRONG}) from error
    return shown.new_sign_count


def _descriptors(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in passkeys]


def _short_enough(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError("longer than any device writes")
    return text
