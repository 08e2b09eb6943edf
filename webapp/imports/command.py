"""Importing from the command line, with progress, through the same document that the page shows."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from webapp import database, servers
from webapp.errors import Misconfigured
from webapp.imports import store, work
from webapp.imports.calendar import check_beginning
from webapp.imports.fetch import fetch
from webapp.imports.record import Import
from webapp.settings import Settings

BY = "the command line"
SHOWN = 20


async def run(given: Settings, source: str) -> int:
    """Imports a file or an address into the database of these settings; the exit status."""
    data = await fetch(source, inside=True) if "://" in source else _read(Path(source))
    check_beginning(data)
    with servers.chosen(given, share=True) as chosen:
        database.connect(chosen.mongodb_uri, chosen.database)
        try:
            await database.prepare()
            return _report(await _carry_out(data, source if "://" in source else Path(source).name))
        finally:
            database.close()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}.") from None


async def _carry_out(data: bytes, origin: str) -> Import:
    now = datetime.now(UTC)
    # Due only later, so that no worker of a running Turnout takes it first.
    added = await store.add(data, origin=origin, by=BY, now=now, due_at=now + store.READING_CLAIM)
    shown = asyncio.create_task(_show(added.id))
    try:
        while claimed := await store.claim(datetime.now(UTC), added.id):
            await work.carry_out(claimed)
            one = await store.get(added.id)
            if one.is_over:
                return one
            await asyncio.sleep(work.AGAIN.total_seconds())
    finally:
        shown.cancel()
    raise Misconfigured("The import is gone from the database while it ran; try it again.")


async def _show(import_id: str) -> None:
    while True:
        one = await store.get(import_id)
        if one.total and sys.stderr.isatty():
            print(f"\r{one.written:,} of {one.total:,}", end="", file=sys.stderr, flush=True)
        await asyncio.sleep(0.2)


def _report(one: Import) -> int:
    for problem in one.problems[:SHOWN]:
        what = f" ({problem.what})" if problem.what else ""
        print(f"line {problem.line}{what}: {problem.reason}" + (" Skipped." if problem.skipped else ""))
    if one.problem_count > SHOWN:
        print(f"and {one.problem_count - SHOWN:,} more.")
    if one.reason:
        print(f"turnout: {one.reason}", file=sys.stderr)
        return 1
    counts = ", ".join(f"{count:,} {name}" for name, count in one.counts)
    print(f"{one.title}: {counts}")
    return 1 if one.counts.skipped and not one.total else 0
