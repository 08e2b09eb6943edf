"""How soon viewers see a write, everything real: a majority write, the change stream, the log, a drawing, a frame."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ops.bench.live.contest import Contender
from ops.bench.live.crowd import Crowd
from ops.bench.live.processes import busy, served, shares
from webapp.settings import ROOT, Settings

WARM_UP = 0.1


@dataclass(frozen=True)
class Load:
    """So many writes a second on one event, and so many viewers of it."""

    writes: float
    viewers: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.writes:g}/s x {self.viewers:,}"


LOADS = (Load(1, 200, 20), Load(200, 1_000, 10), Load(1_000, 1_000, 10))


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from a write's acknowledgement, at the moment when a viewer has read a frame with a newer write.

    `newest` is the age of the newest write in it, `oldest` of the oldest write that this viewer had not seen before;
    `sent` is `newest`, counted from when the write was sent. Each as (p50, p99). `cost` as in Delivery.
    """

    newest: tuple[float, float]
    oldest: tuple[float, float]
    sent: tuple[float, float]
    cost: float
    frames: float
    rate: float
    cores: Sequence[float]
    is_last_shown: bool


async def follow(contender: Contender, given: Settings, event_id: str, load: Load) -> Freshness:
    """One round: a fresh server, its viewers, and writes at the load's rate."""
    async with served(contender.command, given) as server:
        crowd = Crowd(server.port, await contender.speak(server.port))
        await crowd.grow(10)
        await _write(given, event_id, Load(10, 10, 1))
        await crowd.leave()
        await crowd.grow(load.viewers, witness_every=max(1, load.viewers // 200))
        await asyncio.sleep(1)
        crowd.forget()
        cpu, cores = server.cpu, busy()
        written = await _write(given, event_id, load)
        frames, used = crowd.received / load.viewers / load.seconds, shares(cores, busy())
        await _all_shown(crowd, max(written))
        cost = (server.cpu - cpu) / max(1, crowd.received) * 1e6
        is_last_shown = all(viewer.seen == max(written) for viewer in crowd.viewers if viewer.is_witness)
        await crowd.leave()
    span = max(at for _, at in written.values()) - min(at for at, _ in written.values())
    newest, oldest, sent = _ages(crowd, written)
    return Freshness(newest, oldest, sent, cost, frames, len(written) / span, used, is_last_shown)


async def _write(given: Settings, event_id: str, load: Load) -> dict[int, tuple[float, float]]:
    """Runs the writer; answers when each version was sent and acknowledged."""
    arguments = (given.mongodb_uri, given.database, event_id, str(load.writes), str(load.seconds))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops.bench.live.writer", *arguments), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    lines = [line.split() for line in out.decode().splitlines()]
    return {int(version): (float(sent), float(acknowledged)) for version, sent, acknowledged in lines}


async def _all_shown(crowd: Crowd, last: int, longest: float = 60) -> None:
    until = crowd.loop.time() + longest
    witnesses = [viewer for viewer in crowd.viewers if viewer.is_witness]
    while any(viewer.seen < last for viewer in witnesses) and crowd.loop.time() < until:
        await asyncio.sleep(0.05)


def _ages(crowd: Crowd, written: dict[int, tuple[float, float]]) -> list[tuple[float, float]]:
    first = min(written) + int(len(written) * WARM_UP)
    newest, oldest, sent = [], [], []
    for at, before, now in zip(crowd.at, crowd.before, crowd.now, strict=True):
        if now in written and now >= first and now > before:
            newest.append(at - written[now][1])
            sent.append(at - written[now][0])
            unseen = written.get(before + 1)
            oldest.append(at - unseen[1] if unseen and before else newest[-1])
    return [_percentiles(column) for column in (newest, oldest, sent)]


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    seconds.sort()
    last = len(seconds) - 1
    return (1000 * seconds[last // 2], 1000 * seconds[int(last * 0.99)]) if seconds else (float("nan"), float("nan"))
