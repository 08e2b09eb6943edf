"""Work that goes on for as long as a worker lives, whatever it did not foresee."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


async def lasting(work: Callable[[], Awaitable[None]]) -> None:
    """Begins `work` again when it has failed, until cancelled or until it ends by itself.

    A task that nobody waits for would end without a word: changes, mails or offers would stop on this worker alone.
    """
    while True:
        try:
            return await work()
        except Exception:
            log.exception("%s failed, it begins again", getattr(work, "__qualname__", work))
            await asyncio.sleep(AGAIN_SECONDS)
