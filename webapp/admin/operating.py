"""What the operator's dashboard shows of the machines' figures: what is wrong first, then how it goes. Rules only."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from webapp.admin import figures
from webapp.admin.figures import Reading
from webapp.admin.machines import Machine, Point
from webapp.dashboard import chart

SLOW_PAGE, SLOW_CHANGE, LATE_LOOP, OLD_BEAT, FAILING = 1.0, 0.25, 0.25, 6.0, 0.005
STEP = 5


def shown(machines: Sequence[Machine]) -> dict[str, Any]:
    """What the partial needs; `total` since the start and `lately` in the last seconds, of all machines together."""
    total = figures.together([one.total for one in machines])
    lately = figures.together([one.lately for one in machines])
    seconds = max((one.seconds for one in machines), default=0)
    points = _points(machines)
    return {
        "machines": machines,
        "total": total,
        "lately": lately,
        "rate": lately.counts.get("answers", 0) / seconds if seconds else 0,
        "wrong": list(wrong(lately)),
        "answers": _curve(points, "answers"),
        "fresh": _curve(points, "fresh"),
    }


def wrong(lately: Reading) -> Iterator[str]:
    """What somebody should look at."""
    asked, failed = lately.counts.get("answers", 0), lately.counts.get("failed", 0)
    if failed and failed > FAILING * asked:
        yield f"{failed:,.0f} of {asked:,.0f} requests failed in the last seconds."
    if lately.gauges.get("lag", 0) > OLD_BEAT:
        yield f"No heartbeat came through for {lately.gauges['lag']:.0f} s; live pages are behind."
    if lately.counts.get("redis failures"):
        yield f"Redis left {lately.counts['redis failures']:,.0f} calls unanswered."
    if lately.counts.get("mongodb failures"):
        yield f"{lately.counts['mongodb failures']:,.0f} commands of MongoDB failed."
    for name, limit, text in (
        ("fresh", SLOW_CHANGE, "A change takes {} to the screens."),
        ("pages", SLOW_PAGE, "A page takes {}."),
        ("loop", LATE_LOOP, "Workers are late by {}: they have too much to do."),
    ):
        took = lately.took(name, 0.99)
        if took is not None and took > limit:
            yield text.format(f"{1000 * took:,.0f} ms")
    if refused := sum(lately.limited.values()):
        yield f"{refused:,.0f} requests were refused as too many."


def _points(machines: Sequence[Machine]) -> list[Point]:
    """The machines' points in steps of five seconds: requests added up, the longest of the times."""
    steps: dict[int, list[Point]] = defaultdict(list)
    for machine in machines:
        for point in machine.points:
            steps[int(point.at.timestamp()) // STEP].append(point)
    return [
        Point(some[0].at, sum(p.answers for p in some), max(p.fresh for p in some), max(p.pages for p in some))
        for _, some in sorted(steps.items())
    ]


def _curve(points: Sequence[Point], name: str) -> chart.Chart:
    return chart.steps([(point.at, getattr(point, name)) for point in points], shown=_clock)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"
