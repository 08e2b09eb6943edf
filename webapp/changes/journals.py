"""The journals' entries in the order in which they were committed, as MongoDB's change stream reports them."""

from dataclasses import dataclass, field
from typing import Any

from realtime.change import Change
from realtime.source import HEARTBEATS, Lost
from webapp.change_stream import ChangeStream, Document, Numbering, written_at
from webapp.changes.change import JOURNALS

# A heartbeat every two seconds lets the place in the history move on where nothing happens, so that it is never lost.
PIPELINE: list[Document] = [
    {
        "$match": {
            "$or": [
                {"operationType": "insert", "ns.coll": {"$in": sorted(JOURNALS)}},
                {"operationType": {"$in": ["insert", "update"]}, "ns.coll": HEARTBEATS},
                {"operationType": "invalidate"},
            ]
        }
    },
    {"$project": {"operationType": 1, "ns": 1, "documentKey": 1, "clusterTime": 1, "wallTime": 1, "fullDocument": 1}},
]


@dataclass(frozen=True, slots=True)
class Entry(Change):
    """What a journal was given, as it was written."""

    written: dict[str, Any] = field(default_factory=dict)


class Journals(ChangeStream):
    """Follows the journals and the heartbeats of the database `name` at `uri`."""

    def __init__(self, uri: str, name: str) -> None:
        super().__init__(uri, name, following=PIPELINE)

    def _change(self, event: Document, numbering: Numbering) -> Change:
        if event["operationType"] == "invalidate":
            raise Lost("The change stream was invalidated")
        told = numbering.next(event["clusterTime"]), event["ns"]["coll"], str(event["documentKey"]["_id"])
        if told[1] == HEARTBEATS:
            return Change(*told, event["operationType"], written_at(event))
        return Entry(*told, "insert", written_at(event), written=event["fullDocument"])
