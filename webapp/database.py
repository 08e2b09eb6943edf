"""The only door to MongoDB. Every read is a majority read on the primary, every write a majority write."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import IndexModel, MongoClient, ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError, DuplicateKeyError, InvalidURI, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from webapp.errors import Misconfigured

__all__ = ["Database", "DuplicateKeyError", "IndexModel", "PyMongoError", "Session", "connect", "db", "new_id"]

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


def connect(uri: str, name: str) -> Database:
    """Makes this database the one that `db()` answers with. Nothing is sent yet."""
    try:
        client: Any = AsyncIOMotorClient(uri, io_loop=asyncio.get_running_loop(), **OPTIONS)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise Misconfigured(f"MONGODB_URI is not a MongoDB address: {error}") from None
    database: Database = client.get_database(
        name,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", wtimeout=10_000),
        read_preference=ReadPreference.PRIMARY,
    )
    _current[:] = [database]
    _caught_up.clear()
    return database


def db() -> Database:
    """The connected database; collections are its attributes."""
    return _current[0]


def close() -> None:
    """Ends the connections of `connect`."""
    while _current:
        _current.pop().client.close()


def keep(collection: str, *indexes: IndexModel, images: bool = False) -> None:
    """Declares a collection, its indexes and whether changes carry the document before and after.

    Images are needed where a region watches the collection by a field other than `_id`.
    """
    _indexes.setdefault(collection, []).extend(indexes)
    if images:
        _imaged.add(collection)


async def prepare() -> None:
    """Creates what the stores declared. Safe to run on every start and from several processes at once."""
    there = set(await db().list_collection_names())
    for name, indexes in _indexes.items():
        if name not in there:
            await _create(name)
        if name in _imaged:
            await db().command("collMod", name, changeStreamPreAndPostImages={"enabled": True})
        if indexes:
            await db()[name].create_indexes(indexes)


async def _create(name: str) -> None:
    try:
        await db().create_collection(name)
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists: another process was first
            raise


async def transaction(work: Callable[[Session], Awaitable[T]]) -> T:
    """Runs `work(session)` in one transaction, again when MongoDB says it may be repeated."""
    async with await db().client.start_session() as session:
        return await session.with_transaction(work)


async def standing() -> Any:
    """The election that made the primary of now, once that primary shows all that those before it did.

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
    return next((server.election_id for server in known if server.is_writable), None)


def new_id() -> str:
    """Sixteen characters that nobody can guess (80 bits), fit for a URL and a DOM id."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


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
