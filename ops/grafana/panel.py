"""What a dashboard is made of: panels, which ask by expressions that are said here once."""

from collections.abc import Sequence
from dataclasses import dataclass

RATE = "$__rate_interval"
J = 'job="turnout"'

HTTP = "turnout_http_request_duration_seconds"
MONGODB = "turnout_mongodb_command_duration_seconds"
FRESH = "turnout_live_change_to_wire_seconds"


@dataclass(frozen=True)
class Panel:
    """`asks` is pairs of a PromQL expression and a legend; `kind` is Grafana's name of the panel."""

    title: str
    unit: str
    asks: Sequence[tuple[str, str]]
    kind: str = "timeseries"
    about: str = ""
    steps: Sequence[float] = ()


@dataclass(frozen=True)
class Board:
    """A dashboard; each row fills the width."""

    name: str
    title: str
    about: str
    rows: Sequence[Sequence[Panel]]
    refresh: str = "30s"


def rate(metric: str, more: str = "") -> str:
    """How often a second a counter rises, of Turnout's own job and `more` labels."""
    return f"rate({metric}{{{J}{more}}}[{RATE}])"


def quantile(q: float, metric: str, by: str = "", more: str = "") -> str:
    """A quantile of a histogram, one for each value of the labels `by`."""
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({grouped}) ({rate(metric + '_bucket', more)}))"


def number(title: str, unit: str, ask: str, *steps: float, about: str = "") -> Panel:
    """One figure, green until the first step, then amber, then red."""
    return Panel(title, unit, [(ask, "")], "stat", about, steps)
