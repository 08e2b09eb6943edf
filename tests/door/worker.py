"""A worker of its own that scans every ticket of an event, ten at a time, until it is killed."""

import asyncio
import sys

from tests.events.making import NOW
from webapp import database
from webapp.database import db
from webapp.door import store
from webapp.door.checkin import Scan
from webapp.door.wishes import Door


async def main(uri: str, event_id: str, list_id: str) -> None:
    database.connect(uri, "turnout_test")
    event = await db().events.find_one({"_id": event_id})
    assert event
    device = Door(event["organiser_id"], event_id, "device The killed one", "The killed one")
    sold = await db().tickets.find({"event_id": event_id}).sort("_id", 1).to_list(None)
    for first in range(0, len(sold), 10):
        scans = [
            Scan(code=one["secret"], list_id=list_id, nonce=f"nonce-{one['_id']}") for one in sold[first : first + 10]
        ]
        await asyncio.gather(*(store.redeem(device, scan, by="worker", now=NOW) for scan in scans))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
