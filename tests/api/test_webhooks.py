"""Webhooks looked after by a program."""

from datetime import UTC, datetime

from quart import Quart

from tests.api.conftest import Program, program_of
from tests.team import house, joined, somebody
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.webhooks import store
from webapp.webhooks.webhook import State

PATH = "/api/v1/organisers/the-house/webhooks"
HOOK = {"url": "https://example.org/hook", "families": ["event"]}
KEY = {"Idempotency_Key": "a-key-of-some-length"}


async def test_a_secret_is_told_once_also_to_who_asks_twice(olive: Program, db: Database) -> None:
    first, again = [await olive.posts(PATH, HOOK, **KEY) for _ in range(2)]
    assert (first.status, first.content) == (201, again.content)
    assert first.said["secret"].startswith("whsec_")
    assert await db.webhooks.count_documents({}) == 1
    one = f"{PATH}/{first.said['id']}"
    assert first.headers["Location"].endswith(one)
    for path in (PATH, one):
        assert b"whsec_" not in (await olive.reads(path)).content
    turned = await olive.posts(f"{one}/secret")
    assert turned.said["secret"] not in ("", first.said["secret"])


async def test_an_endpoint_is_edited_by_who_has_read_it(olive: Program, db: Database) -> None:
    made = await olive.posts(PATH, HOOK)
    one = f"{PATH}/{made.said['id']}"
    told = await olive.patches(one, {"url": "https://example.org/other", "families": None})
    assert (told.said["url"], told.said["families"]) == ("https://example.org/other", [])
    assert (await olive.patches(one, {"url": "https://example.org/third"}, If_Match=made.tag)).problem == "changed"
    assert (await olive.patches(one, {"url": "http://example.org/", "families": ["weather"]})).status == 422
    assert (await olive.patches(one, {"url": "http://example.org/"})).pointers == ["/url"]
    assert (await olive.asks("DELETE", one)).status == 204
    assert (await olive.reads(one)).status == 404


async def test_a_program_sees_what_was_posted_and_posts_it_again(olive: Program, db: Database) -> None:
    one = f"{PATH}/{(await olive.posts(PATH, HOOK)).said['id']}"
    pinged = await olive.posts(f"{one}/ping")
    assert (pinged.status, pinged.said["kind"], pinged.said["state"]) == (201, "webhook.ping", "waiting")
    [seen] = (await olive.reads(f"{one}/deliveries?state=waiting&fields=state,body")).said["items"]
    assert seen["body"]["data"]["id"] == pinged.said["message_id"]
    webhook = await store.get((await house()).id, pinged.said["webhook_id"])
    delivery = await store.delivery(webhook, pinged.said["id"])
    await store.note(delivery, State.FAILED, "503 Busy.", now=datetime.now(UTC))
    path = f"{one}/deliveries/{delivery.id}"
    assert (await olive.reads(path)).said["told"] == "503 Busy."
    assert (await olive.posts(f"{path}/again")).said["state"] == "waiting"
    assert (await olive.posts(f"{one}/deliveries/none/again")).status == 404


async def test_a_stopped_endpoint_is_turned_on_again(olive: Program, db: Database) -> None:
    one = f"{PATH}/{(await olive.posts(PATH, HOOK)).said['id']}"
    await db.webhooks.update_one({}, {"$set": {"stopped": "The endpoint answered 410 Gone."}})
    assert (await olive.reads(one)).said["stopped"]
    assert (await olive.posts(f"{one}/on")).said["stopped"] == ""


async def test_webhooks_are_the_managers_business(app: Quart, olive: Program) -> None:
    one = f"{PATH}/{(await olive.posts(PATH, HOOK)).said['id']}"
    editor = await program_of(app, await joined(await house(), await somebody("ed"), Role.EDITOR))
    assert [(await editor.reads(path)).status for path in (PATH, one, f"{one}/deliveries")] == [403, 403, 403]
    assert (await editor.posts(f"{one}/secret")).status == 403
