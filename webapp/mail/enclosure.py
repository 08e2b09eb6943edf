"""What a mail brings along beside its words: files, and slips with a picture each, such as tickets."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class File:
    """A file of some kind, `text/calendar` for one."""

    name: str
    kind: str
    content: bytes = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slip:
    """A block of a mail: what it says, a link, and a picture (PNG) that is sent with the mail."""

    title: str
    lines: tuple[str, ...]
    label: str
    link: str = field(repr=False)
    picture: bytes = field(repr=False, default=b"")
    picture_says: str = ""


@dataclass(frozen=True)
class Enclosure:
    """All that a mail brings along; `links` are pairs of a label and an address."""

    files: tuple[File, ...] = ()
    slips: tuple[Slip, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


NOTHING = Enclosure()
