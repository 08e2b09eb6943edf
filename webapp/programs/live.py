"""The live regions of programs: the tokens of a person, and those of an organiser."""

from typing import Any

from realtime import region
from realtime.region import Bound
from webapp.access import manager, myself
from webapp.programs import store

__all__ = ["Bound", "my_tokens", "organiser_tokens"]


@region("programs/tokens.html", watches={"api_tokens": "person_id"}, visible_to=myself)
async def my_tokens(person_id: str) -> dict[str, Any]:
    """A person's own tokens."""
    return {"tokens": await store.of(person_id), "path": "/me/tokens"}


@region("programs/tokens.html", watches={"api_tokens": "organiser_id"}, visible_to=manager)
async def organiser_tokens(organiser_id: str, organiser_slug: str) -> dict[str, Any]:
    """An organiser's tokens."""
    return {"tokens": await store.of_organiser(organiser_id), "path": f"/manage/{organiser_slug}/tokens"}
