"""The live regions of the installation: its health, and what was done to it."""

from datetime import timedelta
from typing import Any

from realtime import region
from webapp.access import admin
from webapp.admin import machines, operating, worker_health
from webapp.audit import live as audit
from webapp.audit.record import INSTALLATION

Context = dict[str, Any]
SILENT = timedelta(seconds=20)


@region("admin/workers.html", watches={"workers": "*"}, visible_to=admin)
async def admin_workers() -> Context:
    """The workers, Redis as they see it, and how far behind the live pages are."""
    workers = await worker_health.workers()
    newest = max((one.seen_at for one in workers), default=None)
    # A drawing reads no clock: a worker is silent when the others have been heard since.
    silent = {one.name for one in workers if newest and newest - one.seen_at > SILENT}
    heard = [one for one in workers if one.name not in silent]
    lag = max((one.lag for one in heard if one.lag is not None), default=None)
    redis = bool(heard) and all(one.reads_log for one in heard)
    return {
        "workers": workers,
        "silent": silent,
        "lag": lag,
        "redis_is_used": redis,
        "server": await worker_health.server(),
    }


@region("admin/figures.html", watches={"machines": "*"}, visible_to=admin)
async def admin_figures() -> Context:
    """What all workers count, as /metrics says it: connections, requests, how long things take, refusals."""
    return operating.shown(await machines.every())


@region("admin/mails.html", watches={"mails": "*"}, visible_to=admin)
async def admin_mails() -> Context:
    """The mails that wait, and how many were sent or given up lately."""
    return {"mails": await worker_health.mails()}


@region("audit/log.html", watches={"records": "*"}, visible_to=admin)
async def admin_log(query: str) -> Context:
    """What was done to the installation and by its admins."""
    return await audit.context(INSTALLATION, query, "/admin/audit")
