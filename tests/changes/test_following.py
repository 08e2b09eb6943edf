"""Following the changes over HTTP: pages, a stream, a WebSocket, on any worker, for as long as somebody may."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets

from tests.changes.conftest import PATH, SECONDS, Worker, token
from tests.events.making import ANA, NOW, kept, shown
from tests.programs.conftest import CURRENT
from tests.team import acting, founded, somebody
from webapp.changes import store
from webapp.changes.change import id_of
from webapp.changes.following import MOST_OF_ONE
from webapp.changes.scribe import Scribe
from webapp.events import store as events
from webapp.events.event import Details
from webapp.organisers.organiser import Role


async def until(kind: str, count: int = 1) -> None:
    """Waits until so many changes of this kind are written down."""
    async with asyncio.timeout(SECONDS):
        while sum(one.kind == kind for one in await store.whole("", "9", limit=5_000)) < count:
            await asyncio.sleep(0.02)


async def test_pages_follow_each_other_without_a_gap(worker: Worker, scribe: Scribe) -> None:
    for number in range(5):
        await kept(title=f"Jazz {number}")
    await until("event.created", 5)
    found: list[dict[str, Any]] = []
    since, more = "", True
    async with worker.client(await token()) as client:
        while more:
            page = (
                await client.get(PATH, params={"limit": 2, "kind": "event", **({"since": since} if since else {})})
            ).json()
            found, since, more = [*found, *page["changes"]], page["next"], page["has_more"]
        assert [one["data"]["title"] for one in found] == [f"Jazz {number}" for number in range(5)]
        assert (await client.get(PATH, params={"since": since, "kind": "event"})).json()["changes"] == []
        latest = (await client.get(PATH, params={"since": "latest"})).json()
    assert latest["changes"] == []
    assert found[0]["id"].count("-") == 1
    assert found[0]["at"].endswith("Z")


async def test_nobody_is_told_of_another_team(worker: Worker, scribe: Scribe) -> None:
    ben = await somebody("ben")
    theirs = await founded("The Others", by=ben)
    await events.create(theirs.id, await _details(), now=NOW, by=acting(ben))
    await until("event.created")
    owner, keeper = await token(), await token(Role.DOOR)
    async with worker.client(owner) as client:
        told = (await client.get(PATH)).json()["changes"]
    assert {one["kind"] for one in told} >= {"organiser.founded", "token.made"}
    assert theirs.id not in {one["organiser_id"] for one in told}
    async with worker.client(keeper) as client:
        assert (await client.get(PATH)).json()["changes"] == []


async def _details() -> Details:
    return Details.model_validate((await kept(title="Tango")).model_dump())


async def test_what_cannot_be_followed_from_says_how_to_start_again(worker: Worker, scribe: Scribe) -> None:
    await shown()
    await until("event.published")
    last = (await store.whole("", "9", limit=9))[-1]
    async with worker.client(await token()) as client:
        old = (await client.get(PATH)).json()["changes"][0]["id"]
        await store.forget(last.key)
        gone = await client.get(PATH, params={"since": old})
        assert gone.status_code == 410
        assert gone.headers["content-type"] == "application/problem+json"
        start = gone.json()["latest"]
        assert (await client.get(PATH, params={"since": start})).status_code == 200
        stream = await client.get(PATH, headers={"Accept": "text/event-stream", "Last-Event-ID": old})
        assert stream.status_code == 410


async def test_nonsense_is_refused_by_its_name(worker: Worker, scribe: Scribe) -> None:
    async with worker.client(await token()) as client:
        for query, field in [({"since": "yesterday"}, "since"), ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit")]:
            refused = await client.get(PATH, params=query)
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["parameter"] == field
    async with worker.client("") as client:
        client.headers.pop("Authorization")
        assert (await client.get(PATH)).status_code == 401
    async with worker.client(await token(Role.OWNER, "write")) as client:
        assert (await client.get(PATH)).status_code == 403


async def test_a_stream_tells_what_happens_and_goes_on_at_another_worker(workers: list[Worker], scribe: Scribe) -> None:
    key, event = await token(), await kept()
    await until("event.created")
    async with workers[0].follows(key, event=event.id) as stream:
        event = await events.publish(event, by=ANA, now=NOW)
        assert await stream.hears(1) == ["event.published"]
    await events.cancel(event, by=ANA, now=NOW)
    async with workers[1].follows(key, stream.last, event=event.id) as again:
        assert await again.hears(1) == ["event.cancelled"]
    assert len({one["id"] for one in stream.heard + again.heard}) == 2


async def test_a_stream_ends_within_two_seconds_of_its_token(workers: list[Worker], scribe: Scribe) -> None:
    key = await token()
    async with workers[0].follows(key) as stream, workers[1].client(key) as client:
        assert (await client.delete(CURRENT)).status_code == 204
        await stream.ends(2)


async def test_one_program_opens_so_many_streams(worker: Worker, scribe: Scribe) -> None:
    key = await token()
    followers = worker.app.extensions["followers"]
    async with AsyncExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            await stack.enter_async_context(worker.follows(key))
        assert followers.count == MOST_OF_ONE
        async with worker.follows(key) as one_more:
            assert one_more.status == 429
    async with asyncio.timeout(SECONDS):
        while followers.count:
            await asyncio.sleep(0.02)


async def test_a_websocket_tells_the_same(worker: Worker, scribe: Scribe) -> None:
    key = await token()
    address = f"ws://127.0.0.1:{worker.port}{PATH}"
    async with websockets.connect(
        f"{address}?kind=event", additional_headers={"Authorization": f"Bearer {key}"}
    ) as socket:
        start = json.loads(await socket.recv())["next"]
        await shown()
        told = [json.loads(await socket.recv()) for _ in range(2)]
    assert [one["kind"] for one in told] == ["event.created", "event.published"]
    async with websockets.connect(
        f"{address}?since={start}&kind=event", additional_headers={"Authorization": f"Bearer {key}"}
    ) as socket:
        await socket.recv()
        assert [json.loads(await socket.recv()) for _ in range(2)] == told


async def test_a_websocket_needs_a_token_and_no_cookie_counts(worker: Worker, scribe: Scribe) -> None:
    address = f"ws://127.0.0.1:{worker.port}{PATH}"
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "session=x"}):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address, additional_headers=headers)
        assert refused.value.response.status_code == 401


async def test_a_reader_that_falls_behind_is_served_from_the_database(worker: Worker, scribe: Scribe) -> None:
    beginning = await store.tip()
    assert beginning
    for number in range(30):
        await kept(title=f"Jazz {number}")
    await until("event.created", 30)
    async with worker.follows(await token(), id_of(beginning.at), kind="event") as stream:
        assert await stream.hears(30) == ["event.created"] * 30
    assert stream.ids == sorted(set(stream.ids), key=lambda one: tuple(map(int, one.split("-"))))
