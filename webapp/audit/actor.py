"""Who does something, from where and by which way; what every domain call that changes something is given as `by=`."""

from dataclasses import dataclass
from enum import StrEnum


class Via(StrEnum):
    """By which way something was done."""

    PAGE = "page"
    API = "api"
    DEVICE = "device"
    IMPORT = "import"
    COMMAND = "command"
    CLOCK = "clock"


@dataclass(frozen=True)
class Actor:
    """Somebody, or with no `person_id` something, that changes what is kept; `address` is where a request came from."""

    person_id: str
    name: str
    address: str = ""
    via: Via = Via.PAGE


CLOCK = Actor("", "The clock", via=Via.CLOCK)


def command(name: str) -> Actor:
    """Whoever runs a command where Turnout is installed."""
    return Actor("", name, via=Via.COMMAND)
