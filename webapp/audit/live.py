"""The live region of the audit: what was done, the latest first."""

from typing import Any

from realtime import region
from webapp.access import manager
from webapp.audit import store
from webapp.audit.search import Search
from webapp.errors import NotFound
from webapp.organisers import store as organisers


@region("audit/log.html", watches={"records": "organiser_id"}, visible_to=manager)
async def audit_log(organiser_id: str, query: str) -> dict[str, Any] | None:
    """What was done for an organiser, as searched for."""
    try:
        organiser = await organisers.get(organiser_id)
    except NotFound:
        return None
    return await context(organiser_id, query, f"{organiser.manage_path}/audit")


async def context(organiser_id: str, query: str, path: str) -> dict[str, Any]:
    """What the partial needs; `path` is that of the page."""
    search = Search.parse(query)
    found = await store.found(organiser_id, search)
    more = search.model_copy(update={"after": found.after}).query if found.after else None
    return {"records": found.records, "search": search, "more": more, "path": path}
