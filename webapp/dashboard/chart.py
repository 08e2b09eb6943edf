"""Where the lines and bars of a chart stand, in a box that the page stretches; the words beside it. Rules only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 1000, 240
NICE, NICER = (1, 2, 4, 6, 8, 10), (1, 2, 3, 4, 5, 6, 8, 10)
LABELS = 4
Point = tuple[datetime, int]


@dataclass(frozen=True)
class Bar:
    """A rectangle, and what it stands for."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """A chart: `line` and `area` are SVG paths, `ticks` from the top down, `labels` from left to right.

    `rows` say the same in a table, the latest first: when, and how many.
    """

    ticks: Sequence[int]
    labels: Sequence[str]
    rows: Sequence[tuple[str, int]]
    bars: Sequence[Bar] = ()
    line: str = ""
    area: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.rows


def top_of(most: int) -> int:
    """A round number that is at least as much; half of it is whole, unless it is one."""
    scale = 1
    while most > 10 * scale:
        scale *= 10
    return next(nice * scale for nice in (NICE if scale == 1 else NICER) if nice * scale >= most)


def bars(
    counted: Sequence[Point], *, until: datetime, count: int, step: timedelta, shown: Callable[[datetime], str]
) -> Chart:
    """One bar for each of the last `count` steps; `counted` holds those in which something happened."""
    begins_at = until - step * (count - 1)
    within = [(at, value) for at, value in counted if at >= begins_at and value > 0]
    top, width = top_of(max([value for _, value in within], default=1)), WIDTH / count
    found = [
        Bar(
            round((at - begins_at) / step * width + width * 0.12, 2),
            _y(value, top),
            round(width * 0.76, 2),
            _h(value, top),
        )
        for at, value in within
    ]
    rows = [(shown(at), value) for at, value in reversed(within)]
    return Chart(_ticks(top), _labels(begins_at, until, shown), rows, bars=found)


def steps(points: Sequence[Point], *, shown: Callable[[datetime], str]) -> Chart:
    """A line that stays level until the next point."""
    if not points:
        return Chart(_ticks(1), (), ())
    begins_at, until = points[0][0], points[-1][0]
    top, length = top_of(max(1, *(value for _, value in points))), max(until - begins_at, timedelta(minutes=1))
    line = f"M0 {_y(points[0][1], top)}"
    for at, value in points[1:]:
        line += f"H{round((at - begins_at) / length * WIDTH, 1)}V{_y(value, top)}"
    line += f"H{WIDTH}"
    rows = [(shown(at), value) for at, value in reversed(points)]
    area = f"{line}V{HEIGHT}H0Z"
    return Chart(_ticks(top), _labels(begins_at, begins_at + length, shown), rows, line=line, area=area)


def _y(value: int, top: int) -> float:
    return round(HEIGHT * (1 - value / top), 1)


def _h(value: int, top: int) -> float:
    return round(HEIGHT * value / top, 1)


def _ticks(top: int) -> Sequence[int]:
    return (top, 0) if top == 1 else (top, top // 2, 0)


def _labels(begins_at: datetime, until: datetime, shown: Callable[[datetime], str]) -> Sequence[str]:
    every = [shown(begins_at + (until - begins_at) * number / (LABELS - 1)) for number in range(LABELS)]
    return list(dict.fromkeys(every))
