"""What it costs to hold viewers and to give each of them an update that is ready: CPU and memory."""

from dataclasses import dataclass

from ops.bench.live.contest import Contender
from ops.bench.live.crowd import Crowd, get
from ops.bench.live.processes import served
from webapp.settings import Settings

UPDATES, UPDATES_OF_OTHER_SIZES = 100, 50
DELIVERIES_A_SECOND = 20_000
LEAST_SECONDS = 0.06
"""Between two updates: longer than Turnout's frame, which would show two as one."""


@dataclass(frozen=True)
class Delivery:
    """`cost` is microseconds of server CPU per update received, by size in bytes; `memory` bytes per connection."""

    cost: dict[int, float]
    memory: float
    missing: int


async def deliver(contender: Contender, given: Settings, viewers: int, sizes: list[int]) -> Delivery:
    """One round: a fresh server, its viewers, and a hundred updates of each size to all of them."""
    cost: dict[int, float] = {}
    memory, missing = 0.0, 0
    async with served(contender.command, given) as server:
        crowd = Crowd(server.port, await contender.speak(server.port))
        await crowd.grow(10)
        await _send(crowd, 10, sizes[0])
        await crowd.leave()
        empty = server.memory
        await crowd.grow(viewers)
        for size in sizes:
            before, times = server.cpu, UPDATES_OF_OTHER_SIZES if cost else UPDATES
            await _send(crowd, times, size)
            cost[size] = (server.cpu - before) / max(1, crowd.received) * 1e6
            missing += times * viewers - crowd.received
            memory = memory or (server.memory - empty) / viewers
        await crowd.leave()
    return Delivery(cost, memory, missing)


async def _send(crowd: Crowd, times: int, size: int) -> None:
    every = max(LEAST_SECONDS, len(crowd.viewers) / DELIVERIES_A_SECOND)
    crowd.forget()
    await get(crowd.port, f"/send?times={times}&every={every}&size={size}")
    await crowd.received_all(times * len(crowd.viewers))
