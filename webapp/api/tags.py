"""ETags: which version of a resource somebody has. `"EDIT.WHOLE"`: what an edit is made for, and all that was sent.

Figures that change by themselves, such as places left, are in the second part alone: they make a kept copy old, and
no edit void.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quart import Response, request

from webapp.errors import Changed, EditedMeanwhile, MatchMissing

NOT_THIS_VERSION = "This was changed since you read it. Read it again and send the new ETag in If-Match."
TAG = re.compile(r'"([^"]*)"')


def edit_of(values: Mapping[str, Any]) -> str:
    """The first part of a tag for what has no version of its own: a digest of what can be edited."""
    return _digest(json.dumps(values, default=str, sort_keys=True).encode())


def tag(edit: str, body: bytes) -> str:
    """A whole tag, without its quotes."""
    return f"{edit}.{_digest(body)}"


def expect(edit: str) -> None:
    """Lets an edit go on that was made for this version. Raises MatchMissing and Changed."""
    if "If-Match" not in request.headers:
        raise MatchMissing("Send the ETag of the version that you edit in the header If-Match.")
    expect_if_given(edit)


def expect_if_given(edit: str) -> None:
    """The same where a request need not say which version it is for. Raises Changed."""
    given = request.headers.get("If-Match", "*").strip()
    # A proxy that compresses makes a tag weak; it still names the version.
    if given != "*" and edit not in {one.partition(".")[0] for one in TAG.findall(given)}:
        raise Changed(NOT_THIS_VERSION)


@contextmanager
def of_one_version() -> Iterator[None]:
    """For an edit that looks once more while it writes: somebody who was quicker by an instant is 412 too."""
    try:
        yield
    except EditedMeanwhile:
        raise Changed(NOT_THIS_VERSION) from None


def conditional(response: Response, tagged: str) -> Response:
    """The response with its tag, or 304 where the asker has it already."""
    response.headers["ETag"] = f'"{tagged}"'
    if request.method in {"GET", "HEAD"} and request.if_none_match.contains_weak(tagged):
        response.status_code = 304
        response.set_data(b"")
    return response


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
