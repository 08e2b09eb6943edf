"""The keys that sign access tokens: Ed25519, kept sealed, each with an id, so that they can be replaced.

The newest key signs. One that was replaced still verifies until what it signed has run out, so replacing it signs
nobody out.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Unavailable
from webapp.walls import sealing

SIGNS_FOR = timedelta(days=30)
# Longer than an access token lasts.
VERIFIES_AFTERWARDS = timedelta(minutes=15)
REMEMBERED_SECONDS = 10
MOST_REMEMBERED = 100

database.keep(
    "signing_keys",
    IndexModel("generation", unique=True),
    IndexModel("expires_at", expireAfterSeconds=0),
)

Kept = Mapping[str, Any]


@dataclass(frozen=True)
class SigningKey:
    """The key of now."""

    id: str
    private: Ed25519PrivateKey


_remembered: dict[str, tuple[float, Ed25519PublicKey | None]] = {}


async def signing(*, now: datetime) -> SigningKey:
    """The key to sign with; makes one where there is none, or where it has signed long enough or cannot be opened."""
    for _ in range(5):
        newest = await _newest()
        private = _opened(newest) if newest and newest["created_at"] + SIGNS_FOR > now else None
        if newest and private:
            return SigningKey(newest["_id"], private)
        await _follow(newest, now)
    raise Unavailable("There is no key to sign with just now; try again in a moment.")


async def verifying(key_id: str, *, now: datetime) -> Ed25519PublicKey | None:
    """The public key with this id, if what it signed may still count."""
    read_at, key = _remembered.get(key_id, (-REMEMBERED_SECONDS, None))
    if time.monotonic() - read_at < REMEMBERED_SECONDS:
        return key
    found = await db().signing_keys.find_one({"_id": key_id, **_counting(now)})
    key = _public(found) if found else None
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key_id] = time.monotonic(), key
    return key


async def rotate(*, now: datetime) -> str:
    """Lets a new key sign from now on; answers its id."""
    await _follow(await _newest(), now)
    return (await signing(now=now)).id


async def drop_older(*, now: datetime) -> int:
    """Lets older keys verify no more, within seconds: for when one was stolen. Programs have to refresh."""
    newest = await signing(now=now)
    return int((await db().signing_keys.delete_many({"_id": {"$ne": newest.id}})).deleted_count)


async def published(*, now: datetime) -> list[dict[str, str]]:
    """Every key that verifies, as JSON Web Keys (RFC 8037), the newest first."""
    found = await db().signing_keys.find(_counting(now)).sort("generation", -1).to_list(None)
    fixed = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}
    return [{**fixed, "kid": one["_id"], "x": one["public"]} for one in found]


async def _newest() -> Kept | None:
    found: Kept | None = await db().signing_keys.find_one({}, sort=[("generation", -1)])
    return found


async def _follow(before: Kept | None, now: datetime) -> None:
    """Makes the key after `before`, unless another worker was first: two cannot have the same generation."""
    made = _made(before["generation"] + 1 if before else 1, now)
    older = {"generation": {"$lt": made["generation"]}, "expires_at": None}

    async def keep(session: Session) -> None:
        await db().signing_keys.insert_one(made, session=session)
        await db().signing_keys.update_many(older, {"$set": {"expires_at": now + VERIFIES_AFTERWARDS}}, session=session)

    try:
        await database.transaction(keep)
    except DuplicateKeyError:
        return


def _made(generation: int, now: datetime) -> dict[str, Any]:
    private, key_id = Ed25519PrivateKey.generate(), database.new_id()
    sealed = sealing.seal(_text(private.private_bytes_raw()), about=f"signing key {key_id}")
    public = _text(private.public_key().public_bytes_raw())
    kept = {"_id": key_id, "generation": generation, "public": public, "sealed": sealed}
    return {**kept, "created_at": now, "expires_at": None}


def _opened(kept: Kept) -> Ed25519PrivateKey | None:
    text = sealing.opened(kept["sealed"], about=f"signing key {kept['_id']}")
    return Ed25519PrivateKey.from_private_bytes(_bytes(text)) if text else None


def _public(kept: Kept) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_bytes(kept["public"]))


def _counting(now: datetime) -> dict[str, Any]:
    return {"$or": [{"expires_at": None}, {"expires_at": {"$gt": now}}]}


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
