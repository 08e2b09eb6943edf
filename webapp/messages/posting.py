"""Posts messages: a batch at a time, and only while few mails wait, so that none of another kind waits behind many."""

from datetime import datetime

from webapp.errors import NotFound
from webapp.mail import store as mails
from webapp.messages import store


async def post_due(now: datetime) -> int:
    """Claims a message that has somebody left to go to and posts its next batch."""
    message = await store.claim(now)
    if message is None:
        return 0
    if await mails.waiting(now, most=store.BATCH) >= store.BATCH:
        await store.put_off(message, now=now)
        return 0
    try:
        await store.post(message, now=now)
    except NotFound:
        await store.give_up(message)
    return 1
