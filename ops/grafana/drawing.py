"""A board as Grafana reads it, and what it asks."""

import json
from collections.abc import Iterator
from typing import Any

from ops.grafana.panel import Board, Panel

SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH = 24


def written(board: Board) -> str:
    """The board as Grafana reads it."""
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    whole = {
        "uid": f"turnout-{board.name}",
        "title": board.title,
        "description": board.about,
        "tags": ["turnout"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": board.refresh,
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [source]},
        "links": [{"title": "Turnout", "type": "dashboards", "tags": ["turnout"], "asDropdown": True}],
        "panels": list(_panels(board)),
    }
    return json.dumps(whole, indent=1) + "\n"


def expressions(board: Board) -> list[str]:
    """All that a board asks."""
    return [ask for row in board.rows for panel in row for ask, _ in panel.asks]


def _panels(board: Board) -> Iterator[dict[str, Any]]:
    top, number_of = 0, 0
    for row in board.rows:
        height = 4 if row[0].kind == "stat" else 8
        width = WIDTH // len(row)
        for place, panel in enumerate(row):
            number_of += 1
            yield _panel(panel, number_of, {"x": place * width, "y": top, "w": width, "h": height})
        top += height


def _panel(panel: Panel, number_of: int, place: dict[str, int]) -> dict[str, Any]:
    asks = [
        {"refId": chr(65 + at), "datasource": SOURCE, "expr": ask, "legendFormat": legend or "__auto"}
        for at, (ask, legend) in enumerate(panel.asks)
    ]
    colours = zip([None, *panel.steps], ["green", "orange", "red"], strict=False)
    steps = [{"value": value, "color": colour} for value, colour in colours]
    is_figure = panel.kind == "stat"
    return {
        "id": number_of,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": asks,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                **({} if is_figure else {"custom": {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never"}}),
            },
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
        if is_figure
        else {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
    }
