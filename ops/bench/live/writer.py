"""Edits one event again and again, at a rate, as fast as the database acknowledges with a majority; a program.

Prints a line for each write: the version that it made, and when it was sent and acknowledged (monotonic seconds).
"""

import sys
import threading
import time
from typing import Any

from pymongo import MongoClient, ReturnDocument, WriteConcern
from pymongo.collection import Collection

THREADS = 8
NEXT = {"$add": ["$version", 1]}
EDIT = [{"$set": {"version": NEXT, "summary": {"$concat": ["write #", {"$toString": NEXT}, "."]}}}]
Line = tuple[int, float, float]


def write(events: "Collection[dict[str, Any]]", event_id: str, turns: range, every: float, done: list[Line]) -> None:
    """Makes this thread's share of the writes; one that is late goes at once."""
    began = time.monotonic()
    for turn in turns:
        time.sleep(max(0.0, began + turn * every - time.monotonic()))
        sent = time.monotonic()
        made = events.find_one_and_update({"_id": event_id}, EDIT, {"version": 1}, return_document=ReturnDocument.AFTER)
        done.append(((made or {})["version"], sent, time.monotonic()))


def main() -> None:
    uri, database, event_id, rate, seconds = sys.argv[1:]
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    events = client[database].get_collection("events", write_concern=WriteConcern("majority"))
    events.find_one()
    writes, every = round(float(rate) * float(seconds)), 1 / float(rate)
    done: list[Line] = []
    threads = [
        threading.Thread(target=write, args=(events, event_id, range(first, writes, THREADS), every, done))
        for first in range(min(THREADS, writes))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for version, sent, acknowledged in done:
        print(version, sent, acknowledged)


if __name__ == "__main__":
    main()
