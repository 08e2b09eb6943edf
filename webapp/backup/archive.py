"""The file of a backup: gzip around frames, each a sign and a BSON document, which says its own length.

`H` begins with who made it, `C` begins a collection, `D` is a document of it, `E` ends it with their number and their
SHA-256, `Z` ends the file. What has no `Z` was not finished.
"""

import gzip
import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import bson
from pydantic import BaseModel, ConfigDict

from webapp.errors import Misconfigured

Document = dict[str, Any]
Collections = Iterable[tuple[str, Iterable[bytes]]]

FORMAT = 1
LARGEST = 48 * 2**20
"""More than any document of MongoDB; a length above is no length."""


class Head(BaseModel):
    """What a backup says of itself. `secret` names the secret that sealed what is in it, and does not tell it."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    version: str
    schema_number: int
    schema_runs_from: int
    at: datetime
    secret: str


def write(to: BinaryIO, head: Head, collections: Collections) -> dict[str, int]:
    """Writes an archive; answers how many documents of each collection there are."""
    counts = {}
    with gzip.GzipFile(fileobj=to, mode="wb", compresslevel=6, mtime=0) as file:
        _put(file, b"H", bson.encode(head.model_dump()))
        for name, batches in collections:
            _put(file, b"C", bson.encode({"name": name}))
            counts[name], told = 0, hashlib.sha256()
            for document in _documents(batches):
                _put(file, b"D", document)
                told.update(document)
                counts[name] += 1
            _put(file, b"E", bson.encode({"name": name, "count": counts[name], "sha256": told.digest()}))
        _put(file, b"Z", bson.encode({"collections": len(counts)}))
    return counts


def head_of(file: Path) -> Head:
    """Who made an archive, and when. Raises Misconfigured when it is none."""
    sign, first = next(_frames(file), (b"", b""))
    try:
        return Head.model_validate({**bson.decode(first), "at": bson.decode(first)["at"].replace(tzinfo=UTC)})
    except Exception:
        raise _damaged(file, f"it begins with {sign!r}") from None


def read(file: Path) -> Iterator[tuple[str, bytes]]:
    """Each document as its collection and its bytes. Raises Misconfigured where the file is damaged."""
    name, count, told, sign = "", 0, hashlib.sha256(), b""
    for sign, body in _frames(file):
        if sign == b"C":
            name, count, told = bson.decode(body)["name"], 0, hashlib.sha256()
        elif sign == b"D":
            count += 1
            told.update(body)
            yield name, body
        elif sign == b"E" and bson.decode(body) != {"name": name, "count": count, "sha256": told.digest()}:
            raise _damaged(file, f"{name} is not what was written")
    if sign != b"Z":
        raise _damaged(file, "it ends too early")


def check(file: Path) -> dict[str, int]:
    """Reads it all; answers how many documents of each collection there are. Raises Misconfigured."""
    counts: dict[str, int] = {}
    for name, _ in read(file):
        counts[name] = counts.get(name, 0) + 1
    return counts


def _frames(file: Path) -> Iterator[tuple[bytes, bytes]]:
    try:
        with gzip.open(file, "rb") as opened:
            while sign := opened.read(1):
                length = opened.read(4)
                yield sign, _body(length, opened)
    except FileNotFoundError:
        raise Misconfigured(f"There is no file {file}.") from None
    except (OSError, EOFError, struct.error, bson.InvalidBSON, ValueError) as error:
        raise _damaged(file, str(error) or "it ends too early") from None


def _body(length: bytes, opened: gzip.GzipFile) -> bytes:
    (size,) = struct.unpack("<i", length)
    body = length + opened.read(size - 4) if 5 <= size <= LARGEST else b""
    if len(body) != size:
        raise EOFError
    return body


def _documents(batches: Iterable[bytes]) -> Iterator[bytes]:
    for batch in batches:
        at = 0
        while at < len(batch):
            (size,) = struct.unpack_from("<i", batch, at)
            yield batch[at : at + size]
            at += size


def _put(file: gzip.GzipFile, sign: bytes, body: bytes) -> None:
    file.write(sign + body)


def _damaged(file: Path, why: str) -> Misconfigured:
    return Misconfigured(f"{file} is no whole backup ({why}); nothing was changed. Take another one.")
