"""Short texts under the installation's signature: they can be given away and known again. The door to itsdangerous."""

import hashlib
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

_secret: list[str] = []


def use(secret: str) -> None:
    """Signs with this secret from now on."""
    _secret[:] = [secret]


def sign(purpose: str, value: str) -> str:
    """The value, signed for one purpose and dated; fit for a URL and a cookie. It is readable, not hidden."""
    return str(_signer(purpose).dumps(value))


def read(purpose: str, text: str, *, within: timedelta) -> str | None:
    """The value, if it was signed here for this purpose and not longer ago than that."""
    try:
        value = _signer(purpose).loads(text, max_age=int(within.total_seconds()))
    except BadData:
        return None
    return value if isinstance(value, str) else None


def _signer(purpose: str) -> URLSafeTimedSerializer:
    options = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(_secret[0], salt=f"turnout {purpose}", signer_kwargs=options)
