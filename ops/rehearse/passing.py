"""What a proxy has to let through: streams as they come, WebSockets, the visitor's own address and nobody's claims."""

import os
from typing import Any

import httpx
from pymongo import MongoClient

from ops.rehearse.stage import Stage
from webapp.doctor import proxy

VISITOR, CLAIMED = "127.0.0.9", "203.0.113.9"


async def rehearse(stage: Stage) -> list[str]:
    """Answers what was wrong."""
    if stage.proxy.certificate:
        os.environ["SSL_CERT_FILE"] = str(stage.proxy.certificate)
    found = [one async for one in proxy.check(stage.copies[0].given)]
    for one in found:
        print(f"{stage.proxy.command[0].rpartition('/')[2]}: {one}")
    return [str(one) for one in found if not one.is_well] + await _addresses(stage)


async def _addresses(stage: Stage) -> list[str]:
    """A form from another address, which claims to come from a third one, is counted as of where it is from."""
    from_there: Any = httpx.AsyncHTTPTransport(
        local_address=VISITOR, verify=stage.knows or True, http2=stage.proxy.certificate is not None
    )
    claims = {"X-Forwarded-For": CLAIMED, "Forwarded": f"for={CLAIMED}", "Origin": stage.address}
    async with stage.visitor(transport=from_there, timeout=20) as visitor:
        form = {"email": "nobody@example.org", "password": "what nobody has"}
        answer = await visitor.post("/sign-in", data=form, headers=claims)
        figures = await visitor.get("/metrics")
    print(f"a form was answered {answer.status_code} over {answer.http_version}, /metrics {figures.status_code}")
    with MongoClient[Any](stage.mongo.uri) as client:
        counted = [str(one["_id"]) for one in client[stage.copies[0].given.database].tries.find()]
    wrong = [] if f"from {VISITOR}" in counted else [f"the visitor's own address was not counted, but {counted}"]
    wrong += ["an address that was only claimed was counted"] if f"from {CLAIMED}" in counted else []
    return wrong + ([] if figures.status_code == 404 else ["the world can read /metrics"])
