"""Whom a message did not reach: who, why, and trying it again with the address of now."""

import asyncio
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import team
from tests.events.making import ANA, NOW
from tests.messages.test_counts import a_message, counts
from tests.messages.test_messages import posted_to, written
from tests.registrations.making import event_with, registers
from tests.registrations.test_pages import html
from webapp.errors import Conflict
from webapp.mail import store as mails
from webapp.mail.failing import Why
from webapp.messages import again, posting
from webapp.messages import store as messages
from webapp.organisers.organiser import Role
from webapp.registrations import changing, ending, store
from webapp.registrations.registration import Attendee, Contact


async def a_failure(db: Any) -> tuple[Any, messages.Message]:
    """An event with three people whose message reached only one of them."""
    jazz, (ana, ben, eve) = await a_message(db)
    await mails.close(ana, "sent", now=NOW)
    await mails.close(ben, "failed", now=NOW, why=Why.NO_MAILBOX)
    await mails.close(eve, "failed", now=NOW, why=Why.FULL)
    return jazz, (await messages.of_event(jazz.event.organiser_id, jazz.event.id))[0]


async def one_of(db: Any, email: str) -> store.Registration:
    return await store.get((await db.registrations.find_one({"email": email}))["_id"])


async def test_the_team_sees_whom_it_did_not_reach_and_why_and_tries_again(client: Browser, db: Any) -> None:
    jazz, message = await a_failure(db)
    path = f"{jazz.event.path}/messages/{message.id}"
    assert path in await html(client, f"{jazz.event.path}/messages")
    page = await html(client, path)
    assert "2 could not be delivered" in page
    assert "ben@example.org" in page
    assert "There is no such mailbox" in page
    assert "The mailbox is full." in page
    assert "ana@example.org" not in page
    assert (await client.post(f"{path}/again")).status_code == 303
    assert await posted_to_now(db) == ["ben@example.org", "eve@example.org"]
    assert await counts(db) == (1, 0, 0)
    assert "Everybody was reached" in await html(client, path)
    record = await db.records.find_one({"action": "wrote again to"})
    assert record["after"] == {"subject": message.subject, "people": "2"}


async def posted_to_now(db: Any) -> list[str]:
    return sorted([one["to"] async for one in db.mails.find({"state": "waiting"})])


async def test_a_corrected_address_is_used_and_only_the_one_that_was_asked_for_goes(client: Browser, db: Any) -> None:
    jazz, message = await a_failure(db)
    ben = await one_of(db, "ben@example.org")
    corrected = Contact(name="Ben", email="ben@right.example.org")
    await changing.change(ben.id, corrected, by="eve", now=NOW)
    await db.mails.delete_many({"state": "waiting"})
    path = f"{jazz.event.path}/messages/{message.id}"
    assert "ben@right.example.org" in await html(client, path)
    await client.post(f"{path}/again", form={"mail": f"{message.id}-{ben.id}"})
    assert await posted_to_now(db) == ["ben@right.example.org"]
    assert await counts(db) == (1, 1, 0)


async def test_two_at_once_and_once_more_send_one_mail_each(db: Any, connection: Any) -> None:
    jazz, message = await a_failure(db)
    both = [again.send_again(jazz.event, message, by=ANA, now=NOW) for _ in range(2)]
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert {type(one) for one in answers} == {int, Conflict}
    assert await posted_to_now(db) == ["ben@example.org", "eve@example.org"]
    assert await counts(db) == (1, 0, 0)
    # What fails again is counted and told again.
    (one, other) = [await mails.claim(NOW) for _ in range(2)]
    assert one
    assert other
    await mails.close(one, "failed", now=NOW, why=Why.PUT_OFF)
    assert await counts(db) == (1, 1, 0)
    assert [known.why for known in await again.undelivered(jazz.event, message)] == [Why.PUT_OFF]


async def test_who_has_no_place_any_more_is_left_out(client: Browser, db: Any) -> None:
    jazz, message = await a_failure(db)
    for email in ("ben@example.org", "eve@example.org"):
        await ending.cancel((await one_of(db, email)).id, by="eve", now=NOW)
    await db.mails.delete_many({"state": "waiting"})
    path = f"{jazz.event.path}/messages/{message.id}"
    assert "Not among those it is for any more" in await html(client, path)
    assert (await client.post(f"{path}/again")).status_code == 409
    assert await posted_to_now(db) == []


async def test_a_ticket_that_was_passed_on_is_tried_at_its_holder(db: Any, connection: Any) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana")
    named = {mine.tickets[0].id: Attendee(name="Ben", email="ben@example.org")}
    await changing.change(mine.id, Contact(name="ana", email="ana@example.org"), attendees=named, by="ana", now=NOW)
    await db.mails.delete_many({})
    message = await written(jazz)
    await posting.post_due(NOW)
    for _ in await posted_to(db, message):
        one = await mails.claim(NOW)
        assert one
        await mails.close(one, "failed", now=NOW, why=Why.REFUSED)
    found = await again.undelivered(jazz.event, message)
    assert [(one.name, one.email, one.registration_id) for one in found] == [
        ("ana", "ana@example.org", mine.id),
        ("Ben", "ben@example.org", mine.id),
    ]
    assert await again.send_again(jazz.event, message, by=ANA, now=NOW) == 2


async def test_what_is_too_long_ago_is_said_to_be(client: Browser, db: Any) -> None:
    jazz, message = await a_failure(db)
    await db.mails.delete_many({})
    assert "Too long ago" in await html(client, f"{jazz.event.path}/messages/{message.id}")


async def test_only_editors_of_the_team_try_again(app: Quart, client: Browser, db: Any) -> None:
    jazz, message = await a_failure(db)
    path = f"{jazz.event.path}/messages/{message.id}/again"
    door = await team.joined(await team.house(), await team.somebody("dora"), Role.DOOR)
    assert (await (await team.browser(app, door)).post(path)).status_code == 403
    other = await event_with(5)
    assert (await client.post(f"{other.event.path}/messages/{message.id}/again")).status_code == 404


@pytest.mark.parametrize(
    ("how", "said"),
    [("sent", "Delivered"), ("failed", "Not delivered"), ("later", "Next try"), ("", "On its way")],
)
async def test_the_page_of_a_registration_says_whether_its_mail_arrived(
    client: Browser, db: Any, how: str, said: str
) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana")
    one = await mails.claim(NOW)
    assert one
    if how == "later":
        await mails.put_back(one, now=NOW)
    elif how:
        await mails.close(one, how, now=NOW, why=Why.NO_MAILBOX if how == "failed" else None)
    page = await html(client, f"{jazz.event.path}/registrations/{mine.id}")
    shown = page.split('id="mails-title"')[1].split("</section>")[0]
    assert "Confirmation" in shown
    assert said in shown
    assert ("no such mailbox" in shown) == (how == "failed")
