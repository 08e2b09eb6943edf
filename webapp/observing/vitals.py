"""How this worker feels: whether its loop is late, what it takes of the machine, and whether mails pile up."""

import asyncio
import os
import resource
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from webapp.database import PyMongoError, db
from webapp.mail import store as mails
from webapp.observing import metrics
from webapp.version import VERSION
from webapp.webhooks import store as webhooks

BLINK = 0.5
OFTEN, SELDOM = 10, 30
"""Blinks between two looks at the process, and between two at the database."""

KEPT = ("events", "mails", "records", "sessions")

_PAGE = resource.getpagesize()


async def keep_watching() -> None:
    """Looks again and again, until cancelled."""
    metrics.begin(VERSION)
    blinks, cpu = 0, 0.0
    while True:
        if blinks % OFTEN == 0:
            cpu = note_process(cpu)
        if blinks % SELDOM == 0:
            with suppress(PyMongoError):
                metrics.mails_overdue.set(await mails.overdue(datetime.now(UTC)))
                await note_kept()
                metrics.webhooks_overdue.set(await webhooks.overdue(datetime.now(UTC)))
        begun = time.perf_counter()
        await asyncio.sleep(BLINK)
        metrics.loop_lag.observe(max(0.0, time.perf_counter() - begun - BLINK))
        blinks += 1


def note_process(cpu_before: float) -> float:
    """Notes what the process takes; answers the processor time that it has taken in all."""
    cpu, memory = time.process_time(), _resident()
    metrics.cpu_seconds.inc(cpu - cpu_before)
    metrics.memory.set(memory)
    metrics.most_memory.set(memory)
    metrics.most_files.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    with suppress(OSError):
        metrics.open_files.set(len(os.listdir("/dev/fd")))  # noqa: PTH208 - a Path for each of ten thousand is too slow
    return cpu


async def note_kept() -> None:
    """Notes how much there is of what is kept for a time only, as MongoDB estimates it."""
    for name in KEPT:
        metrics.kept.labels(name).set(await db()[name].estimated_document_count())


def _resident() -> int:
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
