"""Who is let in, who is told why not, and who has to leave."""

import asyncio

import httpx
import pytest
import websockets

from realtime import Limits
from tests.realtime import regions
from tests.realtime.conftest import Start, Worker
from tests.realtime.watching import Watcher
from webapp.database import Database


async def close_code(worker: Worker, asked: str) -> int:
    watcher = Watcher(worker.port, "ws", asked)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watcher.open(), 1)
    await watcher.close()
    return watcher.closed_with


async def refusal(worker: Worker, path: str, **headers: str) -> tuple[int, str]:
    async with httpx.AsyncClient(base_url=worker.origin) as browser:
        answer = await browser.get(path, headers=headers)
    return answer.status_code, answer.headers["content-type"]


async def test_nothing_can_be_watched_that_a_page_was_not_given(worker: Worker) -> None:
    asked = await worker.asked_for(regions.note("mine"))
    forged = asked.replace("note-mine", "note-yours")
    assert await refusal(worker, f"/live/sse?r={forged}") == (403, "application/problem+json")
    assert await refusal(worker, f"/live/poll?r={forged}") == (403, "application/problem+json")
    assert await close_code(worker, forged) == 4403


@pytest.mark.parametrize("asked", ["", "nonsense", "a.b", "note-x.sig.v.w", "~", "%00"])
async def test_a_request_that_makes_no_sense_is_refused(worker: Worker, asked: str) -> None:
    assert await refusal(worker, f"/live/sse?r={asked}") == (400, "application/problem+json")


async def test_another_sites_page_is_refused(worker: Worker) -> None:
    asked = await worker.asked_for(regions.note("n"))
    for origin in (websockets.Origin("http://evil.example"), None):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://127.0.0.1:{worker.port}/live/ws?r={asked}", origin=origin)
        assert refused.value.response.status_code == 403
    assert (await refusal(worker, f"/live/sse?r={asked}", origin="http://evil.example"))[0] == 403
    assert (await refusal(worker, f"/live/poll?r={asked}", **{"sec-fetch-site": "cross-site"}))[0] == 403


async def test_compression_is_never_negotiated(worker: Worker) -> None:
    watcher = await worker.watch("ws", regions.note("n"))
    assert "permessage-deflate" in watcher.socket.request.headers["Sec-WebSocket-Extensions"]  # type: ignore[union-attr]
    assert "Sec-WebSocket-Extensions" not in watcher.socket.response.headers  # type: ignore[union-attr]


async def test_limits_are_clear_refusals(start: Start) -> None:
    worker = await start(limits=Limits(regions=2, per_address=1))
    three = await worker.asked_for(*(regions.note(name) for name in "abc"))
    assert await close_code(worker, three) == 4429
    await worker.watch("ws", regions.note("a"))
    assert (await refusal(worker, f"/live/sse?r={await worker.asked_for(regions.note('a'))}"))[0] == 429


async def test_messages_too_large_too_many_or_wrong_end_the_stream(worker: Worker) -> None:
    large, many = await worker.watch("ws", regions.note("n")), await worker.watch("ws", regions.note("n"))
    await large.socket.send("x" * 5_000)
    await large.until(lambda: large.closed_with)
    for _ in range(70):
        await many.socket.send("{}")
    await many.until(lambda: many.closed_with)
    assert (large.closed_with, many.closed_with) == (1009, 4429)


async def test_a_client_may_close_and_is_forgotten(worker: Worker) -> None:
    for transport in ("ws", "sse"):
        watcher = await worker.watch(transport, regions.note("n"))
        assert len(worker.engine.roster) == 1
        await watcher.close()
        async with asyncio.timeout(5):
            while len(worker.engine.roster):
                await asyncio.sleep(0.01)


async def test_a_silent_websocket_is_closed(worker: Worker) -> None:
    silent, talking = await worker.watch("ws", regions.note("n")), await worker.watch("ws", regions.note("n"))
    for client in worker.engine.roster:
        client.heard -= 46
    await talking.socket.send("beat")
    await asyncio.sleep(0.1)
    for second in range(15):
        worker.engine.roster.beat(second, "")
    await silent.until(lambda: silent.closed_with)
    assert (silent.closed_with, talking.closed_with) == (1001, 0)


async def test_a_part_that_is_not_for_the_viewer_is_not_streamed(worker: Worker, db: Database) -> None:
    regions.private_to["n"] = {"ana"}
    asked = await worker.asked_for(regions.private("n"), regions.note("n"))
    ana = await worker.watch("ws", asked=asked, viewer="ana")
    ben = await worker.watch("sse", asked=asked, viewer="ben")
    await db.notes.insert_one({"_id": "n", "text": "secret"})
    await ana.sees("secret", "private-n")
    await ben.sees("secret", "note-n")
    assert "gone" in ben.shown["private-n"]
    assert "secret" not in str([html for key, html in ben.history if key == "private-n"])


def subject(viewer: str) -> list[str]:
    return [viewer]


@pytest.mark.parametrize("transport", ["ws", "sse"])
async def test_a_role_taken_away_narrows_open_streams_on_every_worker(
    start: Start, db: Database, transport: str
) -> None:
    one, two = await start("roles", subjects_of=subject), await start("roles", subjects_of=subject)
    regions.private_to["n"] = {"ana"}
    await db.notes.insert_one({"_id": "n", "text": "secret"})
    asked = await one.asked_for(regions.private("n"), regions.note("n"))
    ana = await two.watch(transport, asked=asked)
    regions.private_to["n"] = set()
    await one.engine.revoke("ana")
    await ana.until(lambda: "gone" in ana.shown.get("private-n", ""), 2)
    await db.notes.update_one({"_id": "n"}, {"$set": {"text": "newer secret"}})
    await ana.sees("newer secret", "note-n")
    assert "newer secret" not in str([html for key, html in ana.history if key == "private-n"])


@pytest.mark.parametrize(("transport", "code"), [("ws", 4401), ("sse", 1)])
async def test_a_session_that_ends_ends_its_streams_on_every_worker(start: Start, transport: str, code: int) -> None:
    signed_in = {"ana"}

    async def again(viewer: str) -> str | None:
        return viewer if viewer in signed_in else None

    one, two = [await start("sessions", subjects_of=subject, again=again) for _ in range(2)]
    ana = await two.watch(transport, regions.note("n"))
    signed_in.clear()
    await one.engine.revoke("ana")
    await ana.until(lambda: ana.closed_with, 2)
    assert ana.closed_with == code


async def test_a_drained_worker_sends_everybody_away_and_takes_nobody_in(worker: Worker) -> None:
    asked = await worker.asked_for(regions.note("n"))
    watchers = [await worker.watch(transport, asked=asked) for transport in ("ws", "sse") * 20]
    await worker.engine.drain(0.5)
    for watcher in watchers:
        await watcher.until(lambda: watcher.closed_with)  # noqa: B023
    assert {watcher.closed_with for watcher in watchers} == {1012, 1}
    assert len({watcher.retry for watcher in watchers if watcher.transport == "sse"}) > 1
    assert (await refusal(worker, f"/live/sse?r={asked}"))[0] == 503
    assert await close_code(worker, asked) == 1012


async def test_viewers_are_counted_over_all_workers(start: Start) -> None:
    one, two = await start("presence"), await start("presence")
    here = await one.watch("ws", regions.readers("n"))
    await here.sees("1")
    there = await two.watch("sse", regions.readers("n"))
    await there.sees("2")
    await here.sees("2")
    await there.close()
    await here.sees("1")
    assert len(here.frames) <= 4


async def test_heartbeats_say_how_fresh_the_page_is(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.roster.BEAT_SECONDS", 1)
    worker.engine.roster._slots[1:] = []
    async with asyncio.timeout(10):
        while not worker.engine.as_of:
            await asyncio.sleep(0.1)
    for transport in ("ws", "sse"):
        watcher = await worker.watch(transport, regions.note("n"))
        await watcher.until(lambda: watcher.control[-1]["live"] == "beat")  # noqa: B023
        assert watcher.control[-1]["at"] > "2020"
    assert watcher.last_id == watcher.versions["note-n"]
