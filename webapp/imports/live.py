"""The live region of an import: how far it is and what it did."""

from typing import Any

from realtime import region
from webapp.access import editor
from webapp.errors import NotFound
from webapp.imports import store
from webapp.organisers import store as organisers


@region("imports/progress.html", watches={"imports": ("_id", "import_id")}, visible_to=editor)
async def import_progress(organiser_id: str, import_id: str) -> dict[str, Any] | None:
    """An import with its progress bar, its counts and its problems."""
    try:
        return {"one": await store.get(organiser_id, import_id), "organiser": await organisers.get(organiser_id)}
    except NotFound:
        return None
