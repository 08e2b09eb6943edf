"""The truth: every region drawn afresh here, outside the workers, and what each screen shows instead."""

import asyncio
import time
from collections.abc import Iterable

from ops.soak.ledger import Ledger
from ops.soak.screens import Screen
from realtime.drawing import Drawn, Pen
from realtime.presence import VIEWERS
from realtime.region import parse
from webapp import responses
from webapp.database import PyMongoError

QUIET_SECONDS = 90.0


class Oracle:
    """Compares byte for byte."""

    def __init__(self, secret: str, ledger: Ledger) -> None:
        self._pen, self._ledger = Pen(responses.render, secret, kept=0), ledger

    async def settled(self, screens: list[Screen], seconds: float = QUIET_SECONDS) -> bool:
        """Waits until all screens are right, while nothing is written; what stays wrong is a problem."""
        began = time.monotonic()
        while wrong := await self.wrong(screens):
            if time.monotonic() - began > seconds:
                self._ledger.counts["mismatches"] += len(wrong)
                for sentence in wrong:
                    self._ledger.problem(sentence)
                return False
            await asyncio.sleep(0.25)
        self._ledger.spans[-1].settled = time.monotonic() - began
        self._ledger.counts["regions compared"] += sum(len(screen.versions) for screen in screens)
        return True

    async def wrong(self, screens: list[Screen]) -> list[str]:
        """A sentence for every region that does not show the truth, and for every screen that is not open."""
        keys = {key for screen in screens for key in screen.versions if VIEWERS not in parse(key).region.watches}
        try:
            truth = {key: await self._pen.draw(parse(key)) for key in sorted(keys)}
        except PyMongoError as error:
            return [f"The database does not answer: {error}"]
        closed = [f"{screen} is not open" for screen in screens if not screen.is_open]
        return closed + [sentence for screen in screens for sentence in _differences(screen, truth)]


def _differences(screen: Screen, truth: dict[str, Drawn]) -> Iterable[str]:
    for key, version in screen.versions.items():
        if key not in truth:
            continue
        drawn = truth[key]
        if version != drawn.version:
            yield f"{screen}: {key} shows version {version or 'none'}, the truth is {drawn.version}"
        elif not _has_bytes(screen, key, drawn.html):
            yield f"{screen}: {key} has the right version and other bytes"


def _has_bytes(screen: Screen, key: str, html: str) -> bool:
    return screen.html[key] == html if key in screen.html else html in screen.page
