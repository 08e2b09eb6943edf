"""Takes a backup of a database while others write, and puts one into an empty database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from realtime.source import HEARTBEATS
from webapp.backup import archive
from webapp.backup.archive import Head
from webapp.errors import Misconfigured
from webapp.migrations.lock import COLLECTION as SCHEMA
from webapp.migrations.migration import Schema, due
from webapp.migrations.steps import STEPS
from webapp.migrations.store import KEY, RESTORING
from webapp.version import VERSION
from webapp.walls import sealing

Client = MongoClient[Any]
AT_ONCE = 1_000
LEFT_OUT = {HEARTBEATS}
"""What says only that somebody is alive just now."""

SNAPSHOT_TOO_OLD = 239


def take(client: Client, name: str, to: BinaryIO) -> dict[str, int]:
    """Writes what the database has at one instant; answers how many documents of each collection.

    Raises Misconfigured when MongoDB forgets that instant before all is read.
    """
    names = sorted(set(client[name].list_collection_names(filter={"type": "collection"})) - LEFT_OUT)
    with client.start_session(snapshot=True) as session:
        kept = client[name][SCHEMA].find_one({"_id": KEY}, session=session)
        schema = Schema.model_validate(kept or {})
        head = Head(
            version=VERSION,
            schema_number=schema.number,
            schema_runs_from=schema.runs_from,
            at=datetime.now(UTC),
            secret=sealing.mark(),
        )
        try:
            return archive.write(to, head, ((one, _batches(client, name, one, session)) for one in names))
        except OperationFailure as error:
            if error.code != SNAPSHOT_TOO_OLD:
                raise
            raise Misconfigured(
                "MongoDB no longer has the instant at which this backup began; raise its parameter "
                "minSnapshotHistoryWindowInSeconds above the time that a backup takes, or snapshot its volume."
            ) from None


def put_back(client: Client, name: str, file: Path, *, replaces: bool) -> dict[str, int]:
    """Puts an archive into the database, which has to be empty or is emptied; indexes and migrations come after.

    Answers how many documents of each collection there are. Raises Misconfigured before anything is changed.
    """
    counts, head = archive.check(file), archive.head_of(file)
    due(STEPS, Schema(number=head.schema_number, runs_from=head.schema_runs_from, version=head.version))
    if not replaces and _has_anything(client, name):
        raise Misconfigured(f"{name} is not empty; add --replace to delete what is in it, or name another database.")
    if replaces:
        client.drop_database(name)
    database = client.get_database(name, write_concern=WriteConcern("majority"))
    database[SCHEMA].insert_one({"_id": RESTORING, "at": datetime.now(UTC)})
    for collection, documents in groupby(archive.read(file), key=lambda one: one[0]):
        while some := [RawBSONDocument(body) for _, body in islice(documents, AT_ONCE)]:
            database[collection].insert_many(some, ordered=False)
    database[SCHEMA].delete_many({"_id": {"$regex": "^lock "}})
    database[SCHEMA].delete_one({"_id": RESTORING})
    return counts


def _has_anything(client: Client, name: str) -> bool:
    names = set(client[name].list_collection_names()) - LEFT_OUT
    return any(client[name][one].find_one({}, {"_id": 1}) for one in names)


def _batches(client: Client, name: str, collection: str, session: ClientSession) -> Iterator[bytes]:
    found = client.get_database(name, read_preference=ReadPreference.PRIMARY, read_concern=ReadConcern())[collection]
    yield from found.find_raw_batches({}, session=session, batch_size=AT_ONCE)
