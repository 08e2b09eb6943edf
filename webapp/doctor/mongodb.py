"""The database: a replica set with a primary, in time, with its schema and every index, enough history and disk."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

import webapp.app  # noqa: F401 - every store declares what it keeps
from webapp import database
from webapp.doctor import changes, schema
from webapp.doctor.finding import Finding, well, wrong
from webapp.errors import Misconfigured
from webapp.settings import Settings

OLDEST = (6, 0)
SKEW = timedelta(seconds=2)
SHORTEST = timedelta(hours=24)
LEAST_FREE = 0.1
Client = MongoClient[dict[str, Any]]


def check(given: Settings, now: datetime) -> Iterator[Finding]:
    """Findings about MongoDB; the first that makes the others pointless is the last."""
    try:
        database.check(given.mongodb_uri)
    except Misconfigured as problem:
        what, _, cure = str(problem).rstrip(".").partition("; ")
        yield wrong(what, cure or "correct MONGODB_URI")
        return
    with Client(given.mongodb_uri, serverSelectionTimeoutMS=5_000, socketTimeoutMS=5_000, tz_aware=True) as client:
        try:
            yield from _checked(client, given.database, now)
        except PyMongoError as error:
            yield wrong("MongoDB stopped answering", f"look into its log ({type(error).__name__})")


def _checked(client: Client, name: str, now: datetime) -> Iterator[Finding]:
    hello = client.admin.command("hello")
    if not hello.get("isWritablePrimary"):
        yield wrong("MongoDB has no primary", "see rs.status(): a majority of the members has to be up")
        return
    yield well(f"MongoDB is the replica set {hello['setName']} with a primary")
    yield _version(client.server_info()["version"])
    yield _clock(now, hello["localTime"].replace(tzinfo=UTC))
    yield schema.check(client[name])
    yield _kept(client[name])
    yield from changes.check(client[name])
    yield from _history(client)
    yield from _disk(client[name])


def _version(version: str) -> Finding:
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return wrong(f"MongoDB is {version}", "upgrade to 6.0 or newer, which keeps documents from before a change")
    return well(f"MongoDB is {version}")


def _clock(now: datetime, theirs: datetime) -> Finding:
    skew = now - theirs
    if abs(skew) > SKEW:
        seconds = skew.total_seconds()
        side = "ahead of" if seconds > 0 else "behind"
        cure = "let both machines follow NTP; offers and sign-ins end by the clock"
        return wrong(f"This clock is {abs(seconds):,.0f} s {side} MongoDB's", cure)
    return well("This clock agrees with MongoDB's")


def _kept(db: Any) -> Finding:
    missing = list(database.missing(db))
    if missing:
        return wrong(f"Missing in {db.name}: {', '.join(missing)}", "start Turnout once, it creates them")
    return well(f"{db.name} has every collection, index and image that the stores declare")


def _history(client: Client) -> Iterator[Finding]:
    oplog = client.local["oplog.rs"]
    try:
        ends = [oplog.find_one(sort=[("$natural", way)], projection={"ts": 1}) for way in (1, -1)]
        stats = client.local.command("collStats", "oplog.rs")
    except OperationFailure:
        yield well("How far the oplog reaches back may not be asked with this sign-in")
        return
    if not ends[0] or not ends[1]:
        return
    reach = timedelta(seconds=ends[1]["ts"].time - ends[0]["ts"].time)
    is_full = stats["size"] > 0.9 * stats.get("maxSize", float("inf"))
    if is_full and reach < SHORTEST:
        hours = reach.total_seconds() / 3600
        cure = "enlarge it (replSetResizeOplog): who was away for longer has to draw everything anew"
        yield wrong(f"The oplog reaches back {hours:.1f} hours", cure)
    else:
        yield well("The oplog reaches back a day, or is not full yet")


def _disk(db: Any) -> Iterator[Finding]:
    stats = db.command("dbStats")
    if "fsTotalSize" in stats:
        free = 1 - stats["fsUsedSize"] / stats["fsTotalSize"]
        if free < LEAST_FREE:
            yield wrong(f"MongoDB's disk is {1 - free:.0%} full", "enlarge it before MongoDB stops")
        else:
            yield well(f"MongoDB's disk is {1 - free:.0%} full")


def now() -> datetime:
    return datetime.now(UTC)
