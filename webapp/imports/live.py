"""The live region of an import: how far it is and what it did."""

from typing import Any

from realtime import region
from webapp.access import organiser
from webapp.errors import NotFound
from webapp.imports import store


@region("imports/progress.html", watches={"imports": "_id"}, visible_to=organiser)
async def import_progress(import_id: str) -> dict[str, Any] | None:
    """An import with its progress bar, its counts and its problems."""
    try:
        return {"one": await store.get(import_id)}
    except NotFound:
        return None
