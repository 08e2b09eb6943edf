"""What one request has caused so far, for its line in the log; it goes with the request into threads and tasks."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field

FITTING = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True, slots=True)
class Spent:
    """A command of MongoDB: when it had ended, by the unix clock, and how many seconds it took."""

    command: str
    collection: str
    ended: float
    seconds: float


@dataclass(slots=True)
class Trace:
    """A request's id, and what it asked of MongoDB.

    `changed` is the cluster time of its last write, as changes in the log begin: so a request is found in
    `XRANGE <log>`, in the change feed and in the frame that brought it to a screen.
    """

    id: str
    commands: int = 0
    database_seconds: float = 0.0
    changed: str = ""
    spent: list[Spent] = field(default_factory=list)


current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(given: str = "") -> Trace:
    """The trace of a request that begins; a trusted proxy may have given its id."""
    trace = Trace(given if FITTING.fullmatch(given) else secrets.token_hex(8))
    current.set(trace)
    return trace
