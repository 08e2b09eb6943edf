"""`python -m webapp migrate`: brings the database up to date, for a Job that runs before the new copies start."""

import webapp.app  # noqa: F401 - every store declares what it keeps
from webapp import database, servers
from webapp.migrations import store
from webapp.migrations.migration import Schema
from webapp.settings import Settings


async def run(given: Settings) -> int:
    """Says what was run; answers the exit status."""
    with servers.chosen(given, share=True) as used:
        schema = await at_start(used)
    print(f"{used.database} has schema {schema.number}; code from schema {schema.runs_from} on runs on it.")
    return 0


async def at_start(used: Settings) -> Schema:
    """Brings the database up to date before anybody serves. Raises Misconfigured when it is too new for this code."""
    with database.connected(used.mongodb_uri, used.database, is_patient=True):
        await store.bring_up_to_date()
        return await store.current()
