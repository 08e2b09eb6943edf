"""The end of a program that many watch."""

import asyncio
import random
import time
from pathlib import Path

from ops.soak.stage import Size, set_up

WATCHED = Size(workers=1, screens=250, gatherings=8)


async def test_it_ends_in_time_with_two_hundred_streams_open(tmp_path: Path) -> None:
    async with set_up(tmp_path, WATCHED, random.Random()) as stage:
        assert len(stage.streams) == 200
        began = time.monotonic()
        status = await asyncio.to_thread(stage.turnout.stop)
        took = time.monotonic() - began
        assert status == 0
        assert took < 10
