"""A region is drawn again when its context is another one, and only then."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from realtime import anyone, region
from realtime.drawing import Pen

_shown: dict[str, Any] = {}


@region("kept.html", watches={}, visible_to=anyone)
async def kept(name: str) -> dict[str, Any] | None:
    return _shown[name]


class Painter:
    """Draws a context as text and counts how often."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, template: str, context: Mapping[str, Any]) -> str:
        self.drawn += 1
        return f"{template} {context.get('it')!r}"


async def drawings(*contexts: Any, keep: int = 8) -> int:
    """How many drawings these contexts of one region take, one after the other."""
    painter = Painter()
    pen = Pen(painter, "a secret", kept=keep)
    for number, context in enumerate(contexts):
        _shown["one"] = {"it": context}
        assert (await pen.draw(kept("one"))).html == f"kept.html {context!r}", number
    return painter.drawn


async def test_the_same_context_is_drawn_once() -> None:
    assert await drawings(["a", {"b": 2}], ["a", {"b": 2}]) == 1


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, True),
        (1, 1.0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (NOON, NOON.astimezone(ZoneInfo("Europe/Berlin"))),
    ],
)
async def test_what_only_compares_as_equal_is_drawn_again(before: Any, after: Any) -> None:
    assert before == after
    assert await drawings(before, after) == 2


async def test_what_cannot_be_told_from_another_is_always_drawn() -> None:
    painter = Painter()
    pen = Pen(painter, "a secret")
    _shown["one"] = {"it": lambda: None}
    for _ in range(2):
        await pen.draw(kept("one"))
    assert painter.drawn == 2


async def test_what_was_gone_in_between_is_right_again() -> None:
    painter = Painter()
    pen = Pen(painter, "a secret")
    for shown in ({"it": "here"}, None, {"it": "here"}):
        _shown["one"] = shown
        drawn = await pen.draw(kept("one"))
    assert drawn.html == "kept.html 'here'"


async def test_only_the_newest_are_kept() -> None:
    painter = Painter()
    pen = Pen(painter, "a secret", kept=2)
    _shown.update({name: {"it": name} for name in "abc"})
    for name in "abcbca":
        await pen.draw(kept(name))
    assert painter.drawn == 4
