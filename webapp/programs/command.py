"""Replacing the key that signs access tokens, from the command line."""

from datetime import UTC, datetime

from webapp import database, servers
from webapp.migrations import store as migrations
from webapp.programs import keys
from webapp.settings import Settings
from webapp.walls import sealing


async def rotate(given: Settings, *, at_once: bool) -> int:
    """Lets a new key sign; with `at_once` older keys verify no more. The exit status."""
    now = datetime.now(UTC)
    sealing.use(given.secret, *given.older_secrets)
    with servers.chosen(given, share=True) as chosen:
        database.connect(chosen.mongodb_uri, chosen.database)
        try:
            await migrations.bring_up_to_date()
            print(f"The key {await keys.rotate(now=now)} signs from now on.")
            if at_once:
                dropped = await keys.drop_older(now=now)
                print(f"{dropped} older verify no more within {keys.REMEMBERED_SECONDS} seconds; programs refresh.")
        finally:
            database.close()
    return 0
