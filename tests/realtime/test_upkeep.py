"""Work beside the requests goes on after what nobody foresaw, and says what that was."""

import asyncio

import pytest

from realtime import upkeep
from realtime.upkeep import lasting


class Work:
    """Fails twice, and then goes on until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()

    async def go_on(self) -> None:
        self.begun += 1
        if self.begun < 3:
            raise KeyError(self.begun)
        await self.may_end.wait()


async def test_work_that_fails_begins_again_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "AGAIN_SECONDS", 0.01)
    work = Work()
    work.may_end.set()
    await lasting(work.go_on)
    assert work.begun == 3
    assert caplog.text.count("Work.go_on failed, it begins again") == 2
    assert "KeyError: 2" in caplog.text


async def test_work_that_is_cancelled_ends() -> None:
    work = Work()
    work.begun = 2
    going_on = asyncio.create_task(lasting(work.go_on))
    await asyncio.sleep(0.01)
    going_on.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going_on
    assert work.begun == 3
