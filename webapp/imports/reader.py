"""Has a calendar read by a child process, so that no open page waits for it and no rule in it can hang a worker."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from webapp.errors import Invalid
from webapp.imports.calendar import Entry, Reading
from webapp.imports.calendar.__main__ import REFUSED
from webapp.settings import ROOT

SECONDS = 120
AT_ONCE = 500
TOO_LONG = "This calendar takes too long to read: it probably has a rule that repeats without end. Import it in parts."


@dataclass(frozen=True)
class Child:
    """How a child ended and what it said."""

    status: int
    out: bytes
    error: str


async def read_apart(data: bytes, *, now: datetime, name: str) -> Reading:
    """As `webapp.imports.calendar.read`, in another process. Raises Invalid."""
    child = await _run(data, now.isoformat(), name)
    if child.status == REFUSED:
        raise Invalid({"": child.error})
    if child.status:
        raise Invalid({"": TOO_LONG})
    head, *lines = child.out.splitlines()
    reading = Reading.model_validate_json(head)
    for start in range(0, len(lines), AT_ONCE):
        reading.entries += [Entry.model_validate_json(line) for line in lines[start : start + AT_ONCE]]
        await asyncio.sleep(0)
    return reading


async def _run(data: bytes, *arguments: str) -> Child:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webapp.imports.calendar", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(data), SECONDS)
    except TimeoutError:
        return Child(-1, b"", "")
    finally:
        with suppress(ProcessLookupError):
            if process.returncode is None:
                process.kill()
                await process.wait()
    return Child(process.returncode or 0, out, error.decode(errors="replace"))
