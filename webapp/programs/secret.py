"""Secrets that programs carry: 256 random bits behind a prefix that tells what they are, and a checksum.

The prefix and the checksum let secret scanners know one in a public place, and let a mistyped or truncated one be
refused without asking the database.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from enum import StrEnum

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
BYTES = 32
# 62^43 is more than 2^256, 62^6 more than 2^32.
BODY, CHECKSUM = 43, 6
_FORM = re.compile(rf"[0-9A-Za-z]{{{BODY + CHECKSUM}}}")


class Kind(StrEnum):
    """What a secret is; its first three characters."""

    API_TOKEN = "to_"  # noqa: S105 - the word, not one
    REFRESH_TOKEN = "tr_"  # noqa: S105
    TICKET = "tt_"


def fresh(kind: Kind) -> str:
    """A secret that nobody has had before."""
    return made(kind, secrets.token_bytes(BYTES))


def made(kind: Kind, content: bytes) -> str:
    """The secret of this kind with this content."""
    body = kind + _letters(int.from_bytes(content, "big"), BODY)
    return body + _checksum(body)


def after(text: str, nonce: str) -> str:
    """The one secret that follows `text`: it takes both, what the program has and what the database has."""
    return made(Kind.REFRESH_TOKEN, hmac.digest(text.encode(), nonce.encode(), "sha256"))


def is_whole(kind: Kind, text: str) -> bool:
    """Whether this is a secret of this kind, complete and unchanged."""
    is_formed = text.startswith(kind) and _FORM.fullmatch(text[len(kind) :])
    return bool(is_formed) and _checksum(text[:-CHECKSUM]) == text[-CHECKSUM:]


def kept(text: str) -> str:
    """A secret as it is kept; random enough for a fast hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _letters(zlib.crc32(body.encode()), CHECKSUM)


def _letters(number: int, length: int) -> str:
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(LETTERS))
        found.append(LETTERS[digit])
    return "".join(reversed(found))
