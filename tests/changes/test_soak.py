"""The short run of ops/soak/follower.py: a copy stays exact while everything around it fails."""

import random
from pathlib import Path

from ops.soak.follower import Plan, run


async def test_a_follower_that_is_cut_at_random_keeps_an_exact_copy(tmp_path: Path) -> None:
    outcome = await run(tmp_path, Plan(seconds=14, rate=200, fault_every=3), random.Random(7))
    assert outcome.wrong == []
    assert outcome.changes > 100
    assert outcome.cuts > 1
