"""Writes down the changes in their order: one worker does, and another goes on where it ended.

The order is that of the commits, as MongoDB's change stream reports it, so a transaction that takes long cannot come
too late. The lease only spares work: two who write at once cannot both move the tip from the same place.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from secrets import token_hex

import structlog

from realtime.change import Change as Written
from realtime.change import Position
from realtime.source import Lost
from webapp.changes import store
from webapp.changes.change import Change, key_of, noted
from webapp.changes.journals import Entry, Journals
from webapp.database import PyMongoError
from webapp.observing import metrics

ASK_AGAIN_SECONDS = 1.0
RENEW_SECONDS = 1.0
FORGET_EVERY_SECONDS = 60.0
# A quiet history is written down as far as it is known, so that what is read again after a restart is short.
MOVE_ON_SECONDS = 10

log = structlog.get_logger()


class Scribe:
    """Writes the changes of one database, and lets go of what is older than `keep`."""

    def __init__(self, journals: Journals, keep: timedelta) -> None:
        self._journals, self._keep = journals, keep
        self._name = token_hex(6)
        self._holds = False

    async def run(self) -> None:
        """Writes whenever no other worker does, until cancelled."""
        try:
            while True:
                try:
                    await self._turn()
                except store.Moved:
                    log.info("another worker wrote changes")
                except PyMongoError as error:
                    log.warning("the changes wait for the database", error=str(error))
                await asyncio.sleep(0 if self._holds else ASK_AGAIN_SECONDS)
        finally:
            with suppress(PyMongoError):
                await store.release(self._name)

    async def _turn(self) -> None:
        self._holds = await store.hold(self._name)
        if not self._holds:
            return
        tip = await store.begin(key_at(await self._journals.now()))
        renewing = asyncio.create_task(self._keep_holding())
        try:
            await self._write(tip.at)
        except Lost as lost:
            log.error("the history after the last change is lost; who follows starts again", reason=str(lost))  # noqa: TRY400
            metrics.changes_lost.inc()
            await store.start_again(tip.at, key_at(await self._journals.now()))
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _write(self, tip: str) -> None:
        async with aclosing(self._journals.follow(_position(tip))) as batches:
            async for batch in batches:
                if not self._holds:
                    return
                tip = await self._add(tip, batch)

    async def _add(self, tip: str, batch: Sequence[Written]) -> str:
        if not batch:
            return tip
        changes = [change for one in batch if (change := _noted(one))]
        last = batch[-1].id
        if not changes and last.seconds - _position(tip).seconds < MOVE_ON_SECONDS:
            return tip
        to = key_at(last)
        await store.add(changes, after=tip, to=to)
        metrics.changes.inc(len(changes))
        if changes:
            metrics.change_delay.observe(max(0.0, time.time() - batch[-1].at))
        return to

    async def _keep_holding(self) -> None:
        forgotten_at = 0.0
        while self._holds:
            try:
                if time.monotonic() - forgotten_at > FORGET_EVERY_SECONDS:
                    forgotten_at = time.monotonic()
                    await store.forget(_long_ago(self._keep))
                self._holds = await store.hold(self._name)
            except PyMongoError as error:
                log.info("the lease of the changes waits for the database", error=str(error))
            await asyncio.sleep(RENEW_SECONDS)


def key_at(position: Position) -> str:
    """The place in the order of what was written at a position of the log."""
    return key_of(str(position))


def _noted(one: Written) -> Change | None:
    return noted(key_at(one.id), one.collection, one.written) if isinstance(one, Entry) else None


def _position(key: str) -> Position:
    time_part, _, part = key.partition("-")
    return Position(int(time_part), int(part))


def _long_ago(keep: timedelta) -> str:
    return key_at(Position(int(time.time() - keep.total_seconds()) << 32, 0))
