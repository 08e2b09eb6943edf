"""The pack: what the phones of a check-in list need to go on without network. It opens ticket by ticket, with the code.

Records are kept in buckets, each with a digest: a phone is sent the buckets that differ from its own, in parts, by
whatever worker, and nothing has to be remembered of what a phone was sent before. Rules only.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

DIGEST_BYTES = 4
FEW, MANY, FULL = 1024, 8192, 20
"""How many buckets there are: the larger number where the smaller would come to more than so many records in each.

A check-in changes one bucket, and a phone says all digests each time, so both cost when there are too few or too many.
"""

PART_BYTES = 2**20
"""What a phone is sent at once: 4,400 records, a few seconds on a bad line."""


@dataclass(frozen=True)
class Pack:
    """The records of a list's tickets, bucket by bucket, each bucket in the order of its ids."""

    about: Mapping[str, Any]
    buckets: Sequence[bytes]

    @cached_property
    def digests(self) -> bytes:
        return digests(self.buckets)

    @cached_property
    def etag(self) -> str:
        said = json.dumps(self.about, sort_keys=True).encode() + self.digests
        return hashlib.sha256(said).hexdigest()[:32]

    def differing(self, have: bytes) -> list[int]:
        """The buckets that whoever has these digests is missing; all that are not empty for who has none."""
        theirs = have if len(have) == len(self.digests) else digests([b""] * len(self.buckets))
        return [at for at in range(len(self.buckets)) if _of(theirs, at) != _of(self.digests, at)]

    def part(self, have: bytes, more: Mapping[str, Any]) -> bytes:
        """What a phone is sent: the length of a head, the head as JSON with `more`, then whole buckets.

        What does not fit is `left`, in bytes; until nothing is, the phone has no pack that the etag could name.
        """
        differing = self.differing(have)
        sent = differing[: self._fitting(differing)]
        left = sum(len(self.buckets[at]) for at in differing[len(sent) :])
        sizes = {"spread": len(self.buckets), "bytes": sum(map(len, self.buckets)), "left": left}
        listed = [[at, len(self.buckets[at]), _of(self.digests, at).hex()] for at in sent]
        etag = "" if left else self.etag
        head = json.dumps({**self.about, **more, **sizes, "etag": etag, "buckets": listed}).encode()
        return len(head).to_bytes(4) + head + b"".join(self.buckets[at] for at in sent)

    def _fitting(self, places: Sequence[int]) -> int:
        """How many of these go into a part: one at least."""
        size = 0
        for number, at in enumerate(places):
            size += len(self.buckets[at])
            if size > PART_BYTES and number:
                return number
        return len(places)


def packed(about: Mapping[str, Any], records: Iterable[bytes]) -> Pack:
    """The pack of these records; the first two bytes of a record's id say in which bucket it is."""
    records = list(records)
    spread = FEW if len(records) <= FEW * FULL else MANY
    sorted_in: list[list[bytes]] = [[] for _ in range(spread)]
    for record in records:
        sorted_in[int.from_bytes(record[:2]) % spread].append(record)
    made = Pack(about, [b"".join(sorted(one)) for one in sorted_in])
    assert made.etag  # noqa: S101 - hashed here, in a thread, and not when the first phone asks
    return made


def digests(buckets: Iterable[bytes]) -> bytes:
    """The digests of buckets, one after the other."""
    return b"".join(hashlib.sha256(one).digest()[:DIGEST_BYTES] for one in buckets)


def _of(all_digests: bytes, at: int) -> bytes:
    return all_digests[at * DIGEST_BYTES :][:DIGEST_BYTES]
