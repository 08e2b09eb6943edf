"""What is asked for at one moment is asked once, of what there is then, and nobody is told another's answer."""

import asyncio
from collections.abc import Sequence

import pytest

from webapp import together
from webapp.database import Database
from webapp.together import Together


class Shelf:
    """Counts how often it was asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.holds = {"a": 1}
        self.may_answer = asyncio.Event()

    async def look(self, names: Sequence[str]) -> list[int | None]:
        self.asked.append(list(names))
        found = [self.holds.get(name) for name in names]
        await self.may_answer.wait()
        return found


async def test_who_asks_while_an_answer_is_under_way_waits_for_the_next() -> None:
    shelf = Shelf()
    looking = Together(shelf.look)
    first = asyncio.create_task(looking.ask("a"))
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(looking.ask(name)) for name in ("a", "b", "a")]
    await asyncio.sleep(0.01)
    shelf.holds = {"a": 2, "b": 3}
    shelf.may_answer.set()
    assert [await first, *[await one for one in later]] == [1, 2, 3, 2]
    assert shelf.asked == [["a"], ["a", "b", "a"]]


async def test_given_to_latecomers_what_is_under_way_would_be_too_old() -> None:
    shelf = Shelf()
    under_way = asyncio.create_task(shelf.look(["a"]))
    await asyncio.sleep(0.01)
    shelf.holds = {"a": 2}
    shelf.may_answer.set()
    assert await under_way == [1]


async def test_one_who_goes_away_takes_nobody_along() -> None:
    shelf = Shelf()
    looking = Together(shelf.look)
    waiting = [asyncio.create_task(looking.ask("a")) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    waiting[1].cancel()
    shelf.may_answer.set()
    assert await waiting[2] == 1
    assert await looking.ask("b") is None


async def test_what_goes_wrong_is_told_to_all_who_asked_then_and_nobody_later() -> None:
    broken = [True]

    async def look(names: Sequence[str]) -> list[str]:
        await asyncio.sleep(0.01)
        if broken:
            broken.clear()
            raise ValueError("Broken")
        return list(names)

    looking = Together(look)
    first = asyncio.create_task(looking.ask("a"))
    await asyncio.sleep(0)
    later = asyncio.create_task(looking.ask("b"))
    with pytest.raises(ValueError, match="Broken"):
        await first
    assert await later == "b"


async def test_another_loop_of_the_process_asks_for_itself() -> None:
    shelf = Shelf()
    looking = Together(shelf.look)
    here = asyncio.create_task(looking.ask("a"))
    await asyncio.sleep(0.01)

    async def there() -> int | None:
        shelf.may_answer = asyncio.Event()
        shelf.may_answer.set()
        return await looking.ask("b")

    before = shelf.may_answer
    assert await asyncio.to_thread(lambda: asyncio.run(there())) is None
    before.set()
    assert await here == 1


async def test_documents_are_found_by_a_field_of_theirs(db: Database) -> None:
    await db.events.insert_many([{"_id": str(n), "slug": f"jazz-{n}"} for n in range(300)])
    finding = together.documents("events", "slug")
    found = await asyncio.gather(*[finding.ask(f"jazz-{n}") for n in (*range(300), 7, 999)])
    assert [one and one["_id"] for one in found] == [*map(str, range(300)), "7", None]


async def test_where_asking_is_cancelled_nobody_is_left_waiting() -> None:
    shelf = Shelf()
    looking = Together(shelf.look)
    waiting = [asyncio.create_task(looking.ask("a")) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert looking._asking
    looking._asking.cancel()
    assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [asyncio.CancelledError] * 2
    shelf.may_answer.set()
    assert await looking.ask("a") == 1
