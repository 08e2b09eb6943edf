"""Short texts under the installation's signature: they can be given away and known again. The door to itsdangerous."""

import hashlib
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

_secrets: list[str] = []


def use(secret: str, *older: str) -> None:
    """Signs with this secret from now on; what was signed with an older one stays valid."""
    _secrets[:] = [*older, secret]


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


def sign_for_good(purpose: str, value: str) -> str:
    """The value, signed for one purpose without a date: always the same text, so it can stand in a live region."""
    return str(_undated(purpose).dumps(value))


def read_for_good(purpose: str, text: str) -> str | None:
    """The value, if it was signed here for this purpose, whenever that was."""
    try:
        value = _undated(purpose).loads(text)
    except BadData:
        return None
    return value if isinstance(value, str) else None


def _undated(purpose: str) -> URLSafeSerializer:
    options = {"digest_method": hashlib.sha256}
    return URLSafeSerializer(list(_secrets), salt=f"turnout {purpose} for good", signer_kwargs=options)


def _signer(purpose: str) -> URLSafeTimedSerializer:
    options = {"digest_method": hashlib.sha256}
    # Of several secrets itsdangerous signs with the last.
    return URLSafeTimedSerializer(list(_secrets), salt=f"turnout {purpose}", signer_kwargs=options)
