"""The relay: in the one worker that holds the lease, it copies the database's history into the log.

The lease is for economy. Two relays at once do no harm: an entry is appended only right after the one before it.
"""

import asyncio
import logging
import os
import socket
import time
import uuid
from contextlib import aclosing, suppress

from realtime import metrics, tracing
from realtime.change import Change, Position
from realtime.shared import Away, Epoch, Shared
from realtime.source import Lost, Source
from realtime.upkeep import lasting

log = logging.getLogger(__name__)

RENEW_SECONDS = 1.0
TRY_SECONDS = 0.5
APPEND_AT_ONCE = 500


class Behind(Exception):
    """The log is not where the relay thought; read the history again from its tip."""


class Relay:
    """Waits for the lease and relays while it holds it."""

    def __init__(self, source: Source, shared: Shared) -> None:
        self._source, self._shared = source, shared
        # Whoever looks into Redis sees which process it is.
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._lease_may_be_free = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.holds_lease = False

    def start(self) -> None:
        self._task = asyncio.create_task(lasting(self._keep_trying))

    async def stop(self) -> None:
        """Stops relaying and hands the lease over."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        with suppress(*Away):
            await self._shared.release_lease(self._name)

    def lease_may_be_free(self) -> None:
        """Somebody handed the lease over; do not wait to try."""
        self._lease_may_be_free.set()

    async def _keep_trying(self) -> None:
        while True:
            with suppress(*Away):
                if await self._shared.take_lease(self._name):
                    await self._relay_while_leased()
            self._lease_may_be_free.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(TRY_SECONDS):
                    await self._lease_may_be_free.wait()

    async def _relay_while_leased(self) -> None:
        self._held(True)
        relaying = asyncio.create_task(self.relay())
        try:
            while not relaying.done() and await self._shared.renew_lease(self._name):
                await asyncio.wait([relaying], timeout=RENEW_SECONDS)
        finally:
            self._held(False)
            relaying.cancel()
            for outcome in await asyncio.gather(relaying, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.warning("the relay stopped: %r", outcome)

    def _held(self, is_held: bool) -> None:
        self.holds_lease = is_held
        metrics.lease.set(is_held)

    async def relay(self) -> None:
        """Relays without asking for the lease. Ends only with an error of Redis."""
        while True:
            epoch, tip = await self._begin_where_the_log_ends()
            try:
                await self._copy(epoch, tip)
            except Behind:
                metrics.appends.labels("rewind").inc()
            except Lost as lost:
                log.warning("the database's history was lost, a new log begins: %s", lost)
                await self._shared.begin(epoch, (await self._source.now()).next_time)

    async def _begin_where_the_log_ends(self) -> tuple[Epoch, Position]:
        epoch, tip = await self._shared.state()
        now = await self._source.now()
        # A log that ends in the future belongs to another history: a restored database, or another one.
        if not epoch or tip > now.next_time:
            epoch = await self._shared.begin(epoch, now)
            tip = epoch.base
        return epoch, tip

    async def _copy(self, epoch: Epoch, tip: Position) -> None:
        async with aclosing(self._source.follow(tip)) as history:
            async for batch in history:
                for start in range(0, len(batch), APPEND_AT_ONCE):
                    tip = await self._append(epoch, tip, batch[start : start + APPEND_AT_ONCE])

    async def _append(self, epoch: Epoch, tip: Position, changes: list[Change]) -> Position:
        while new := [change for change in changes if change.id > tip]:
            result, newest = await self._shared.append(epoch, tip, new)
            metrics.appends.labels(result).inc()
            for change in new:
                name, kind = change.collection, change.kind
                tracing.note("relay", tracing.causes_of([change]), change.at, time.time(), collection=name, kind=kind)
            if result == "epoch" or newest < tip:
                raise Behind
            tip = newest
        return tip
