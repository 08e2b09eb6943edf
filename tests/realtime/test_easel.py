"""A region is drawn as often as it has to be, whatever happens to a drawing of it."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from realtime.drawing import Drawn
from realtime.easel import CutOff, Easel
from realtime.region import Bound
from tests.realtime import regions


class Painting:
    """Drawings that wait to be let on, and are cut off while `is_cut_off`."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_go_on = asyncio.Event()
        self.is_cut_off = False

    async def draw(self, bound: Bound) -> Drawn:
        self.begun += 1
        number = self.begun
        await self.may_go_on.wait()
        if self.is_cut_off:
            self.is_cut_off = False
            raise asyncio.CancelledError
        return Drawn(bound.key, f"<p>{number}</p>", str(number), "signature")


async def until_drawn(easel: Easel, version: str) -> None:
    async with asyncio.timeout(5):
        while easel.version != version:
            await asyncio.sleep(0.01)


async def test_a_change_that_comes_while_a_drawing_is_cut_off_is_drawn() -> None:
    painting = Painting()
    easel = Easel(regions.note("n"), painting.draw, 0.05, AsyncExitStack())
    page = asyncio.create_task(easel.fresh())
    await asyncio.sleep(0.01)
    easel.mark_stale(1.0)
    painting.is_cut_off = True
    painting.may_go_on.set()
    with pytest.raises(CutOff):
        await page
    await until_drawn(easel, "2")
    easel.mark_stale(2.0)
    await until_drawn(easel, "3")


async def test_a_region_that_is_let_go_of_is_drawn_no_more() -> None:
    painting = Painting()
    easel = Easel(regions.note("n"), painting.draw, 0.05, AsyncExitStack())
    page = asyncio.create_task(easel.fresh())
    await asyncio.sleep(0.01)
    easel.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page
    await asyncio.sleep(0.1)
    assert (painting.begun, easel.drawn) == (1, None)
