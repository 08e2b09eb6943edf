"""Runs all contenders in one run, round by round, and prints the tables: python -m ops.bench.live."""

import argparse
import gc
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import uvloop

from ops import owner
from ops.bench.live import contest, table
from ops.bench.live.delivery import deliver
from ops.bench.live.freshness import LOADS, follow
from ops.bench.live.processes import LOAD_CORE
from realtime.drawing import Pen, envelope
from webapp import database, responses, servers, settings
from webapp.audit.actor import command
from webapp.events import store
from webapp.events.event import Details
from webapp.events.live import event_page

BY = command("The benchmark")
PARAGRAPH = "An evening of **music** by the water, with [a map](https://example.org) and a list:\n\n- one\n- two\n\n"
SETTINGS = {
    "PORT": "0",
    "TURNOUT_ENV": "production",
    "TURNOUT_LOG_LEVEL": "warning",
    "TURNOUT_SECRET": "a secret for the benchmark, long enough",
}


async def fill(given: settings.Settings) -> tuple[str, str, int]:
    """A published event with 2 KB of Markdown: its id, its path and the bytes of its page's frame."""
    now = datetime.now(UTC)
    database.connect(given.mongodb_uri, given.database)
    await database.prepare()
    starts = (now + timedelta(days=30)).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    details = {
        "title": "Two sets by the water",
        "summary": "write #1.",
        "description": (PARAGRAPH * 30)[:2048],
        "starts": starts,
        "ends": starts + timedelta(hours=3),
        "zone": "Europe/Berlin",
        "place_name": "Harbour Hall",
        "place_address": "Quay 4",
        "capacity": 220,
        "tags": ["music", "jazz"],
    }
    organiser = await owner.organiser("Quay Street Studio")
    event = await store.create(organiser.id, Details.model_validate(details), now=now, by=BY)
    event = await store.publish(event, by=BY, now=now)
    drawn = await Pen(responses.render, given.secret).draw(event_page(organiser.id, event.id))
    database.close()
    return event.id, event.path, len(envelope(drawn).encode())


async def delivery(given: settings.Settings, rounds: int, viewers: list[int], real: int) -> None:
    found: table.Deliveries = {}
    for number in range(rounds):
        for count in viewers:
            for contender in contest.deliverers():
                _say(f"delivery, round {number + 1}: {contender.name}, {count:,} viewers")
                one = await deliver(contender, given, count, [512, real])
                found.setdefault((contender.name, count), []).append(one)
    deliverers = [contender.name for contender in contest.deliverers()]
    print("\n" + table.of_deliveries(found, base=deliverers[2], floor=deliverers[0]), flush=True)


async def freshness(given: settings.Settings, rounds: int, event: tuple[str, str, int]) -> None:
    found: table.Follows = {}
    for number in range(rounds):
        for load in LOADS:
            for contender in contest.followers(*event):
                _say(f"freshness, round {number + 1}: {contender.name}, {load}")
                one = await follow(contender, given, event[0], load)
                found.setdefault((contender.name, load), []).append(one)
    print("\n" + table.of_follows(found), flush=True)


async def run(given: settings.Settings, asked: argparse.Namespace) -> None:
    event = await fill(given)
    gc.freeze()
    gc.disable()
    if asked.part != "freshness":
        await delivery(given, asked.rounds, asked.viewers, event[2])
    if asked.part != "delivery":
        await freshness(given, asked.rounds, event)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser("python -m ops.bench.live")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--part", choices=["all", "delivery", "freshness"], default="all")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})  # what is started from here stays on it: MongoDB, Valkey, the writer
    with tempfile.TemporaryDirectory() as var:
        chosen = settings.read({**SETTINGS, "TURNOUT_VAR": var})
        with servers.chosen(chosen) as given:
            uvloop.run(run(given, asked))


if __name__ == "__main__":
    main()
