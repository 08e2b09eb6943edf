"""How many of a message's mails were sent, failed or are tried again: each counted once, whoever sends them."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any

from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests.events.making import NOW
from tests.messages.test_messages import posted, posted_to, written
from tests.registrations.making import event_with, registers
from tests.registrations.test_pages import html
from webapp.admin import retention
from webapp.mail import sending
from webapp.mail import store as mails
from webapp.mail.store import Mail


async def a_message(db: Any) -> tuple[Any, list[Mail]]:
    """An event with three people, and the mails of a message to them."""
    jazz = await event_with(5)
    for name in ("ana", "ben", "eve"):
        await registers(jazz, name)
    await db.mails.delete_many({})
    message = await written(jazz)
    await posted(db)
    assert len(await posted_to(db, message)) == 3
    found = [await mails.claim(datetime.now(UTC)) for _ in range(3)]
    return jazz, [one for one in found if one]


async def counts(db: Any) -> tuple[int, int, int]:
    kept = await db.messages.find_one()
    return tuple(kept.get(name, 0) for name in ("sent", "failed", "put_off"))  # type: ignore[return-value]


async def test_what_becomes_of_each_mail_is_counted_once(client: Browser, db: Any) -> None:
    jazz, (ana, ben, eve) = await a_message(db)
    for _ in range(2):
        await asyncio.gather(
            mails.close(ana, "sent", now=NOW), mails.put_back(ben, now=NOW), mails.put_back(eve, now=NOW)
        )
    assert await counts(db) == (1, 0, 2)
    page = await html(client, f"{jazz.event.path}/messages")
    assert "Delivered to 1." in page
    assert "2 tried again later" in page
    await mails.close(ben, "failed", now=NOW)
    await mails.close(eve, "sent", now=NOW)
    assert await counts(db) == (2, 1, 0)
    assert "1 could not be delivered" in await html(client, f"{jazz.event.path}/messages")


async def test_a_mail_of_its_own_is_counted_nowhere(app: Quart, db: Any) -> None:
    jazz, _ = await a_message(db)
    await registers(jazz, "ida")
    while await sending.start_due(datetime.now(UTC)):
        await sending.finish()
    assert await counts(db) == (0, 0, 0)


async def test_messages_and_files_of_the_outbox_go_after_a_while(db: Any, app: Quart) -> None:
    await retention.apply(retention.AT_FIRST)
    index = (await db.messages.index_information())["created_at_1"]
    assert index["expireAfterSeconds"] == 365 * 24 * 60 * 60
    outbox = app.extensions["settings"].var / "outbox"
    outbox.mkdir(exist_ok=True)
    old = outbox / "20200101-000000-old.eml"
    old.write_bytes(b"Subject: old\n\n")
    os.utime(old, (0, 0))
    jazz = await event_with(5)
    await registers(jazz, "ana")
    while await sending.start_due(datetime.now(UTC)):
        await sending.finish()
    assert not old.exists()
