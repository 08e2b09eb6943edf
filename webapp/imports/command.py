"""Importing from the command line, with progress, through the same document that the page shows."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from webapp import database, servers
from webapp.audit import actor
from webapp.errors import Misconfigured
from webapp.imports import store, work
from webapp.imports.calendar import check_beginning
from webapp.imports.fetch import fetch
from webapp.imports.record import Import, Manner
from webapp.migrations import store as migrations
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser
from webapp.settings import Settings

BY = actor.command("The command line")
SHOWN = 20


async def run(given: Settings, source: str, slug: str, *, is_quiet: bool = False) -> int:
    """Imports a file or an address for an organiser, "" for the only one there is; the exit status.

    Nobody is asked: who comes to what is moved or called off is told, of a move not where it `is_quiet`.
    """
    data = await fetch(source, inside=True) if "://" in source else _read(Path(source))
    check_beginning(data)
    with servers.chosen(given, share=True) as chosen:
        database.connect(chosen.mongodb_uri, chosen.database)
        try:
            await migrations.bring_up_to_date()
            organiser = await _chosen(slug)
            origin = source if "://" in source else Path(source).name
            return _report(await _carry_out(organiser.id, data, origin, is_quiet=is_quiet))
        finally:
            database.close()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}.") from None


async def _chosen(slug: str) -> Organiser:
    every = {one.slug: one for one in await organisers.every()}
    if not slug and len(every) == 1:
        return next(iter(every.values()))
    if slug not in every:
        known = ", ".join(every) or "none yet; create one in the browser first"
        raise Misconfigured(f"Say for which organiser: --organiser SLUG. There are: {known}.")
    return every[slug]


async def _carry_out(organiser_id: str, data: bytes, origin: str, *, is_quiet: bool) -> Import:
    now = datetime.now(UTC)
    how = Manner(asks=False, is_quiet=is_quiet)
    # Due only later, so that no worker of a running Turnout takes it first.
    due_at = now + store.READING_CLAIM
    added = await store.add(organiser_id, data, origin=origin, by=BY, now=now, due_at=due_at, how=how)
    shown = asyncio.create_task(_show(added))
    try:
        while claimed := await store.claim(datetime.now(UTC), added.id):
            await work.carry_out(claimed)
            one = await store.get(organiser_id, added.id)
            if one.is_over:
                return one
            await asyncio.sleep(work.AGAIN.total_seconds())
    finally:
        shown.cancel()
    raise Misconfigured("The import is gone from the database while it ran; try it again.")


async def _show(added: Import) -> None:
    while True:
        one = await store.get(added.organiser_id, added.id)
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
    if one.told:
        print(f"{one.told:,} {'person is' if one.told == 1 else 'people are'} told by mail of what they come to.")
    return 1 if one.counts.skipped and not one.total else 0
