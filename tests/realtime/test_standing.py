"""A drawing is of one database server; when another answers meanwhile, it is made again."""

from collections.abc import Iterator

from tests.realtime import regions
from tests.realtime.conftest import Start
from webapp.database import Database


async def test_a_region_that_was_drawn_while_the_primary_changed_is_drawn_again(start: Start, db: Database) -> None:
    elections: Iterator[str] = iter(["first", "second", "second", "second"])

    async def standing() -> str:
        return next(elections)

    worker = await start(standing=standing)
    await worker.engine.draw(regions.note("n"))
    assert regions.drawn == ["note-n", "note-n"]


async def test_a_region_that_was_drawn_while_nobody_knew_the_primary_is_drawn_again(start: Start, db: Database) -> None:
    elections: Iterator[str | None] = iter([None, None, "second", "second"])

    async def standing() -> str | None:
        return next(elections)

    worker = await start(standing=standing)
    await worker.engine.draw(regions.note("n"))
    assert regions.drawn == ["note-n", "note-n", "note-n"]
