"""A new primary that does not know yet what the majority has: what was shown must not go back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ops.soak.servers import Mongo, Server, directly
from webapp import database


@pytest.fixture
async def mongo(tmp_path: Path) -> AsyncIterator[Mongo]:
    """Three nodes that can be told to stop noting what the majority has."""
    found = Mongo(tmp_path, 3)
    for node in found.nodes:
        node.command += ["--setParameter", "enableTestCommands=1"]
    await asyncio.to_thread(found.start)
    database.connect(found.uri, "turnout_test")
    yield found
    database.close()
    for node in found.nodes:
        if node.is_running:
            node.kill()


def note_what_the_majority_has(node: Server, *, stops: bool) -> None:
    with directly(node) as client:
        client.admin.command("configureFailPoint", "disableSnapshotting", mode="alwaysOn" if stops else "off")


async def text() -> str:
    found = await database.db().notes.find_one({"_id": "n"})
    return str(found and found["text"])


async def test_a_new_primary_is_waited_for_until_it_shows_what_the_old_one_did(mongo: Mongo) -> None:
    notes = database.db().notes
    await notes.insert_one({"_id": "n", "text": "old"})
    first = await database.standing()
    assert await text() == "old"
    await asyncio.sleep(1)  # for the others to have it too
    primary = mongo.wait_for_primary()
    others = [node for node in mongo.nodes if node is not primary]
    for node in others:
        note_what_the_majority_has(node, stops=True)
    await notes.update_one({"_id": "n"}, {"$set": {"text": "new"}})
    assert await text() == "new"

    primary.kill()
    await asyncio.to_thread(mongo.wait_for_primary)
    assert await text() == "old"  # the harm

    waiting = asyncio.create_task(database.standing())
    await asyncio.sleep(0.5)
    assert not waiting.done()
    for node in others:
        note_what_the_majority_has(node, stops=False)
    await notes.insert_one({"_id": "other"})
    assert await waiting not in {None, first}
    assert await text() == "new"
