"""`python -m webapp backup FILE` and `python -m webapp restore FILE`."""

import asyncio
import sys
import time
from pathlib import Path

from webapp import servers
from webapp.backup import archive, store
from webapp.migrations import command as migrations
from webapp.settings import Settings
from webapp.walls import sealing

STDOUT = "-"


def backup(given: Settings, file: str) -> int:
    """Takes a backup into a file that nobody else can read, or to standard output; answers the exit status."""
    sealing.use(given.secret, *given.older_secrets)
    begun = time.monotonic()
    with servers.chosen(given, share=True) as used, store.Client(used.mongodb_uri, tz_aware=True) as client:
        if file == STDOUT:
            counts = store.take(client, used.database, sys.stdout.buffer)
        else:
            counts = _into(client, used.database, Path(file))
    _say(counts, begun, "kept")
    return 0


def restore(given: Settings, file: str, *, replaces: bool) -> int:
    """Puts a backup back and brings it up to date; answers the exit status."""
    sealing.use(given.secret, *given.older_secrets)
    begun = time.monotonic()
    with servers.chosen(given, share=True) as used:
        with store.Client(used.mongodb_uri, tz_aware=True) as client:
            counts = store.put_back(client, used.database, Path(file), replaces=replaces)
        schema = asyncio.run(migrations.at_start(used))
    _say(counts, begun, f"put back, with schema {schema.number}")
    if not sealing.knows(archive.head_of(Path(file)).secret):
        print(
            "It was made under another TURNOUT_SECRET, of which its links, tickets and two-step secrets are; "
            "add that one to TURNOUT_OLD_SECRETS.",
            file=sys.stderr,
        )
    return 0


def _into(client: store.Client, name: str, file: Path) -> dict[str, int]:
    half = file.with_name(f"{file.name}.part")
    half.touch(mode=0o600)
    with half.open("wb") as opened:
        counts = store.take(client, name, opened)
    half.rename(file)
    return counts


def _say(counts: dict[str, int], begun: float, what: str) -> None:
    documents, seconds = sum(counts.values()), time.monotonic() - begun
    print(f"{documents:,} documents of {len(counts)} collections {what} in {seconds:.1f} s.", file=sys.stderr)
