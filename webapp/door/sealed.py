"""What a phone without network holds of a ticket: a record that only the ticket's own code opens.

HKDF-SHA256 (RFC 5869) makes three things of a ticket's secret, under different labels: the id under which the record is
found, the key of AES-256-GCM, and the key of its nonces. A secret has 130 random bits, so there is nothing to guess and
no slow hash is needed. The nonce follows from the text (as in RFC 5297): the same state gives the same bytes on every
worker, and no two texts share a nonce. Every record is equally long.
"""

import hmac
import json
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ID_BYTES, NONCE_BYTES, TEXT_BYTES, TAG_BYTES = 16, 12, 192, 16
RECORD_BYTES = ID_BYTES + NONCE_BYTES + TEXT_BYTES + TAG_BYTES
NAME_BYTES, PLACE_BYTES = 88, 24


@dataclass(frozen=True, slots=True)
class Known:
    """What a helper needs of a ticket. `kind` is its type's place in the pack's list, `at` seconds of the epoch."""

    state: str
    kind: int
    name: str
    entries: int = 0
    is_inside: bool = False
    at: int = 0
    gate: str = ""
    device: str = ""

    def text(self) -> bytes:
        """As JSON, filled up with blanks to the length that all have; long names are cut."""
        standing = (
            self.entries,
            int(self.is_inside),
            self.at,
            _cut(self.gate, PLACE_BYTES),
            _cut(self.device, PLACE_BYTES),
        )
        name = _cut(self.name, NAME_BYTES)
        while len(found := _json(self.state, self.kind, name, *standing)) > TEXT_BYTES:
            name = name[:-1]
        return found.ljust(TEXT_BYTES)


def seal(secret: str, event_id: str, known: Known) -> bytes:
    """The record: its id, a nonce, and what is encrypted, bound to the id."""
    name, key, nonces = _keys(secret, event_id)
    text = known.text()
    nonce = hmac.digest(nonces, text, "sha256")[:NONCE_BYTES]
    return name + nonce + AESGCM(key).encrypt(nonce, text, name)


@lru_cache(60_000)
def _keys(secret: str, event_id: str) -> tuple[bytes, bytes, bytes]:
    return (
        _derived(secret, event_id, "turnout offline id", ID_BYTES),
        _derived(secret, event_id, "turnout offline key", 32),
        _derived(secret, event_id, "turnout offline nonce", 32),
    )


def _derived(secret: str, event_id: str, label: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=event_id.encode(), info=label.encode()).derive(secret.encode())


def _json(*values: str | int) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(text: str, most: int) -> str:
    """As much of the text as fits into so many bytes."""
    return text.encode()[:most].decode(errors="ignore")
