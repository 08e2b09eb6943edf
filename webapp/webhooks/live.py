"""The live regions of webhooks: an organiser's endpoints, and what was sent to one of them."""

from typing import Any

from realtime import Bound, region
from webapp.access import manager
from webapp.errors import NotFound
from webapp.webhooks import store

__all__ = ["Bound", "organiser_webhooks", "webhook_deliveries"]

SHOWN = 50


@region("webhooks/list.html", watches={"webhooks": "organiser_id"}, visible_to=manager)
async def organiser_webhooks(organiser_id: str, organiser_slug: str) -> dict[str, Any]:
    """An organiser's webhooks."""
    return {"webhooks": await store.of(organiser_id), "path": f"/manage/{organiser_slug}/webhooks"}


@region("webhooks/deliveries.html", watches={"deliveries": "webhook_id", "webhooks": "_id"}, visible_to=manager)
async def webhook_deliveries(organiser_id: str, webhook_id: str, organiser_slug: str) -> dict[str, Any] | None:
    """What was sent to an endpoint lately, and how that ended."""
    try:
        webhook = await store.get(organiser_id, webhook_id)
    except NotFound:
        return None
    deliveries = await store.latest(webhook.id, limit=SHOWN)
    path = f"/manage/{organiser_slug}/webhooks/{webhook.id}"
    return {"webhook": webhook, "deliveries": deliveries, "path": path}
