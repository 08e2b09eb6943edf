"""Passwords are kept as argon2id hashes, made and checked off the event loop. The door to argon2."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# OWASP Password Storage Cheat Sheet: m=19456 (19 MiB), t=2, p=1.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
AT_ONCE = 4
_places = asyncio.Semaphore(AT_ONCE)


async def hashed(password: str) -> str:
    """The hash to keep."""
    async with _places:
        return await asyncio.to_thread(_HASHER.hash, password)


async def is_right(password: str, kept: str | None) -> bool:
    """Whether this is the password. Without anything kept it takes as long, and is wrong."""
    async with _places:
        return await asyncio.to_thread(_check, password, kept)


def _check(password: str, kept: str | None) -> bool:
    try:
        return _HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this one")


_nobodys()
