"""Webhooks in the browser: made, their secret shown once, deliveries seen, and nobody else's business."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from quart.typing import TestClientProtocol as Client
from standardwebhooks.webhooks import Webhook as Verifier

from tests.team import MANAGE, acting, founded, house, somebody
from tests.webhooks.conftest import NOW, Listener, goes_inside, sent
from webapp.audit import store as audit
from webapp.audit.search import Search
from webapp.database import Database
from webapp.errors import EditedMeanwhile
from webapp.webhooks import store
from webapp.webhooks.webhook import MOST, Endpoint

PATH = f"{MANAGE}/webhooks"


async def page(client: Client, path: str, form: Any = None, status: int = 200, **headers: str) -> str:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    more: dict[str, Any] = {} if form is None else {"data": urlencode(form, doseq=True)}
    method = "GET" if form is None else "POST"
    answer = await client.open(path, method=method, headers={**kind, **headers}, **more)
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return html.unescape(str(await answer.get_data(as_text=True)))


def secret_in(text: str) -> str:
    [found] = re.findall(r"whsec_[0-9A-Za-z+/=]{44}", text)
    return str(found)


async def test_a_secret_is_shown_once_and_verifies_the_test_message(
    client: Client, db: Database, listener: Listener
) -> None:
    secret = secret_in(await page(client, PATH, {"url": listener.url, "families": ["event", "check_in"]}))
    [webhook] = await store.of((await house()).id)
    mine = f"{PATH}/{webhook.id}"
    for path in (PATH, mine):
        assert secret not in await page(client, path)
    assert "Events, Check-ins" in await page(client, PATH)
    assert "Waiting" in await page(client, f"{mine}/ping", {}, **{"HX-Request": "true"})
    await sent()
    [(headers, body)] = listener.heard
    assert Verifier(secret).verify(body, headers)
    assert "Delivered" in await page(client, mine)
    assert secret not in str(await db.webhooks.find_one())


async def test_sending_again_works_without_javascript_and_with_it(
    client: Client, db: Database, listener: Listener
) -> None:
    await page(client, PATH, {"url": listener.url})
    [webhook] = await store.of((await house()).id)
    await store.ping(webhook, now=NOW)
    await sent()
    [delivery] = await store.latest(webhook.id, limit=9)
    again = f"{PATH}/{webhook.id}/deliveries/{delivery.id}/again"
    assert "Waiting" in await page(client, again, {}, **{"HX-Request": "true"})
    await sent()
    await page(client, again, {}, 303)
    await sent()
    assert listener.ids == [delivery.message_id] * 3


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://example.org", "https://me:word@example.org/", "http://[::1"])
async def test_what_does_not_fit_is_named_and_what_was_typed_stays(client: Client, db: Database, url: str) -> None:
    shown = await page(client, PATH, {"url": url, "families": ["registration"]}, 422)
    assert 'id="url-error"' in shown
    assert f'value="{url}"' in shown or not url
    assert 'value="registration" checked' in shown
    assert await db.webhooks.count_documents({}) == 0


async def test_what_is_sent_must_travel_encrypted(client: Client, db: Database) -> None:
    goes_inside(is_allowed=False)
    assert 'id="url-error"' in await page(client, PATH, {"url": "http://example.org/hook"}, 422)
    await page(client, PATH, {"url": "https://example.org/hook"})


async def test_an_address_is_changed_and_the_secret_stays(client: Client, db: Database, listener: Listener) -> None:
    secret = secret_in(await page(client, PATH, {"url": "https://example.org/hook", "families": ["event"]}))
    [webhook] = await store.of((await house()).id)
    mine = f"{PATH}/{webhook.id}"
    asked = await page(client, f"{mine}/edit")
    assert 'value="https://example.org/hook"' in asked
    assert 'value="event" checked' in asked
    assert 'value="nonsense"' in await page(client, mine, {"url": "nonsense"}, 422)
    await page(client, mine, {"url": listener.url}, 303)
    await page(client, f"{mine}/ping", {}, 303)
    await sent()
    assert Verifier(secret).verify(listener.heard[0][1], listener.heard[0][0])
    assert (await store.get(webhook.organiser_id, webhook.id)).families == ()


async def test_who_saves_what_somebody_else_changed_is_told(client: Client, db: Database) -> None:
    await page(client, PATH, {"url": "https://example.org/hook"})
    [webhook] = await store.of((await house()).id)
    olive = acting(await somebody("olive"))
    await store.change(webhook, Endpoint(url="https://example.org/theirs"), by=olive, now=NOW)
    with pytest.raises(EditedMeanwhile):
        await store.change(webhook, Endpoint(url="https://example.org/mine"), by=olive, now=NOW)
    assert (await store.get(webhook.organiser_id, webhook.id)).url.endswith("theirs")


async def test_another_teams_webhook_is_not_there(client: Client, db: Database) -> None:
    nell = await somebody("nell")
    theirs = await founded("Next Door", by=nell)
    await page(client, PATH, {"url": "https://example.org/hook"})
    [mine] = await store.of((await house()).id)
    await db.webhooks.update_one({"_id": mine.id}, {"$set": {"organiser_id": theirs.id}})
    for rest in ("", "/edit", "/ping", "/on", "/delete"):
        await page(client, f"{PATH}/{mine.id}{rest}", {} if rest not in ("", "/edit") else None, 404)
    assert await db.webhooks.count_documents({}) == 1


async def test_everything_is_in_the_history_but_the_secret(client: Client, db: Database) -> None:
    first = secret_in(await page(client, PATH, {"url": "https://example.org/hook"}))
    [webhook] = await store.of((await house()).id)
    second = secret_in(await page(client, f"{PATH}/{webhook.id}/secret", {}))
    await page(client, f"{PATH}/{webhook.id}/delete", {}, 303)
    found = await audit.found(webhook.organiser_id, Search())
    assert [one.action for one in found.records if one.subject.kind == "webhook"] == ["deleted", "rotated", "added"]
    assert first != second
    assert not any(secret in str(found) for secret in (first, second))
    assert await db.webhook_queues.count_documents({}) == 0


async def test_there_are_only_so_many(client: Client, db: Database) -> None:
    for number in range(MOST):
        await page(client, PATH, {"url": f"https://example.org/{number}"})
    await page(client, PATH, {"url": "https://example.org/one-more"}, 409)
