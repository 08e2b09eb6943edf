"""The Grafana dashboards: `python -m ops.grafana.boards` writes them into ops/grafana/dashboards/.

A board is rows of panels; a panel is a title, a unit and what it asks. Every metric named in them must be one that
Turnout exports, which tests/ops/test_monitoring.py checks.
"""

from pathlib import Path

from ops.grafana.database import DATABASE
from ops.grafana.day import DAY
from ops.grafana.drawing import expressions, written
from ops.grafana.live import LIVE
from ops.grafana.overview import OVERVIEW
from ops.grafana.panel import Board
from ops.grafana.programs import PROGRAMS

__all__ = ["BOARDS", "FOLDER", "Board", "expressions", "written"]

FOLDER = Path(__file__).parent / "dashboards"
BOARDS = [OVERVIEW, LIVE, DATABASE, DAY, PROGRAMS]


def main() -> None:
    """Writes all boards."""
    for board in BOARDS:
        (FOLDER / f"{board.name}.json").write_text(written(board))


if __name__ == "__main__":
    main()
