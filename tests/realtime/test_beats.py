"""A heartbeat says what is true: what this very screen shows, and whether changes still come."""

import pytest

from realtime.client import EventsClient
from realtime.feed import Feed
from tests.realtime import regions
from tests.realtime.conftest import Worker
from webapp.database import Database


async def test_the_id_for_a_client_behind_is_what_it_shows_and_not_what_the_room_does(
    worker: Worker, db: Database
) -> None:
    await db.notes.insert_one({"_id": "n", "text": "new"})
    bound = regions.note("n")
    watcher = await worker.watch("sse", bound)
    room = worker.engine.hub.enter([bound])
    late = EventsClient()
    room.behind[late] = ("old",)
    assert room.id_for(late) == "old"
    (in_step,) = room.in_step[EventsClient]
    assert room.id_for(in_step) == watcher.versions[bound.key]
    del room.behind[late]


async def test_everybody_is_told_when_changes_cease_to_come_and_when_they_come_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchers = [await worker.watch(transport, regions.note("n")) for transport in ("ws", "sse", "ws")]
    for is_stale, word in ((True, "stale"), (False, "beat")):
        monkeypatch.setattr(Feed, "is_stale", is_stale)
        for watcher in watchers:
            await watcher.until(lambda watcher=watcher, word=word: watcher.control[-1]["live"] == word)


async def test_who_comes_while_changes_do_not_is_told(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Feed, "is_stale", True)
    for transport in ("ws", "sse"):
        watcher = await worker.watch(transport, regions.note("n"))
        await watcher.until(lambda watcher=watcher: watcher.control[-1]["live"] == "stale")
