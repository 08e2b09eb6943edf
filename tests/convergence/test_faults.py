"""Whatever breaks, no update is lost: afterwards every region of every screen is what a fresh drawing is."""

import pytest

from ops.soak import run
from ops.soak.faults import FAULTS
from ops.soak.stage import Stage

OF_ONE_NODE = [name for name in FAULTS if not name.startswith("primary")]


async def struck(stage: Stage, *faults: str) -> list[str]:
    """What went wrong with these faults under load, and in the quiet after them."""
    known = len(stage.ledger.problems)
    await run.strike(stage, list(faults))
    return stage.ledger.problems[known:]


@pytest.mark.parametrize("fault", OF_ONE_NODE)
async def test_no_update_is_lost_when(stage: Stage, fault: str) -> None:
    assert await struck(stage, fault) == []


@pytest.mark.parametrize("fault", ["primary killed", "primary hung"])
async def test_no_update_is_lost_with_three_nodes_when(three_nodes: Stage, fault: str) -> None:
    assert await struck(three_nodes, fault) == []


async def test_no_update_is_lost_when_two_things_break_at_once(three_nodes: Stage) -> None:
    assert await struck(three_nodes, "primary killed", "valkey killed and empty", "screens cut") == []
