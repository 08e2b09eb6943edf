"""Texts that are kept encrypted, so that a copy of the database tells nothing of them. The door to cryptography.

AES-256-GCM under a key that HKDF (RFC 5869) derives from the installation's secret. What is sealed names its key, so
that the secret can be replaced: `1.<key>.<nonce and text>`.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORM = "1"
NONCE_BYTES = 12

_secrets: list[str] = []


def use(secret: str, *older: str) -> None:
    """Seals under this secret from now on; what was sealed under an older one can still be opened."""
    _secrets[:] = [secret, *older]


def seal(text: str, *, about: str) -> str:
    """The text, encrypted. `about` names what it belongs to: elsewhere it does not open."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_key(_secrets[0])).encrypt(nonce, text.encode(), about.encode())
    return f"{mark()}{urlsafe_b64encode(nonce + sealed).decode()}"


def opened(sealed: str, *, about: str) -> str | None:
    """The text, or None where no secret of ours opens it here."""
    form, _, rest = sealed.partition(".")
    name, _, content = rest.partition(".")
    key = next((_key(secret) for secret in _secrets if _name(secret) == name), None)
    if form != FORM or key is None:
        return None
    try:
        raw = urlsafe_b64decode(content)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def is_sealed(text: str) -> bool:
    """Whether this is something sealed, under whatever secret."""
    return text.startswith(f"{FORM}.")


def mark() -> str:
    """How everything begins that is sealed under the secret of now."""
    return f"{FORM}.{_name(_secrets[0])}."


def knows(name: str) -> bool:
    """Whether a secret that is known here made a `mark` of this name."""
    return any(name == f"{FORM}.{_name(secret)}." for secret in _secrets)


@lru_cache(16)
def _key(secret: str) -> bytes:
    return _derived(secret, "turnout sealing", 32)


@lru_cache(16)
def _name(secret: str) -> str:
    return _derived(secret, "turnout name of the sealing key", 4).hex()


def _derived(secret: str, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(secret.encode())
