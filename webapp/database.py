"""The only door to MongoDB. Every read is a majority read on the primary, every write a majority write."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import IndexModel, MongoClient, ReadPreference, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

from webapp.errors import Misconfigured
from webapp.observing.commands import listeners

__all__ = [
    "BulkWriteError",
    "Database",
    "DuplicateKeyError",
    "IndexModel",
    "PyMongoError",
    "Session",
    "connect",
    "db",
    "new_id",
]

Document = dict[str, Any]
Database = AsyncIOMotorDatabase
Session = AsyncIOMotorClientSession
T = TypeVar("T")

# A hung primary is noticed in seconds, not in the driver's half minute.
TIMEOUTS = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 2_000, "socketTimeoutMS": 4_000}
OPTIONS: Document = {"tz_aware": True, "uuidRepresentation": "standard", "maxPoolSize": 50, **TIMEOUTS}
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

_indexes: dict[str, list[IndexModel]] = {}
_imaged: set[str] = set()
_current: list[Database] = []
_caught_up: set[Any] = set()


def connect(uri: str, name: str, *, is_patient: bool = False) -> Database:
    """Makes this database the one that `db()` answers with. Nothing is sent yet.

    One that is patient waits for its answers as long as they take, such as for an index of millions of documents.
    """
    options = {**OPTIONS, "socketTimeoutMS": 0} if is_patient else OPTIONS
    try:
        client: Any = AsyncIOMotorClient(
            uri, io_loop=asyncio.get_running_loop(), event_listeners=listeners(), **options
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise Misconfigured(f"MONGODB_URI is not a MongoDB address: {error}") from None
    database: Database = client.get_database(
        name,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", wtimeout=10_000),
        read_preference=ReadPreference.PRIMARY,
    )
    _current.append(database)
    _caught_up.clear()
    return database


@contextmanager
def connected(uri: str, name: str, *, is_patient: bool = False) -> Iterator[Database]:
    """Connected for as long as the block runs, as `connect` does. Raises Misconfigured."""
    database = connect(uri, name, is_patient=is_patient)
    try:
        yield database
    finally:
        close()


def db() -> Database:
    """The database connected last; collections are its attributes."""
    return _current[-1]


def close() -> None:
    """Ends the connections of the last `connect`; what was connected before is connected again."""
    _current.pop().client.close()


def keep(collection: str, *indexes: IndexModel, images: bool = False) -> None:
    """Declares a collection, its indexes and whether changes carry the document before and after.

    Images are needed where a region watches the collection by a field other than `_id`.
    """
    _indexes.setdefault(collection, []).extend(indexes)
    if images:
        _imaged.add(collection)


async def prepare() -> None:
    """Creates what the stores declared. Safe to run on every start and from several processes at once.

    Readers and writers go on meanwhile; what is there already is not touched, since even that would wait for them.
    """
    there = {one["name"]: one async for one in await db().list_collections()}
    for name, indexes in _indexes.items():
        if name not in there:
            await _create(name)
        if name in _imaged and not _has_images(there.get(name, {})):
            await db().command("collMod", name, changeStreamPreAndPostImages={"enabled": True})
        if indexes:
            await db()[name].create_indexes(indexes)


async def lacks() -> list[str]:
    """What `prepare` would create."""
    there = {one["name"]: one async for one in await db().list_collections()}
    kept = {name: set(await db()[name].index_information()) for name in _indexes if name in there}
    return list(_lacking(there, kept))


def missing(database: Any) -> Iterator[str]:
    """What the stores declared and this database, of a client that does not wait in a loop, does not have."""
    there = {one["name"]: one for one in database.list_collections()}
    kept = {name: set(database[name].index_information()) for name in _indexes if name in there}
    yield from _lacking(there, kept)


def _lacking(there: Mapping[str, Mapping[str, Any]], kept: Mapping[str, set[str]]) -> Iterator[str]:
    for name, indexes in _indexes.items():
        if name not in there:
            yield name
            continue
        wanted = (index.document["name"] for index in indexes)
        yield from (f"{name}.{index}" for index in wanted if index not in kept[name])
        if name in _imaged and not _has_images(there[name]):
            yield f"images of {name}"


def _has_images(collection: Mapping[str, Any]) -> bool:
    return bool(collection.get("options", {}).get("changeStreamPreAndPostImages", {}).get("enabled"))


async def _create(name: str) -> None:
    try:
        await db().create_collection(name)
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists: another process was first
            raise


async def expire(collection: str, field: str, seconds: int) -> None:
    """Has documents go `seconds` after the date in `field`; those that have none stay."""
    try:
        await db()[collection].create_index(field, expireAfterSeconds=seconds)
    except OperationFailure as error:
        if error.code not in {85, 86}:  # IndexOptionsConflict, IndexKeySpecsConflict: there, with another time
            raise
        index = {"keyPattern": {field: 1}, "expireAfterSeconds": seconds}
        await db().command("collMod", collection, index=index)


async def expire_no_more(collection: str, field: str) -> None:
    """Takes back what `expire` did, also by an older copy of this program."""
    name = f"{field}_1"
    if "expireAfterSeconds" in (await db()[collection].index_information()).get(name, {}):
        await db()[collection].drop_index(name)


async def transaction(work: Callable[[Session], Awaitable[T]]) -> T:
    """Runs `work(session)` in one transaction, again when MongoDB says it may be repeated."""
    async with await db().client.start_session() as session:
        return await session.with_transaction(work)


async def attempt(work: Callable[[Session], Awaitable[T]]) -> T:
    """Runs `work(session)` in one transaction, once; it may be written although an error says otherwise."""
    async with await db().client.start_session() as session, session.start_transaction():
        return await work(session)


def is_passing(error: PyMongoError) -> bool:
    """Whether the same may succeed a moment later: another writer, or a server that is away."""
    labels = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
    return isinstance(error, ConnectionFailure) or any(error.has_error_label(label) for label in labels)


async def snapshot() -> Session:
    """A session in which everything is read as it was at one instant."""
    client: Any = db().client
    session: Session = await client.start_session(snapshot=True)
    return session


async def end_abandoned(seconds: float) -> int:
    """Ends transactions that have been idle and open for so long; says how many.

    A worker that is killed leaves its own behind, and MongoDB keeps what it wrote locked for a minute.
    """
    idle = {"type": "idleSession", "transaction.timeOpenMicros": {"$gt": int(seconds * 1e6)}}
    stages: list[Document] = [{"$currentOp": {"idleSessions": True}}, {"$match": idle}]
    admin = db().client.admin
    found = await admin.aggregate(stages).to_list(None)
    if found:
        sessions = [{"id": one["lsid"]["id"]} for one in found]
        await admin.command("killSessions", sessions, codec_options=db().codec_options)
    return len(found)


async def standing() -> Any:
    """The election that made the primary of now, once that primary shows all that those before it did.

    None while no primary is known.

    A new primary does not know at once how much of its own history the majority has: what it reads may go back.
    """
    election = _election()
    if election is not None and election not in _caught_up:
        async with await db().client.start_session() as session:
            # The newest write there is on this primary, and then a majority read that waits for it.
            await db().command("ping", session=session)
            await db()["heartbeats"].find_one({}, session=session)
        _caught_up.add(election)
    return election


def _election() -> Any:
    client: Any = db().client
    known = client.delegate.topology_description.server_descriptions().values()
    # What speaks the protocol without elections is known by its address.
    return next((server.election_id or server.address for server in known if server.is_writable), None)


def new_id() -> str:
    """Sixteen characters that nobody can guess (80 bits), fit for a URL and a DOM id."""
    bits = secrets.randbits(80)
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(0, 80, 5))


def check(uri: str) -> None:
    """Raises Misconfigured unless a replica set with a primary answers at `uri`."""
    try:
        with MongoClient[Document](uri, serverSelectionTimeoutMS=5_000) as client:
            hello = client.admin.command("hello")
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise Misconfigured(f"MONGODB_URI is not a MongoDB address: {error}") from None
    except OperationFailure as error:
        raise Misconfigured(
            f"MongoDB refused the sign-in of MONGODB_URI: {error.details and error.details.get('errmsg')}"
        ) from None
    except PyMongoError:
        raise Misconfigured("MongoDB does not answer at MONGODB_URI; start it, or correct the address.") from None
    if "setName" not in hello:
        raise Misconfigured(
            "The MongoDB at MONGODB_URI is not a replica set, and Turnout needs change streams; "
            "start mongod with --replSet and run rs.initiate() once."
        )


def make_primary(port: int) -> None:
    """Makes the mongod on this port of this machine a replica set of one, also when it had another port before."""
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    with MongoClient[Document]("127.0.0.1", port, directConnection=True) as client:
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure:
            client.admin.command("replSetInitiate", {"_id": "turnout", "members": [member]})
        else:
            if config["members"][0]["host"] != member["host"]:
                config["members"], config["version"] = [member], config["version"] + 1
                client.admin.command("replSetReconfig", config, force=True)
        _wait_until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]))


def _wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > until:
            raise Misconfigured("The embedded mongod did not become a primary; see var/mongod.log.")
        time.sleep(0.05)
