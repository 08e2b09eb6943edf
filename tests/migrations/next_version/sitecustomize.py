"""Makes this Turnout a later one: put first on PYTHONPATH, it adds a migration before the program begins."""

import os

from webapp import version
from webapp.database import db
from webapp.migrations import steps
from webapp.migrations.migration import Migration

RUNS_FROM = int(os.environ["NEXT_RUNS_FROM"])


async def add_a_field() -> None:
    """Expands: what older copies read and write stays as it is."""
    await db().events.update_many({"next_words": None}, [{"$set": {"next_words": {"$toLower": "$title"}}}])


version.VERSION = "9.0.0"
steps.STEPS.append(Migration(steps.STEPS[-1].number + 1, "add a field", add_a_field, RUNS_FROM))
