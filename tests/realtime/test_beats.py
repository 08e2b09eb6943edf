"""A heartbeat says what is true: what this very screen shows, whether changes come, and whether anybody hears it."""

import asyncio
import ctypes
import socket
import struct

import pytest

from realtime import client, roster
from realtime.client import EventsClient
from realtime.feed import Feed
from tests.realtime import regions
from tests.realtime.conftest import Worker
from tests.realtime.watching import Watcher
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


def unplug(watcher: Watcher) -> None:
    """From now on no packet reaches this end, and none is answered: as a laptop that lost its network."""
    nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF: return 0
    program = struct.pack("HP", 1, ctypes.addressof(nothing))
    so_attach_filter = 26
    watcher.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, so_attach_filter, program)


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="Linux tells what was not acknowledged")
@pytest.mark.parametrize("is_guarded", [True, False])
async def test_a_half_open_stream_of_events_is_found(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    monkeypatch.setattr(client, "SILENT_SECONDS", client.BEAT_SECONDS + 2)
    if not is_guarded:
        monkeypatch.delattr(socket, "TCP_INFO")
    watcher = await worker.watch("sse", regions.note("n"))
    unplug(watcher)
    for second in range(8 * roster.BEAT_SECONDS):
        worker.engine.roster.beat(second, "")
        await asyncio.sleep(0 if second % roster.BEAT_SECONDS else 1)
    assert len(worker.engine.roster) == (0 if is_guarded else 1)
