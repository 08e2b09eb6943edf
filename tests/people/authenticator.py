"""A device that holds passkeys, in software: it answers what a browser would, rightly or wrongly."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN, NAME = "http://localhost", "localhost"
PRESENT, VERIFIED, HAS_KEY = 1, 4, 64


class Authenticator:
    """One passkey of one device. `count` is what it says of its signatures; None: it keeps no count."""

    def __init__(self, count: int | None = 0) -> None:
        self.key, self.id, self.count = generate_private_key(SECP256R1()), secrets.token_bytes(32), count
        self.owner = ""

    def make(self, offer: dict[str, Any], **wrong: Any) -> str:
        """Makes the passkey that a site asks for."""
        self.owner = offer["user"]["id"]
        said = self._client_data("webauthn.create", offer, wrong)
        data = self._data(wrong, HAS_KEY) + bytes(16) + len(self.id).to_bytes(2) + self.id + self._public_key()
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": encoded(said), "attestationObject": encoded(attested)})

    def show(self, offer: dict[str, Any], **wrong: Any) -> str:
        """Shows the passkey to a site; `wrong` says what it does not do as it should."""
        if self.count is not None:
            self.count += 1
        said, data = self._client_data("webauthn.get", offer, wrong), self._data(wrong)
        key = wrong.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(said).digest(), ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(said),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
                "userHandle": wrong.get("owner", self.owner),
            }
        )

    def _client_data(self, kind: str, offer: dict[str, Any], wrong: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": offer["challenge"], "origin": ORIGIN, "crossOrigin": False}
        return json.dumps({**said, **wrong.get("said", {})}).encode()

    def _data(self, wrong: dict[str, Any], more: int = 0) -> bytes:
        name, flags = wrong.get("site", NAME), wrong.get("flags", PRESENT | VERIFIED)
        count = wrong.get("count", self.count or 0)
        return hashlib.sha256(name.encode()).digest() + bytes([flags | more]) + count.to_bytes(4)

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {"id": encoded(self.id), "rawId": encoded(self.id), "type": "public-key", "response": response}
        )


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")
