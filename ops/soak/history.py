"""The log against the database's own history: every change once, in order, under the id of its cluster time."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from bson import Timestamp
from pymongo import MongoClient
from redis import Redis

from realtime.change import Change, Position
from realtime.shared import Epoch
from webapp.change_stream import UNWATCHED

Document = dict[str, Any]
KINDS = {"i": "insert", "u": "update", "d": "delete"}
AT_ONCE = 5_000


def differences(redis_url: str, mongodb_uri: str, database: str) -> tuple[int, list[str]]:
    """How many entries the log has, and what is wrong with them."""
    with Redis.from_url(redis_url) as redis:
        keys = list(redis.scan_iter("turnout:*:log"))
        if not keys:
            return 0, []
        log = _log(redis, keys[0])
        named: Any = redis.get(keys[0].replace(b":log", b":epoch")) or b""
        epoch = Epoch(named.decode())
        info: Any = redis.xinfo_stream(keys[0])
        is_trimmed = info["entries-added"] > len(log)
    if not log:
        return 0, []
    first = log[0].id if is_trimmed else epoch.base
    history = _oplog(mongodb_uri, database, first, log[-1].id)
    return len(log), _compared(log, [one for one in history if one.id >= first])


def _log(redis: Redis, key: bytes) -> list[Change]:
    found: list[Change] = []
    while True:
        entries: Any = redis.xrange(key, min=f"({found[-1].id}" if found else "-", count=AT_ONCE)
        if not entries:
            return found
        found += [Change.from_json(Position.parse(at.decode()), fields[b"c"]) for at, fields in entries]


def _oplog(uri: str, database: str, first: Position, last: Position) -> list[Change]:
    span = {"ts": {"$gte": _timestamp(first), "$lte": _timestamp(last)}}
    with MongoClient[Document](uri, serverSelectionTimeoutMS=20_000) as client:
        entries = client.local["oplog.rs"].find(span).sort("$natural", 1)
        return [change for entry in entries for change in _changes(entry, f"{database}.")]


def _changes(entry: Document, prefix: str) -> Iterable[Change]:
    """Those of one entry of the oplog, which for a transaction holds many."""
    silent = {f"{prefix}{collection}" for collection in UNWATCHED}
    operations = entry["o"].get("applyOps", []) if entry["op"] == "c" else [entry]
    ours = [
        one for one in operations if one["ns"].startswith(prefix) and one["op"] in KINDS and one["ns"] not in silent
    ]
    time = entry["ts"].time << 32 | entry["ts"].inc
    for part, one in enumerate(ours, 1):
        document = one["o2"]["_id"] if one["op"] == "u" else one["o"]["_id"]
        kind = "replace" if one["op"] == "u" and "_id" in one["o"] else KINDS[one["op"]]
        yield Change(Position(time, part), one["ns"].removeprefix(prefix), str(document), kind, 0.0)


def _compared(log: list[Change], history: list[Change]) -> list[str]:
    ids = [change.id for change in log]
    wrong = [f"{after} comes after {before}" for before, after in pairwise(ids) if after <= before]
    logged, happened = {_facts(change) for change in log}, {_facts(change) for change in history}
    wrong += [f"{missing} is not in the log" for missing in sorted(happened - logged)]
    wrong += [f"{invented} is in the log and never happened" for invented in sorted(logged - happened)]
    return wrong


def _facts(change: Change) -> tuple[Position, str, str, str]:
    return change.id, change.collection, change.document, change.kind


def _timestamp(position: Position) -> Timestamp:
    return Timestamp(position.time >> 32, position.time & 0xFFFFFFFF)
