"""Two hundred want fifty places, over two workers: with every guard, and with the guards off to see the harm."""

import asyncio
import secrets
import sys
from collections import Counter as Tally
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ops.soak.servers import Mongo, Server, directly
from tests.events.making import NOW
from tests.registrations.making import audited, event_with, left
from webapp import database
from webapp.database import PyMongoError
from webapp.places import case, counter, writing
from webapp.places.counter import Counter
from webapp.places.wishes import TOO_LATE, Confirm, Expire, Outcome, Pause, Resize, Take
from webapp.registrations import ending, store, waiting
from webapp.registrations.registration import State, new, new_entry
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered

PLACES, PEOPLE = 50, 200


@pytest.fixture
async def jazz(db: database.Database) -> Offered:
    offered = await event_with(PLACES)
    await ticket_types.open_places(offered.event)
    return offered


def wish(offered: Offered, who: int) -> Take:
    kind, subject = offered.types[0], f"{offered.event.id}guest{who:03}"
    held = new(subject, [(kind, 1)], state=State.HELD, now=NOW, expires_at=NOW)
    return Take(
        id=subject, by="", now=NOW, registration=held, entry=new_entry(subject, [(kind, 1)], offer_seconds=60, now=NOW)
    )


async def rush(offered: Offered, workers: Sequence[Counter], times: int = 1) -> list[Outcome]:
    """Everybody at once, each at one of the workers; with `times`, as often as somebody impatient presses."""
    asked = [
        workers[(who + again) % len(workers)].ask(offered.event.id, wish(offered, who))
        for again in range(times)
        for who in range(PEOPLE)
    ]
    return await asyncio.gather(*asked)


def tally(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return dict(Tally("held" if one.registration else "waiting" for one in outcomes))


async def test_fifty_are_held_and_the_rest_stand_in_line(jazz: Offered, db: database.Database) -> None:
    outcomes = await rush(jazz, [Counter(), Counter()])
    assert tally(outcomes) == {"held": PLACES, "waiting": PEOPLE - PLACES}
    assert await left(jazz) == 0
    assert not (await audited(jazz)).findings


async def test_a_worker_refuses_by_nothing_that_another_changed_since(jazz: Offered) -> None:
    """Two counters know the event; what one changed, the other must not decide by an older book."""
    ours, theirs = Counter(), Counter()
    stop, go_on = (Pause(id=jazz.types[0].id, by="", now=NOW, is_paused=is_paused) for is_paused in (True, False))
    for worker, asked in ((ours, stop), (theirs, go_on), (ours, stop)):
        await worker.ask(jazz.event.id, asked)
    assert (await waiting.lines(jazz.event.id))[jazz.types[0].id].is_paused
    small, large = (Resize(id=jazz.event.id, by="", now=NOW, capacity=places) for places in (0, 1))
    await ours.ask(jazz.event.id, small)
    await theirs.ask(jazz.event.id, large)
    alone = replace(wish(jazz, 1), entry=None)
    assert (await ours.ask(jazz.event.id, alone)).registration


async def test_one_worker_serves_in_order_of_arrival(jazz: Offered) -> None:
    outcomes = await rush(jazz, [Counter()])
    assert [bool(one.registration) for one in outcomes] == [True] * PLACES + [False] * (PEOPLE - PLACES)
    line = [one.entry["number"] for one in outcomes if one.entry]
    assert line == sorted(line)


async def test_pressing_three_times_takes_one_place(jazz: Offered) -> None:
    outcomes = await rush(jazz, [Counter(), Counter()], times=3)
    assert tally(outcomes) == {"held": 3 * PLACES, "waiting": 3 * (PEOPLE - PLACES)}
    assert (await audited(jazz)).taken == PLACES
    assert not (await audited(jazz)).findings


async def test_without_the_guards_places_are_sold_twice(jazz: Offered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "book_as_known", lambda event_id, _: {"_id": event_id})
    monkeypatch.setattr(writing, "pool_with_room", lambda pool_id, _: {"_id": pool_id})
    monkeypatch.setattr(case, "note_id", lambda event_id, _: f"{event_id}:{secrets.token_hex(5)}")
    workers = [Counter(), Counter()]
    for who in range(2):  # each has looked once, and believes it from now on
        await workers[who].ask(jazz.event.id, wish(jazz, who))
    for who in range(2, PEOPLE):
        await workers[who % 2].ask(jazz.event.id, wish(jazz, who))
    found = await audited(jazz)
    assert found.taken > PLACES
    assert any("oversold" in finding for finding in found.findings)


@pytest.mark.parametrize("guard", ["book_as_known", "pool_with_room"])
async def test_each_guard_alone_is_enough(jazz: Offered, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    off = {
        "book_as_known": lambda event_id, _: {"_id": event_id},
        "pool_with_room": lambda pool_id, _: {"_id": pool_id},
    }
    for name, open_door in off.items():
        if name != guard:
            monkeypatch.setattr(writing, name, open_door)
    monkeypatch.setattr(case, "note_id", lambda event_id, _: f"{event_id}:{secrets.token_hex(5)}")
    workers = [Counter(), Counter()]
    for who in range(2):
        await workers[who].ask(jazz.event.id, wish(jazz, who))
    for who in range(2, PEOPLE):
        await workers[who % 2].ask(jazz.event.id, wish(jazz, who))
    assert (await audited(jazz)).taken == PLACES


async def test_a_hold_that_ends_as_another_worker_confirms_it_has_one_outcome(jazz: Offered) -> None:
    """Sixty times, in any order: what one of the workers was told is what became of it."""
    ours, theirs, chance, became = Counter(), Counter(), Random(5), Tally[str]()
    details, just_before = {"name": "Ana", "email": "", "answers": {}, "words": []}, NOW - timedelta(microseconds=1)
    for number in range(60):
        # Whoever knows of it is quicker.
        await chance.choice([ours, theirs]).ask(jazz.event.id, wish(jazz, number))
        how = {"id": wish(jazz, number).id, "by": ""}
        confirming = ours.ask(jazz.event.id, Confirm(**how, now=just_before, details=details, tickets={}))
        pair = [confirming, theirs.ask(jazz.event.id, Expire(**how, now=NOW))]
        chance.shuffle(pair)
        answers = await asyncio.gather(*pair)
        state = (await store.get(how["id"])).state
        assert sorted(answer.refused for answer in answers) == ["", TOO_LATE]
        became[state] += 1
        await ending.cancel(how["id"], by="", now=NOW)
    assert set(became) == {State.CONFIRMED, State.EXPIRED}
    assert not (await audited(jazz)).findings


WORKER = """
import asyncio, sys
from tests.places.test_races import rush
from webapp import database
from webapp.events import store as events
from webapp.places.counter import Counter
from webapp.ticket_types import store as ticket_types

async def main(uri, name, organiser_id, event_id):
    database.connect(uri, name)
    offered = await ticket_types.offered(await events.get(organiser_id, event_id))
    print("ready", flush=True)
    sys.stdin.readline()
    await rush(offered, [Counter()])
    print("done", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_half_done(
    jazz: Offered, servers: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "AT_ONCE", 5)
    uri, name = servers.mongodb_uri, database.db().name  # type: ignore[attr-defined]
    dying = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-c",
            f"import webapp.places.counter as c; c.AT_ONCE = 5\n{WORKER}",
            uri,
            name,
            jazz.event.organiser_id,
            jazz.event.id,
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert dying.stdin
    assert dying.stdout
    await dying.stdout.readline()
    dying.stdin.write(b"go\n")
    while not await database.db().registrations.count_documents({"event_id": jazz.event.id}):
        await asyncio.sleep(0.001)
    dying.kill()
    await dying.communicate()
    assert tally(await rush(jazz, [Counter(), Counter()])) == {"held": PLACES, "waiting": PEOPLE - PLACES}
    assert not (await audited(jazz)).findings


@pytest.fixture
async def three_nodes(tmp_path: Path) -> AsyncIterator[Mongo]:
    found = Mongo(tmp_path, 3)
    await asyncio.to_thread(found.start)
    database.connect(found.uri, "turnout_test")
    await database.prepare()
    yield found
    database.close()
    for node in found.nodes:
        if node.is_running:
            node.kill()


def dies(node: Server) -> None:
    node.kill()


def steps_down(node: Server) -> None:
    with directly(node) as client, suppress(PyMongoError):
        client.admin.command("replSetStepDown", 10, force=True)


@pytest.mark.parametrize("ends", [dies, steps_down])
async def test_a_primary_that_ends_in_the_middle_loses_and_doubles_nobody(
    three_nodes: Mongo, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Server], None]
) -> None:
    monkeypatch.setattr(counter, "AT_ONCE", 3)
    offered = await event_with(PLACES)
    await ticket_types.open_places(offered.event)
    rushing = asyncio.create_task(rush(offered, [Counter(), Counter()]))
    while not await database.db().registrations.count_documents({}):
        await asyncio.sleep(0.005)
    await asyncio.to_thread(ends, three_nodes.wait_for_primary())
    assert tally(await rushing) == {"held": PLACES, "waiting": PEOPLE - PLACES}
    assert not (await audited(offered)).findings
