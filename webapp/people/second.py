"""The second step of signing in: codes that change each half minute (RFC 6238), and some for when the phone is gone."""

import hashlib
import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
RECOVERY_CODES = 10
# Written down by hand and typed from paper: no i, l, o and u, which are taken for 1, 0 and v. 32 letters are 5 bits.
RECOVERY_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
RECOVERY_LENGTH = 16


def new_secret() -> str:
    """160 random bits, as an authenticator app takes them."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Turnout")


def picture(text: str) -> str:
    """A QR code as an SVG element, dark on light in every colour scheme: cameras want it so."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=5, border=4, xmldecl=False, svgns=False, dark="#000", light="#fff", nl=False
    )
    return out.getvalue().decode()


def step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """The time step that a code belongs to: this one or a neighbour, and later than the last that was used."""
    current = int(now.timestamp()) // STEP_SECONDS
    found = [
        step
        for step in (current - 1, current, current + 1)
        if step > after and hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), code.encode())
    ]
    return found[0] if found else None


def recovery_codes() -> list[str]:
    """Codes of eighty bits, written in fours."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def kept(code: str) -> str:
    """A recovery code as it is kept; random enough for a fast hash."""
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4))
