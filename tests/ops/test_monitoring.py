"""What the rules, alerts and dashboards ask for is what Turnout exports, and their runbooks are written."""

import re
from typing import Any

import pytest
import yaml
from quart.typing import TestClientProtocol as Client

from ops.grafana import boards
from tests.product import ROOT

PROMETHEUS = ROOT / "ops" / "prometheus"
NAME = re.compile(r"\b(?:turnout|process)_[a-z_]+")
RECORDED = re.compile(r"\bturnout:[a-z0-9_:]+")


def rules(file: str) -> list[dict[str, Any]]:
    read = yaml.safe_load((PROMETHEUS / file).read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def asked() -> dict[str, list[str]]:
    """Every expression, by where it stands."""
    of_boards = {board.name: boards.expressions(board) for board in boards.BOARDS}
    return {file: [rule["expr"] for rule in rules(file)] for file in ("recording.yml", "alerts.yml")} | of_boards


def names_of(text: str) -> set[str]:
    """The metrics that a page of figures has, with the series that a histogram makes of itself."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
        found |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if kind == "histogram" else {name}
    return found


async def test_nothing_is_asked_for_that_is_not_exported(client: Client) -> None:
    exported = names_of(await (await client.get("/metrics")).get_data(as_text=True))
    recorded = {rule["record"] for rule in rules("recording.yml")}
    for place, expressions in asked().items():
        text = " ".join(expressions)
        assert set(NAME.findall(re.sub(RECORDED, "", text))) <= exported, place
        assert set(RECORDED.findall(text)) <= recorded, place


async def test_a_name_that_is_not_there_is_noticed(client: Client) -> None:
    exported = names_of(await (await client.get("/metrics")).get_data(as_text=True))
    assert "turnout_live_connections" in exported
    assert "turnout_live_conections" not in exported
    assert "turnout_http_request_duration_seconds" not in exported  # a histogram has no series of its own name


async def test_everything_that_is_exported_is_shown_somewhere(client: Client) -> None:
    exported = re.findall(r"^# TYPE (\S+) ", await (await client.get("/metrics")).get_data(as_text=True), re.M)
    text = " ".join(ask for expressions in asked().values() for ask in expressions)
    assert not [name for name in exported if name not in text and not name.endswith("_created")]


@pytest.mark.parametrize("board", boards.BOARDS, ids=lambda board: board.name)
def test_the_dashboards_are_as_they_are_described(board: boards.Board) -> None:
    kept = (boards.FOLDER / f"{board.name}.json").read_text()
    assert kept == boards.written(board), "run: python -m ops.grafana.boards"


def test_every_alert_has_a_runbook_that_is_written() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", page, re.M)}
    for rule in rules("alerts.yml"):
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (file, anchor in headings) == ("docs/operating.md", True), rule["alert"]
