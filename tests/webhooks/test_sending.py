"""Webhooks: signed, sent by one worker, tried again, stopped by a 410, and never into the network."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from tests.team import acting, somebody
from tests.webhooks.conftest import NOW, Listener, goes_inside, happens, latest, listening, queue_of, sent, webhook_to
from webapp.changes import store as changes
from webapp.changes.change import key_of
from webapp.database import Database
from webapp.imports.fetch import pinned
from webapp.webhooks import sending, store
from webapp.webhooks.webhook import GIVEN_UP_AFTER, State, next_try


async def test_another_library_verifies_what_is_sent(db: Database, listener: Listener) -> None:
    _, secret = await webhook_to(listener.url)
    [change] = await happens()
    await sent()
    [(headers, body)] = listener.heard
    assert Verifier(secret).verify(body, headers)["data"]["id"] == change.id == headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace("edited", "deleted"), headers)


async def test_a_secret_is_replaced_without_a_gap(db: Database, listener: Listener) -> None:
    webhook, old = await webhook_to(listener.url)
    new = await store.rotate(webhook, by=acting(await somebody("olive")), now=datetime.now(UTC))
    await happens()
    await sent()
    (headers, body) = listener.heard[0]
    for secret in (old, new):
        assert Verifier(secret).verify(body, headers)
    await db.webhooks.update_one({"_id": webhook.id}, {"$set": {"secrets.1.until": NOW}})
    await happens()
    await sent()
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(listener.heard[1][1], listener.heard[1][0])


async def test_a_change_and_its_delivery_are_written_together_or_not_at_all(db: Database, listener: Listener) -> None:
    webhook, _ = await webhook_to(listener.url)
    [first] = await happens()
    with pytest.raises(changes.Moved):
        await changes.add([first], after=key_of("1-0"), to=first.key)
    assert len(await latest(webhook)) == 1
    assert (await queue_of(db, webhook))["due_at"] <= datetime.now(UTC)


async def test_what_fails_is_tried_again_under_the_same_id(db: Database, listener: Listener) -> None:
    webhook, _ = await webhook_to(listener.url)
    listener.status = 500
    [change] = await happens()
    await sent()
    [delivery] = await latest(webhook)
    assert (delivery.state, delivery.attempts) == (State.WAITING, 1)
    assert delivery.told.startswith("500")
    listener.status = 200
    await sent(datetime.now(UTC) + timedelta(minutes=1))
    # The claim is of a later hour; what is due is judged by the clock.
    await db.deliveries.update_many({}, {"$set": {"due_at": NOW}})
    await sent(datetime.now(UTC) + timedelta(minutes=10))
    assert listener.ids == [change.id, change.id]
    assert (await latest(webhook))[0].state is State.DELIVERED


def test_attempts_go_on_for_three_days_and_no_longer() -> None:
    at, attempts = NOW, 0
    while (again := next_try(attempts + 1, NOW, at)) is not None:
        assert again > at
        at, attempts = again, attempts + 1
    assert GIVEN_UP_AFTER - (at - NOW) < timedelta(hours=8)
    assert 15 < attempts < 30


async def test_gone_means_gone(db: Database, listener: Listener) -> None:
    webhook, _ = await webhook_to(listener.url)
    listener.status = 410
    await happens(3)
    await sent()
    stopped = await store.get(webhook.organiser_id, webhook.id)
    assert not stopped.is_on
    assert {one.state for one in await latest(webhook)} == {State.STOPPED}
    await happens()
    await sent()
    assert len(await latest(webhook)) == 3
    await store.turn_on(stopped, by=acting(await somebody("olive")), now=NOW)
    listener.status = 204
    [change] = await happens()
    await sent()
    assert listener.ids[-1] == change.id


async def test_each_delivery_is_sent_by_one_of_many_workers(db: Database, listener: Listener) -> None:
    await webhook_to(listener.url)
    told = await happens(30)
    listener.delay = 0.02
    for _ in range(6):
        await asyncio.gather(*(sending.start_due(datetime.now(UTC)) for _ in range(5)))
        await sending.finish()
    assert sorted(listener.ids) == sorted(change.id for change in told)


async def test_a_dead_endpoint_holds_up_nobody(db: Database, listener: Listener) -> None:
    dead, server = await listening()
    try:
        dead.status, dead.delay = 503, 0.3
        webhook, _ = await webhook_to(dead.url)
        await happens(200)
        await webhook_to(listener.url)
        await happens(10)
        while await sending.start_due(datetime.now(UTC)):
            pass
        async with asyncio.timeout(5):
            while len(listener.heard) < 10:
                await asyncio.sleep(0.01)
        await sending.finish()
    finally:
        server.close()
    # Once it failed it is left alone, whatever else waits for it.
    assert len(dead.heard) <= 4
    assert (await queue_of(db, webhook))["quiet_until"] > datetime.now(UTC) - timedelta(seconds=1)


async def test_a_claim_of_a_worker_that_died_ends(db: Database, listener: Listener) -> None:
    await webhook_to(listener.url)
    [change] = await happens()
    assert await store.claim(datetime.now(UTC))
    await sent()
    assert listener.heard == []
    await sent(datetime.now(UTC) + store.CLAIM + timedelta(seconds=1))
    assert listener.ids == [change.id]


async def test_only_what_was_asked_for_is_sent(db: Database, listener: Listener) -> None:
    await webhook_to(listener.url, "registration")
    await happens(kind="event.edited")
    [wanted] = await happens(kind="registration.confirmed")
    await sent()
    assert listener.ids == [wanted.id]


async def test_a_test_and_a_repetition_are_sent(db: Database, listener: Listener) -> None:
    webhook, secret = await webhook_to(listener.url)
    await store.ping(webhook, now=NOW)
    await sent()
    assert json.loads(listener.heard[0][1])["type"] == "webhook.ping"
    assert Verifier(secret).verify(listener.heard[0][1], listener.heard[0][0])
    [delivery] = await latest(webhook)
    await store.send_again(webhook, delivery.id, now=datetime.now(UTC))
    await sent()
    assert listener.ids == [delivery.message_id] * 2


async def test_nothing_is_sent_into_the_network_nor_on_to_it(db: Database, listener: Listener) -> None:
    webhook, _ = await webhook_to(listener.url)
    goes_inside(is_allowed=False)
    await happens()
    await sent()
    assert listener.heard == []
    assert "inside a private network" in (await latest(webhook))[0].told
    # The harm with the guard off, and that a redirect is not followed even then.
    goes_inside(is_allowed=True)
    listener.status, listener.more = 302, f"location: {listener.url}/secret\r\n"
    await store.send_again(webhook, (await latest(webhook))[0].id, now=datetime.now(UTC))
    await db.webhook_queues.update_many({}, {"$set": {"quiet_until": NOW}})
    await sent()
    assert len(listener.heard) == 1
    assert (await latest(webhook))[0].told.startswith("302")


async def test_a_name_is_looked_up_once_and_exactly_that_address_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["1.1.1.1", "127.0.0.1"])

    async def rebound(_: str, port: int, **__: object) -> list[object]:
        return [(2, 1, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    async with httpx.AsyncClient() as client:
        request = await pinned(client, "POST", "https://rebinding.example.org/hook", inside=False, content="{}")
    # What connects is given a number, so nobody asks for the name again.
    assert request.url.host == "1.1.1.1"
    assert request.headers["host"] == request.extensions["sni_hostname"] == "rebinding.example.org"
