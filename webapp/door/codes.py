"""The code on a ticket: what it is for and its secret, signed so that a device without the server can check it.

`TO1.EVENT.TYPE.SECRET.SIGNATURE`, an Ed25519 signature (RFC 8032) in base32 without padding: only signs of a QR code's
alphanumeric mode. Nothing of the person is in it, so that correcting a name leaves the code as it is.
"""

import base64
import io
import re
from binascii import Error
from dataclasses import dataclass

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.door.checkin import Ticket

VERSION = "TO1"
SECRET = re.compile(r"[0-9a-z]{16,64}")


@dataclass(frozen=True)
class Signed:
    """What a code says once its signature was checked."""

    event_id: str
    ticket_type_id: str
    secret: str


class Key:
    """The signing key of one event, which follows from the installation's secret: the same on every worker."""

    def __init__(self, secret: str, event_id: str) -> None:
        seed = HKDF(SHA256(), 32, salt=None, info=f"turnout tickets {event_id}".encode()).derive(secret.encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """What a device checks codes with, in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def code(self, ticket: Ticket) -> str:
        """What stands in the QR code of a ticket; always the same for the same ticket."""
        said = ".".join((VERSION, ticket.event_id, ticket.ticket_type_id, ticket.secret)).upper()
        return f"{said}.{_text(self._key.sign(said.encode()))}"


_secrets: list[str] = []


def use(secret: str) -> None:
    """Signs tickets with the secret of this installation from now on."""
    _secrets[:] = [secret]


def key_of(event_id: str) -> Key:
    """What the codes of an event are signed with."""
    return Key(_secrets[0], event_id)


def checked(code: str, public: str) -> Signed | None:
    """What a code says, or None when it was not signed with the key that belongs to `public`."""
    said, _, signature = code.strip().upper().rpartition(".")
    parts = said.lower().split(".")
    if len(parts) != 4 or parts[0] != VERSION.lower():
        return None
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(_bytes(signature), said.encode())
    except (InvalidSignature, Error, ValueError):
        return None
    return Signed(*parts[1:])


def secret_in(text: str) -> str:
    """The secret in what was scanned or typed: a code, the address of a ticket, or the secret in groups; else ""."""
    found = text.strip().lower()
    if found.startswith(f"{VERSION.lower()}."):
        parts = found.split(".")
        found = parts[3] if len(parts) == 5 else ""
    elif "/" in found:
        found = found.rstrip("/").rpartition("/")[2]
    found = re.sub(r"[\s-]", "", found)
    return found if SECRET.fullmatch(found) else ""


def grouped(secret: str) -> str:
    """A secret as a person reads it out, in fours."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def picture(code: str) -> str:
    """A code as an SVG element, dark on light in every colour scheme: cameras want it so."""
    out = io.BytesIO()
    options = {"xmldecl": False, "svgns": False, "dark": "#000", "light": "#fff", "nl": False, "omitsize": True}
    segno.make(code, error="m", micro=False).save(out, kind="svg", border=4, **options)
    return out.getvalue().decode()


def png(code: str) -> bytes:
    """A code as a picture for mails, whose programs show no SVG."""
    out = io.BytesIO()
    segno.make(code, error="m", micro=False).save(out, kind="png", scale=5, border=4)
    return out.getvalue()


def _text(signature: bytes) -> str:
    return base64.b32encode(signature).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))
