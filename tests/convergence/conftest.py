"""Turnout with its databases in processes of its own, to strike; the same stage as the long run's, and smaller."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ops.soak import screens
from ops.soak.stage import Size, Stage, set_up

SMALL = Size(workers=2, screens=24, gatherings=8, rate=30, hung=5, before=0.5, after=0.5)
THREE_NODES = Size(nodes=3, workers=2, screens=20, gatherings=8, rate=30, hung=5, before=0.5, after=0.5)


@pytest.fixture(scope="session", autouse=True)
def _poll_more_often() -> None:
    screens.POLL_SECONDS = 1.5


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with set_up(_folder(tmp_path_factory), SMALL, _seeded()) as stage:
        yield stage


@pytest.fixture(scope="module")
async def three_nodes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with set_up(_folder(tmp_path_factory), THREE_NODES, _seeded()) as stage:
        yield stage


def _seeded() -> random.Random:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    return random.Random(seed)


def _folder(factory: pytest.TempPathFactory) -> Path:
    return Path(factory.mktemp("stage"))
