"""MongoDB's change stream as a source of changes: one stream on the whole database, ids and routing fields only."""

import asyncio
import hashlib
import json
import logging
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

from bson import Timestamp
from pymongo import MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import InvalidOperation, OperationFailure, PyMongoError

from realtime.change import Change, Position, Values
from realtime.region import routing_fields
from realtime.source import HEARTBEATS, Lost

Document = dict[str, Any]
log = logging.getLogger(__name__)

LAYOUT = 1
"""Raised when ids or entries come to mean something else; logs of different layouts live side by side."""

IMAGES = ["fullDocument", "fullDocumentBeforeChange"]
# Longer than from one heartbeat to the next: a stream where nothing else happens then asks once for each.
AWAIT_MS = 2_500
BATCH = 500
WAITING_BATCHES = 8
RETRY_SECONDS = 0.2
# Nothing on a page follows from these, and some of their ids are hashes of secrets.
UNWATCHED = ("change_tips", "changes", "ledger", "refresh_tokens", "signing_keys", "stream_tickets")
# CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost.
HISTORY_LOST = {136, 260, 280, 286}
# A hung primary is noticed in seconds; longer than AWAIT_MS, or every quiet second would look like one.
TIMEOUTS: Document = {"serverSelectionTimeoutMS": 3_000, "connectTimeoutMS": 2_000, "socketTimeoutMS": 4_000}
ALL_OF_IT = {"drop", "rename", "dropDatabase"}
KINDS = ["insert", "update", "replace", "delete", *sorted(ALL_OF_IT), "invalidate"]


class ChangeStream:
    """Follows the database `name` at `uri`. Made after the regions are declared: their routing fields are reported.

    A collection with routing fields should be kept with images. Changes of the collections in `quiet` are not reported.
    With stages of its own, `following`, something else is reported of the same history.
    """

    def __init__(
        self, uri: str, name: str, *, quiet: Sequence[str] = UNWATCHED, following: list[Document] | None = None
    ) -> None:
        self._client: MongoClient[Document] = MongoClient(uri, tz_aware=True, appname="turnout-changes", **TIMEOUTS)
        self._name, self._fields = name, routing_fields()
        self._pipeline = following or pipeline(self._fields, sorted(quiet))
        told = json.dumps([LAYOUT, name, self._fields, self._pipeline])
        self.fingerprint = hashlib.blake2b(told.encode(), digest_size=6).hexdigest()

    async def now(self) -> Position:
        """The position before which everything is known to have happened."""
        return await asyncio.to_thread(self._now)

    async def beat(self) -> None:
        """Writes the time of the database into its one heartbeat document."""
        await asyncio.to_thread(self._beat)

    async def follow(self, after: Position) -> AsyncGenerator[list[Change], None]:
        """Every change after `after`, from a thread of its own: ten times what Motor reads."""
        batches: asyncio.Queue[list[Change] | Lost | None] = asyncio.Queue()
        room = threading.Semaphore(WAITING_BATCHES)
        reader = _Reader(self, after, asyncio.get_running_loop(), batches, room)
        reader.start()
        try:
            while True:
                batch = await batches.get()
                room.release()
                if batch is None:
                    return
                if isinstance(batch, Lost):
                    raise batch
                yield batch
        finally:
            reader.stopped.set()

    def close(self) -> None:
        """Ends the connections; followers end too."""
        self._client.close()

    def _now(self) -> Position:
        stamp: Timestamp = self._client[self._name].command("ping")["operationTime"]
        return Position(_packed(stamp), 0)

    def _beat(self) -> None:
        beats = self._client[self._name].get_collection(HEARTBEATS, write_concern=WriteConcern(w=1))
        beats.update_one({"_id": "turnout"}, {"$currentDate": {"at": True}, "$inc": {"count": 1}}, upsert=True)

    def batches(self, after: Position, stopped: threading.Event) -> Iterator[list[Change]]:
        """Batches read in this thread, until `stopped` or an error. Raises Lost and PyMongoError."""
        numbering = Numbering()
        with self._client.start_session(causal_consistency=False) as session:
            for events in self._events(after, session, stopped):
                changes = [self._change(event, numbering) for event in events]
                yield [change for change in changes if change.id > after]

    def _events(self, after: Position, session: ClientSession, stopped: threading.Event) -> Iterator[list[Document]]:
        """Raw aggregate and getMore: the driver's own stream hands out one event at a time and hides its batches."""
        database = self._client[self._name]
        start = {"startAtOperationTime": Timestamp(after.time >> 32, after.time & 0xFFFFFFFF)}
        images = dict.fromkeys(IMAGES, "whenAvailable")
        stages = [{"$changeStream": {**start, **images}}, *self._pipeline]
        majority = {"readConcern": {"level": "majority"}}
        opened = {"aggregate": 1, "pipeline": stages, "cursor": {"batchSize": BATCH}, **majority}
        cursor = database.command(opened, session=session)["cursor"]
        yield cursor["firstBatch"]
        more = {"getMore": cursor["id"], "collection": "$cmd.aggregate", "batchSize": BATCH, "maxTimeMS": AWAIT_MS}
        try:
            while not stopped.is_set() and cursor["id"]:
                cursor = database.command(more, session=session)["cursor"]
                yield cursor["nextBatch"]
        finally:
            with suppress(PyMongoError):
                database.command({"killCursors": "$cmd.aggregate", "cursors": [cursor["id"]]}, session=session)

    def _change(self, event: Document, numbering: "Numbering") -> Change:
        kind = event["operationType"]
        if kind == "invalidate":
            raise Lost("The change stream was invalidated")
        collection = event.get("ns", {}).get("coll", "")
        return Change(
            numbering.next(event["clusterTime"]),
            collection,
            "" if kind in ALL_OF_IT else str(event["documentKey"]["_id"]),
            kind,
            written_at(event),
            routing_values(event, self._fields.get(collection, [])),
        )


class _Reader(threading.Thread):
    """Hands the stream's batches to the loop; opens it again, at the same place, when the connection is lost."""

    def __init__(
        self,
        changes: ChangeStream,
        after: Position,
        loop: asyncio.AbstractEventLoop,
        batches: "asyncio.Queue[list[Change] | Lost | None]",
        room: threading.Semaphore,
    ) -> None:
        super().__init__(name="changes", daemon=True)
        self.stopped = threading.Event()
        self._changes, self._after = changes, after
        self._loop, self._batches, self._room = loop, batches, room

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                with closing(self._changes.batches(self._after, self.stopped)) as batches:  # type: ignore[type-var]
                    for batch in batches:
                        self._hand_over(batch)
            except Lost as lost:
                return self._hand_over(lost)
            except InvalidOperation:  # the client was closed
                return self._hand_over(None)
            except OperationFailure as error:
                if error.code in HISTORY_LOST:
                    return self._hand_over(Lost(str(error)))
                self.stopped.wait(RETRY_SECONDS)
            except PyMongoError:
                self.stopped.wait(RETRY_SECONDS)
            except Exception:
                # A thread that ended here would leave its follower waiting for good, and every screen behind.
                log.exception("the change stream could not be read, it is opened again")
                self.stopped.wait(RETRY_SECONDS)
        return None

    def _hand_over(self, batch: list[Change] | Lost | None) -> None:
        while not self._room.acquire(timeout=1):
            if self.stopped.is_set():
                return
        if isinstance(batch, list) and batch:
            self._after = batch[-1].id
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._batches.put_nowait, batch)


class Numbering:
    """Counts the events of one cluster time, from 1; correct because every stream is opened at a time's beginning."""

    def __init__(self) -> None:
        self._last = Position(0, 0)

    def next(self, stamp: Timestamp) -> Position:
        time = _packed(stamp)
        self._last = Position(time, self._last.part + 1 if time == self._last.time else 1)
        return self._last


def pipeline(fields: Mapping[str, Sequence[str]], quiet: Sequence[str]) -> list[Document]:
    """What follows $changeStream: which changes are reported, and only ids and routing fields of them."""
    wanted = sorted({field for names in fields.values() for field in names})
    images = {f"{image}.{name}": 1 for image in IMAGES for name in ["_id", *wanted]}
    told = {"operationType": 1, "ns": 1, "documentKey": 1, "clusterTime": 1, "wallTime": 1}
    return [
        {"$match": {"operationType": {"$in": KINDS}, "ns.coll": {"$nin": list(quiet)}}},
        {"$project": {**told, **images}},
    ]


def routing_values(event: Document, fields: Sequence[str]) -> Values:
    """The values of the routing fields before and after the change; None where an image is missing."""
    kind = event["operationType"]
    needed = {"insert": ["fullDocument"], "delete": ["fullDocumentBeforeChange"]}
    images = [event.get(name) for name in needed.get(kind, IMAGES)]
    known = [image for image in images if image]
    if len(known) < len(images):
        return dict.fromkeys(fields)
    return {field: sorted({text for image in known for text in _texts(image, field)}) for field in fields}


def _texts(image: Document, path: str) -> list[str]:
    value: Any = image
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def written_at(event: Document) -> float:
    """When a change was written, in seconds of the epoch."""
    wall: datetime | None = event.get("wallTime")
    stamp: Timestamp = event["clusterTime"]
    return (wall if wall.tzinfo else wall.replace(tzinfo=UTC)).timestamp() if wall else float(stamp.time)


def _packed(stamp: Timestamp) -> int:
    return stamp.time << 32 | stamp.inc
