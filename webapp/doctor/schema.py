"""The database's schema: made for this version or one it can run on, whole, and with every migration done."""

from typing import Any

from webapp.doctor.finding import Finding, well, wrong
from webapp.errors import Misconfigured
from webapp.migrations.lock import COLLECTION
from webapp.migrations.migration import Schema, due
from webapp.migrations.steps import STEPS
from webapp.migrations.store import KEY, RESTORING


def check(db: Any) -> Finding:
    """The finding about the schema of a database, of a client that does not wait in a loop."""
    if db[COLLECTION].find_one({"_id": RESTORING}):
        cure = f"put it back again: python -m webapp restore --replace, for {db.name}"
        return wrong(f"A backup was being put into {db.name}, and that was not finished", cure)
    schema = Schema.model_validate(db[COLLECTION].find_one({"_id": KEY}) or {})
    try:
        missing = due(STEPS, schema)
    except Misconfigured as problem:
        what, _, cure = str(problem).rstrip(".").partition("; ")
        return wrong(what, cure)
    if missing:
        what = f"{db.name} has schema {schema.number}, and this version needs {missing[-1].number}"
        return wrong(what, "run python -m webapp migrate, or start Turnout, which does it; see its log if it did not")
    return well(f"{db.name} has schema {schema.number}, on which this version runs")
