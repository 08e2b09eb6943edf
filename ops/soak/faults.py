"""What goes wrong: each fault strikes real processes and connections, and mends again what nobody else would."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ops.soak.screens import Screen
from ops.soak.servers import Server
from ops.soak.stage import Stage, eventually
from ops.soak.visitors import visiting
from realtime.relay import Relay
from realtime.shared import Shared
from webapp.change_stream import ChangeStream

Fault = Callable[[Stage], Awaitable[None]]
TAKEOVER_SECONDS = 5.0
HANDOVER_SECONDS = 1.0
STOP_SECONDS = 10.0


async def worker_killed(stage: Stage) -> None:
    """kill -9 of a worker; its streams go to the others."""
    stage.strike(stage.chance.choice(stage.turnout.workers))
    await _all_workers(stage)


async def relay_killed(stage: Stage) -> None:
    """kill -9 of the worker that holds the lease: another takes it within seconds."""
    holder = await _lease_held(stage)
    stage.strike(stage.turnout.relay)
    await _lease_passed_on(stage, holder, "takeover after a kill", TAKEOVER_SECONDS)
    await _all_workers(stage)


async def relay_frozen(stage: Stage) -> None:
    """The holder stops for longer than its lease, and goes on in the belief that it has it."""
    worker = stage.turnout.relay
    stage.strike(worker, signal.SIGSTOP)
    await asyncio.sleep(stage.size.hung / 2)
    stage.strike(worker, signal.SIGCONT)


async def two_relays(stage: Stage) -> None:
    """Two more relays that never asked for the lease, stopped and started, beside the one that holds it."""
    until = time.monotonic() + stage.size.hung / 2
    await asyncio.gather(_relay_on_and_off(stage, until), _relay_on_and_off(stage, until))


async def workers_rolled(stage: Stage) -> None:
    """SIGTERM to one worker after another: visitors notice nothing, the lease is handed over, all end in time."""
    async with visiting(stage.turnout.origin, stage.manage, stage.cookie, stage.ledger):
        for worker in stage.turnout.workers:
            await _worker_stopped(stage, worker)
            await _all_workers(stage)


async def valkey_killed_and_empty(stage: Stage) -> None:
    """Redis loses everything."""
    async with _no_stream_ends(stage):
        await _run(stage.valkey.kill, stage.valkey.forget)
        await asyncio.sleep(stage.chance.uniform(0, 6))
        await _run(stage.valkey.start)


async def valkey_restored_from_old_snapshot(stage: Stage) -> None:
    """Redis comes back as it was some seconds ago."""
    async with _no_stream_ends(stage):
        await _run(stage.valkey.save)
        await asyncio.sleep(stage.chance.uniform(1, 4))
        await _run(stage.valkey.kill, stage.valkey.start)


async def valkey_away(stage: Stage) -> None:
    """No Redis for a while: updates keep flowing."""
    async with _no_stream_ends(stage):
        await _run(stage.valkey.kill)
        await asyncio.sleep(stage.size.hung)
        await _run(stage.valkey.start)


async def valkey_hung(stage: Stage) -> None:
    """Redis takes connections and answers nothing."""
    async with _no_stream_ends(stage), _frozen(stage.valkey):
        await asyncio.sleep(stage.size.hung)


async def mongodb_hung(stage: Stage) -> None:
    """Every mongod takes connections and answers nothing: nothing can be written, pages stay."""
    async with _no_stream_ends(stage), _frozen(*stage.mongo.nodes):
        await asyncio.sleep(stage.size.hung)


async def mongodb_restarted(stage: Stage) -> None:
    """Every mongod is stopped and started."""
    async with _no_stream_ends(stage):
        await _run(*(node.stop for node in stage.mongo.nodes))
        await _run(*(node.start for node in stage.mongo.nodes), stage.mongo.wait_for_primary)


async def primary_killed(stage: Stage) -> None:
    """kill -9 of the primary; with three nodes another is elected."""
    async with _no_stream_ends(stage):
        primary = await asyncio.to_thread(stage.mongo.wait_for_primary)
        await _run(primary.kill)
        await asyncio.sleep(stage.chance.uniform(1, 6))
        await _run(primary.start, stage.mongo.wait_for_primary)


async def primary_hung(stage: Stage) -> None:
    """The primary stops, another is elected, and the old one comes back late."""
    async with _no_stream_ends(stage):
        primary = await asyncio.to_thread(stage.mongo.wait_for_primary)
        async with _frozen(primary):
            await asyncio.sleep(stage.size.hung)


async def screens_cut(stage: Stage) -> None:
    """A third of the connections are reset, and some pages opened anew."""
    for screen in _third(stage, stage.screens):
        await (screen.reload() if stage.chance.random() < 0.3 else screen.cut())


async def screens_slowed(stage: Stage) -> None:
    """A third of the screens stop reading for a while; the others do not notice."""
    slow = _third(stage, stage.screens)
    for screen in slow:
        screen.slow_down()
    await asyncio.sleep(stage.size.hung)
    for screen in slow:
        screen.read_on()


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        worker_killed,
        relay_killed,
        relay_frozen,
        two_relays,
        workers_rolled,
        valkey_killed_and_empty,
        valkey_restored_from_old_snapshot,
        valkey_away,
        valkey_hung,
        mongodb_hung,
        mongodb_restarted,
        primary_killed,
        primary_hung,
        screens_cut,
        screens_slowed,
    )
}


async def _worker_stopped(stage: Stage, worker: int) -> None:
    holder = await _lease_held(stage)
    began = time.monotonic()
    stage.strike(worker, signal.SIGTERM)
    if f":{worker}:" in holder:
        await _lease_passed_on(stage, holder, "handover on a stop", HANDOVER_SECONDS)
    await eventually(lambda: worker not in stage.turnout.workers, 60)
    took = time.monotonic() - began
    stage.ledger.measure("exit of a worker", took)
    if took > STOP_SECONDS:
        stage.ledger.problem(f"a worker needed {took:.1f} s to end")


@asynccontextmanager
async def _no_stream_ends(stage: Stage) -> AsyncIterator[None]:
    streams = [screen for screen in stage.streams if screen.is_open]
    before = sum(screen.ended for screen in streams)
    yield
    ended = sum(screen.ended for screen in streams) - before
    if ended and stage.is_calm:
        stage.ledger.problem(f"{ended} streams ended in: {stage.ledger.spans[-1].name}")


@asynccontextmanager
async def _frozen(*servers: Server) -> AsyncIterator[None]:
    for server in servers:
        server.freeze()
    try:
        yield
    finally:
        for server in servers:
            server.thaw()


async def _run(*steps: Callable[[], object]) -> None:
    """Steps that wait, one after another, beside the loop."""
    for step in steps:
        await asyncio.to_thread(step)


async def _all_workers(stage: Stage) -> None:
    await eventually(lambda: len(stage.turnout.workers) == stage.size.workers, 30)
    await eventually(lambda: stage.turnout.are_ready, 60)


async def _lease_held(stage: Stage) -> str:
    await eventually(lambda: bool(stage.turnout.lease_holder), 30)
    return stage.turnout.lease_holder


async def _lease_passed_on(stage: Stage, holder: str, name: str, limit: float) -> None:
    took = await eventually(lambda: stage.turnout.lease_holder not in {"", holder}, 60)
    if not stage.is_calm:  # with Redis gone at the same time nobody can take it
        return
    stage.ledger.measure(name, took)
    if took > limit:
        stage.ledger.problem(f"{name} took {took:.1f} s")


async def _relay_on_and_off(stage: Stage, until: float) -> None:
    source = ChangeStream(stage.given.mongodb_uri, stage.given.database)
    shared = Shared(stage.given.redis_url, "turnout", source.fingerprint)
    while time.monotonic() < until:
        relaying = asyncio.create_task(Relay(source, shared).relay())
        await asyncio.wait([relaying], timeout=stage.chance.uniform(0.05, 1))
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)
    await shared.close()
    source.close()


def _third(stage: Stage, screens: list[Screen]) -> list[Screen]:
    return stage.chance.sample(screens, max(1, len(screens) // 3))
