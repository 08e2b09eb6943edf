"""What an event's team writes to everybody who registered, and what they are told when it is called off."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import team
from tests.events.making import ANA, NOW
from tests.registrations.making import comes, event_with, registers
from tests.registrations.test_calendar import mails
from tests.registrations.test_pages import html
from webapp.messages import posting, store
from webapp.messages.message import Writing
from webapp.organisers.organiser import Role
from webapp.registrations import ending
from webapp.ticket_types.store import Offered

FORM = {"subject": "The doors open later", "text": "At nine.\nNot at eight.\n\nBring a coat.", "key": "a key of ours"}


async def written(jazz: Offered, **more: Any) -> store.Message:
    """A message that waits to be posted."""
    return await store.write(jazz.event, Writing(**FORM | more), by=ANA, now=NOW)


async def posted(db: Any) -> list[str]:
    """Posts all that is due; to whom, of mails that are no confirmations."""
    while await posting.post_due(datetime.now(UTC)):
        pass
    found = await db.mails.find({"_id": {"$regex": "-"}}).sort("to", 1).to_list(None)
    return [one["to"] for one in found]


async def test_a_message_is_seen_before_it_goes_and_then_reaches_everybody_once(
    client: Browser, app: Quart, db: Any
) -> None:
    jazz = await event_with(5)
    for name in ("ana", "ben"):
        await registers(jazz, name)
    await comes(jazz, "eve")
    await mails(app)
    path = f"{jazz.event.path}/messages"
    preview = await client.post(path, form=FORM)
    assert '"heavy"' in preview.headers["RateLimit-Policy"]
    assert "This goes to 2 people" in await preview.get_data(as_text=True)
    assert await db.messages.count_documents({}) == 0
    for _ in range(2):
        assert (await client.post(path, form=FORM | {"send": "yes"})).status_code == 303
    assert await posted(db) == ["ana@example.org", "ben@example.org"]
    assert "Went out to 2 people" in await html(client, path)
    mail = (await mails(app))[0]
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == FORM["subject"]
    assert "From Olive, The House, to those who registered for “Jazz”." in text
    token = re.search(r"/registration\?token=(\S+)", text)
    assert token
    assert "Confirmed" in await html(client, await landing(client, token[1]))


async def landing(client: Browser, token: str) -> str:
    return str((await client.get(f"/registration?token={token}")).headers["Location"])


async def test_two_workers_at_one_batch_post_it_once(db: Any, connection: Any) -> None:
    jazz = await event_with(5)
    for name in ("ana", "ben", "eve"):
        await registers(jazz, name)
    message = await written(jazz)
    counts = await asyncio.gather(*(store.post(message, now=NOW) for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 3]
    # What would happen without the condition: the key of the mail is there already.
    await db.messages.update_one({"_id": message.id}, {"$set": {"after": 0, "due_at": NOW}})
    with pytest.raises(store.database.BulkWriteError):
        await store.post(message, now=NOW)
    assert len(await posted_to(db, message)) == 3


async def posted_to(db: Any, message: store.Message) -> list[str]:
    return [one["to"] async for one in db.mails.find({"_id": {"$regex": f"^{message.id}-"}})]


async def test_batches_go_on_where_they_stopped_and_wait_for_others(
    db: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BATCH", 2)
    jazz = await event_with(9)
    names = ["ana", "ben", "eve", "ida", "joe"]
    for name in names:
        await registers(jazz, name)
    message = await written(jazz)
    assert await posting.post_due(NOW) == 0, "five confirmations wait, they go first"
    await db.mails.delete_many({})
    await store.post(message, now=NOW)
    assert len(await posted_to(db, message)) == 2
    await db.mails.update_many({}, {"$unset": {"due_at": ""}})
    while await posting.post_due(NOW + store.PAUSE):
        await db.mails.update_many({}, {"$unset": {"due_at": ""}})
    assert sorted(await posted_to(db, message)) == [f"{name}@example.org" for name in names]


async def test_it_goes_to_those_who_were_chosen(db: Any, connection: Any) -> None:
    jazz = await event_with(5)
    await registers(jazz, "ana")
    gone = await registers(jazz, "ben")
    await ending.cancel(gone.id, by="ben", now=NOW)
    await written(jazz, state="cancelled", ticket_type_id=jazz.types[0].id)
    await registers(jazz, "eve")
    assert await posted(db) == ["ben@example.org"]
    with pytest.raises(store.Conflict):
        await written(jazz, ticket_type_id="of another event")


async def test_bad_input_keeps_what_was_typed(client: Browser, db: Any) -> None:
    jazz = await event_with(5)
    path = f"{jazz.event.path}/messages"
    answer = await client.post(path, form=FORM | {"text": " ", "send": "yes"})
    assert answer.status_code == 422
    page = await answer.get_data(as_text=True)
    assert FORM["subject"] in page
    assert "Please fill this in" in page
    nobody = await client.post(path, form=FORM | {"send": "yes"})
    assert "Nobody would get this" in await nobody.get_data(as_text=True)
    assert await db.messages.count_documents({}) == 0


async def test_only_editors_of_the_team_write(app: Quart, client: Browser, visitor: Browser) -> None:
    jazz = await event_with(5)
    path = f"{jazz.event.path}/messages"
    door = await team.joined(await team.house(), await team.somebody("dora"), Role.DOOR)
    stranger = await team.somebody("stan")
    assert (await (await team.browser(app, door)).post(path, form=FORM)).status_code == 403
    assert (await (await team.browser(app, stranger)).get(path)).status_code == 404
    assert (await visitor.get(path)).status_code in {302, 303}
