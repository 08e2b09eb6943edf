"""What can be had just now, as a page shows it: places left per ticket type, and who waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp import when
from webapp.places.standing import Line
from webapp.ticket_types.ticket_type import Pool, Sale, TicketType

FEW = 10


@dataclass(frozen=True)
class Seats:
    """A ticket type with what is left of it; `left` is None without a limit."""

    kind: TicketType
    left: int | None
    waiting: int
    zone: str = "UTC"

    @property
    def opens(self) -> datetime | None:
        """When it opens, on the clock of the event."""
        return when.wall(self.kind.opens_at, self.zone) if self.kind.opens_at else None

    @property
    def is_open(self) -> bool:
        return self.kind.sale is Sale.OPEN

    @property
    def is_sold_out(self) -> bool:
        """Whoever comes now stands in line: nothing is left, or what is left is for those who wait."""
        return self.waiting > 0 or (self.left is not None and self.left < self.kind.least)

    @property
    def most(self) -> int:
        """How many one can pick; in line, as many as one would have picked."""
        if self.left is None or self.is_sold_out:
            return self.kind.most
        return min(self.kind.most, self.left)

    @property
    def are_few(self) -> bool:
        return self.left is not None and self.left <= FEW


def seats(types: Sequence[TicketType], pools: Sequence[Pool], lines: Mapping[str, Line], zone: str) -> list[Seats]:
    """Every ticket type with what is left of it."""
    lefts = {pool.id: pool.left for pool in pools}
    return [Seats(kind, _least(lefts.get(pool) for pool in kind.pools), _waiting(lines, kind), zone) for kind in types]


@dataclass(frozen=True)
class Glance:
    """How an event stands in a list: sold out, or little left. A number is None where types share no one number."""

    is_sold_out: bool
    left: int | None = None
    waiting: int | None = None


def glance(shown: Sequence[Seats]) -> Glance | None:
    """What a list says of an event to somebody without a code; None while enough is left, or nothing can be had."""
    offered = [one for one in shown if one.is_open and not one.kind.is_hidden]
    to_have = [one for one in offered if not one.is_sold_out]
    if offered and not to_have:
        # One who waits for two ticket types is in two lines: their lengths are not added up.
        return Glance(is_sold_out=True, waiting=offered[0].waiting if len(offered) == 1 else None)
    if not to_have or not all(one.are_few for one in to_have):
        return None
    is_of_same_pools = len({tuple(sorted(one.kind.pools)) for one in to_have}) == 1
    return Glance(is_sold_out=False, left=to_have[0].left if is_of_same_pools else None)


def _least(lefts: Iterable[int | None]) -> int | None:
    limits = [left for left in lefts if left is not None]
    return max(0, min(limits)) if limits else None


def _waiting(lines: Mapping[str, Line], kind: TicketType) -> int:
    return lines[kind.id].entries if kind.id in lines else 0
